import {
  createMesh,
  createNodeKeys,
  FOUNDER_GRANT_TTL_MS,
  issueGrant,
  type NewMesh,
  saveGrant,
  saveMesh,
} from "@bzzz/agentid";
import { createSystemClock, createSystemRandom, parseAgentId } from "@bzzz/base";
import { createNullLogger } from "@bzzz/logging";
import { homePaths } from "@bzzz/runtime";
import { openStore } from "@bzzz/store";

const clock = createSystemClock();
const random = createSystemRandom();

/** Data directories of one throw-away mesh; they are deleted with it. */
export class BenchMesh implements AsyncDisposable {
  readonly folder: string;
  readonly #mesh: NewMesh;
  #count = 0;

  private constructor(folder: string, mesh: NewMesh) {
    this.folder = folder;
    this.#mesh = mesh;
  }

  static async create(): Promise<BenchMesh> {
    const folder = await Deno.makeTempDir({ prefix: "bzzz-bench-" });
    return new BenchMesh(folder, createMesh({ name: "bench", random, clock }));
  }

  /** Data directories of members that know each other's grants, as members of a mesh that was joined by invitation do. */
  async addHomes(count: number): Promise<string[]> {
    const members: { home: string; grant: Uint8Array }[] = [];
    for (let n = 0; n < count; n++) members.push(await this.#addMember());
    for (const { home } of members) {
      using store = openStore({ clock, logger: createNullLogger() }, { path: homePaths(home).database });
      store.transaction(() => members.forEach(({ grant }) => store.grants.addGrant(grant)));
    }
    return members.map(({ home }) => home);
  }

  async #addMember(): Promise<{ readonly home: string; readonly grant: Uint8Array }> {
    const name = `bench-${++this.#count}`;
    const agentId = parseAgentId(name);
    if (!agentId) throw new TypeError(`"${name}" is no agent id`);
    const home = `${this.folder}/${name}`;
    await Deno.mkdir(home, { mode: 0o700 });
    const keys = await createNodeKeys({ home, binaryType: "agent" }, { random });
    const { bytes } = issueGrant({ key: this.#mesh.rootKey, issuer: "root" }, {
      mesh: this.#mesh.meshId,
      peer: keys.peerId,
      agentId,
      binaryType: "agent",
      role: "admin",
      ageRecipient: keys.age.recipient,
      issuedAtMs: clock.nowMs(),
      ttlMs: FOUNDER_GRANT_TTL_MS,
    });
    await saveGrant(home, bytes, { random });
    await saveMesh(home, this.#mesh, { random });
    return { home, grant: bytes };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}
