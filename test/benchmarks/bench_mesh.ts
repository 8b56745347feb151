import {
  createMesh,
  createNodeKeys,
  FOUNDER_GRANT_TTL_MS,
  issueGrant,
  type NewMesh,
  saveGrant,
  saveMesh,
} from "@bzzz/agentid";
import { createSystemClock, createSystemRandom, parseAgentId, type PeerId } from "@bzzz/base";
import { CONFIG_PROFILES, renderExampleConfig } from "@bzzz/config";
import { createNullLogger } from "@bzzz/logging";
import { signGenesis, storeGenesis, takeSeat } from "@bzzz/register";
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
    const members: { home: string; grant: Uint8Array; peer: PeerId }[] = [];
    for (let n = 0; n < count; n++) members.push(await this.#addMember());
    for (const { home } of members) {
      using store = openStore({ clock, logger: createNullLogger() }, { path: homePaths(home).database });
      store.transaction(() => members.forEach(({ grant }) => store.grants.addGrant(grant)));
    }
    const [first] = members;
    if (first && this.#count === count) this.#foundVoters(members, first);
    return members.map(({ home }) => home);
  }

  /** The first member votes; the others know it, as after joining. */
  #foundVoters(
    members: readonly { readonly home: string; readonly peer: PeerId }[],
    first: { readonly peer: PeerId },
  ): void {
    let record: Uint8Array | undefined;
    for (const { home, peer } of members) {
      using store = openStore({ clock, logger: createNullLogger() }, { path: homePaths(home).database });
      if (peer !== first.peer) {
        if (record) storeGenesis(store.kv, record);
        continue;
      }
      record = signGenesis(this.#mesh.rootKey, this.#mesh.meshId, { peer, seat: takeSeat(store, random) });
      storeGenesis(store.kv, record);
    }
  }

  async #addMember(): Promise<{ readonly home: string; readonly grant: Uint8Array; readonly peer: PeerId }> {
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
    await Deno.writeTextFile(`${home}/config.yaml`, renderExampleConfig(CONFIG_PROFILES.agent), { mode: 0o600 });
    return { home, grant: bytes, peer: keys.peerId };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}
