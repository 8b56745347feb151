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

  /** The data directory of one more member. */
  async addHome(): Promise<string> {
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
    return home;
  }

  /** @see addHome */
  async addHomes(count: number): Promise<string[]> {
    const homes: string[] = [];
    for (let n = 0; n < count; n++) homes.push(await this.addHome());
    return homes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}
