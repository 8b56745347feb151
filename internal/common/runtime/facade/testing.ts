/**
 * A node without a network: real keys, grants, database, journal and folds, and the facade over them.
 *
 * @module
 */
import type { BinaryType, Role } from "@bzzz/agentid";
import { SharedAgentIdentity } from "@bzzz/agentid";
import { createTestMesh, type TestGrantFields, type TestMember, type TestMesh } from "@bzzz/agentid/testing";
import { createSeededRandom, ManualClock } from "@bzzz/base/testing";
import { type Config, CONFIG_PROFILES, loadConfig } from "@bzzz/config";
import { HealthManager } from "@bzzz/health";
import { createJournal, type Journal } from "@bzzz/journal";
import { createNullLogger } from "@bzzz/logging";
import { MemoryNetwork, type MemoryNode } from "@bzzz/p2p/testing";
import { PresenceService } from "@bzzz/presence";
import { openStore, type Store } from "@bzzz/store";
import type { LocalIdentity } from "../agent.ts";
import { MeshReadModel } from "../read_model.ts";
import { TrustService } from "../trust.ts";
import { NodeFacade } from "./mesh_facade.ts";

/** What `OfflineMesh.start` takes; everything has a default. */
export interface OfflineNodeFields extends TestGrantFields {
  /** A member that exists already, for a restart or a second data directory. */
  readonly member?: TestMember;
  /** The data directory; a new one unless given. */
  readonly folder?: string;
  /** "full" beyond this many bytes. */
  readonly maxStoreBytes?: number;
  readonly maxFrameBytes?: number;
}

/** One node of an `OfflineMesh`; disposing stops it and keeps its folder. */
export interface OfflineNode extends AsyncDisposable {
  readonly member: TestMember;
  readonly folder: string;
  readonly store: Store;
  readonly journal: Journal;
  readonly trust: TrustService;
  readonly readModel: MeshReadModel;
  readonly presence: PresenceService;
  readonly node: MemoryNode;
  readonly local: LocalIdentity;
  readonly facade: NodeFacade;
  /** Reasons given to `stop`. */
  readonly stops: readonly string[];
}

/** Nodes of one mesh that hear of each other only through `share`. Disposing removes every folder. */
export class OfflineMesh implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly random = createSeededRandom(7);
  readonly mesh: TestMesh = createTestMesh({ clock: this.clock, random: this.random });
  readonly #network = new MemoryNetwork({ clock: this.clock });
  readonly #nodes = new Set<OfflineNode>();
  readonly #folders = new Set<string>();

  /** A started node. */
  async start(fields: OfflineNodeFields = {}): Promise<OfflineNode> {
    const { clock, random, mesh } = this;
    const logger = createNullLogger();
    const member = fields.member ?? mesh.issue(fields);
    const folder = fields.folder ?? await Deno.makeTempDir({ prefix: "bzzz-offline-" });
    this.#folders.add(folder);
    const local: LocalIdentity = {
      keys: { signingKey: member.signingKey, peerId: member.peerId, age: { identity: "", recipient: "" } },
      mesh: mesh.mesh,
      identity: new SharedAgentIdentity(member.signingKey, member.grant),
      grant: member.grant,
      grantBytes: member.grantBytes as LocalIdentity["grantBytes"], // made by an encoder a moment ago
      membership: mesh.membership(),
    };
    const store = openStore({ clock, logger, syncFile: () => Promise.resolve() }, {
      path: `${folder}/journal.db`,
      ...(fields.maxStoreBytes === undefined ? {} : { maxBytes: fields.maxStoreBytes }),
    });
    const journal = createJournal({
      store,
      key: member.signingKey,
      gate: local.membership,
      clock,
      random,
      logger,
      publish: () => Promise.resolve(0),
      schedule: queueMicrotask,
    }, {
      mesh: mesh.mesh.meshId,
      reservationPath: `${folder}/journal.seq`,
      ...(fields.maxFrameBytes === undefined ? {} : { maxFrameBytes: fields.maxFrameBytes }),
    });
    const trust = new TrustService({ local, store, journal, clock, random, logger });
    const readModel = new MeshReadModel({ journal, membership: local.membership, clock });
    readModel.start();
    journal.start();
    const node = this.#network.nodeOf(member.peerId) ?? this.#network.createNode(member.peerId);
    const describeSelf = () => ({ ...IDLE_PRESENCE });
    const presence = new PresenceService({ clock, send: () => {}, describe: describeSelf }, {
      intervalMs: 5_000,
      timeoutMs: 15_000,
    });
    const health = new HealthManager({ clock, logger });
    const stops: string[] = [];
    const facade = new NodeFacade({
      local,
      config: await defaultConfig(member.grant.binaryType),
      version: "1.2.3",
      isInsecure: false,
      startedAtMs: clock.nowMs(),
      journal,
      readModel,
      trust,
      node,
      presence,
      health,
      clock,
      random,
      describeSelf,
      requestStop: (by) => void stops.push(by),
    });
    let isStopped = false;
    const running: OfflineNode = {
      member,
      folder,
      store,
      journal,
      trust,
      readModel,
      presence,
      node,
      local,
      facade,
      stops,
      [Symbol.asyncDispose]: async () => {
        if (isStopped) return;
        isStopped = true;
        this.#nodes.delete(running);
        readModel.stop();
        trust.stop();
        presence.stop();
        await journal.stop();
        store.close();
      },
    };
    this.#nodes.add(running);
    return running;
  }

  /** Stops a node and starts another on its folder, as the same member. */
  async restart(node: OfflineNode): Promise<OfflineNode> {
    const { member, folder } = node;
    await node[Symbol.asyncDispose]();
    return await this.start({ member, folder });
  }

  /** Every node gets every entry that another has. */
  async share(): Promise<void> {
    for (const from of this.#nodes) {
      for (const author of from.journal.vector().keys()) {
        const frames = from.journal.framesFrom(author, 1, { maxBytes: 16 * 1024 * 1024, limit: 10_000 });
        for (const to of this.#nodes) {
          if (to !== from) await to.journal.ingestBatch(frames, { peer: from.member.peerId });
        }
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const node of [...this.#nodes]) await node[Symbol.asyncDispose]();
    for (const folder of this.#folders) await Deno.remove(folder, { recursive: true });
  }
}

const IDLE_PRESENCE = {
  status: "ready" as const,
  activeTasks: 0,
  maxTasks: 1,
  capabilities: [],
  models: [],
  load: 0,
  incarnation: "1",
  addresses: [],
};

async function defaultConfig(binaryType: BinaryType): Promise<Config> {
  const profile = CONFIG_PROFILES[binaryType];
  const { config } = await loadConfig({ profile, env: {}, flags: {} } as Parameters<typeof loadConfig>[0]);
  return config as unknown as Config; // the schema of one of the two programs made it
}

/** A person of the mesh: role admin unless given. */
export function person(agentId: string, role: Role = "admin"): TestGrantFields {
  return { agentId, role, binaryType: "hap" };
}
