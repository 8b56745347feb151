/**
 * A node without a network: real keys, grants, database, journal and folds, and the facade over them.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { BinaryType, Role } from "@bzzz/agentid";
import { ensurePerson, SharedAgentIdentity } from "@bzzz/agentid";
import { createTestMesh, type TestGrantFields, type TestMember, type TestMesh } from "@bzzz/agentid/testing";
import { BzzzError, type PeerId, TypedEventTarget } from "@bzzz/base";
import { createSeededRandom, ManualClock } from "@bzzz/base/testing";
import type { TaskRegister } from "@bzzz/coordinator";
import { MemoryTaskVoters, readMemoryDecision } from "@bzzz/coordinator/testing";
import { type Config, CONFIG_PROFILES, loadConfig } from "@bzzz/config";
import {
  ageIdentityText,
  type AgeOpener,
  createAgeOpener,
  createAgeSecret,
  createSigningKey,
  peerIdFromPublicKey,
} from "@bzzz/crypto";
import type { ElectionManager } from "@bzzz/election";
import { createTestElection } from "@bzzz/election/testing";
import { HealthManager } from "@bzzz/health";
import { createJournal, type Journal } from "@bzzz/journal";
import { createNullLogger } from "@bzzz/logging";
import { MemoryNetwork, type MemoryNode } from "@bzzz/p2p/testing";
import { type PresenceRecord, PresenceService } from "@bzzz/presence";
import { createRegisterNode } from "@bzzz/register";
import { openStore, type Store } from "@bzzz/store";
import type { LocalIdentity } from "../agent.ts";
import { People } from "../people/people.ts";
import { PersonKeys } from "../people/person_keys.ts";
import { MeshReadModel } from "../read_model.ts";
import { AccessAudit } from "../roles/access_audit.ts";
import { RoleService } from "../roles/role_service.ts";
import { taskFactsOf } from "../task_facts.ts";
import { TrustService } from "../trust.ts";
import type { SlurpSource } from "./slurp_desk.ts";
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
  readonly roles: RoleService;
  readonly audit: AccessAudit;
  /** The node's own age identity, opened. */
  readonly self: AgeOpener;
  readonly readModel: MeshReadModel;
  /** Voters in memory that are this node's alone, and the tasks' registers as it uses them. */
  readonly voters: MemoryTaskVoters;
  readonly register: TaskRegister;
  readonly people: People;
  readonly person: PersonKeys;
  readonly presence: PresenceService;
  readonly node: MemoryNode;
  readonly local: LocalIdentity;
  readonly election: ElectionManager;
  readonly facade: NodeFacade;
  /** Reasons given to `stop`. */
  readonly stops: readonly string[];
}

/** Nodes of one mesh that hear of each other only through `share`. Disposing removes every folder. */
export class OfflineMesh implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly random = createSeededRandom(7);
  readonly mesh: TestMesh = createTestMesh({ clock: this.clock, random: this.random });
  /** Of its own, so that who has a person changes no other id. */
  readonly #personRandom = createSeededRandom(11);
  readonly #network = new MemoryNetwork({ clock: this.clock });
  readonly #nodes = new Set<OfflineNode>();
  readonly #folders = new Set<string>();
  /** Secrets of the members' age identities. */
  readonly #ages = new Map<PeerId | undefined, Uint8Array>();

  /** A started node. */
  async start(fields: OfflineNodeFields = {}): Promise<OfflineNode> {
    const { clock, random, mesh } = this;
    const logger = createNullLogger();
    const secret = this.#ages.get(fields.member?.peerId) ?? createAgeSecret(this.random);
    const self = await createAgeOpener(secret);
    const folder = fields.folder ?? await Deno.makeTempDir({ prefix: "bzzz-offline-" });
    this.#folders.add(folder);
    const member = fields.member ?? mesh.issue({ ageRecipient: self.recipient, ...await this.#person(folder, fields) });
    this.#ages.set(member.peerId, secret);
    const local: LocalIdentity = {
      keys: {
        signingKey: member.signingKey,
        peerId: member.peerId,
        age: { identity: ageIdentityText(secret), recipient: self.recipient },
      },
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
    const people = new People({ journal, membership: local.membership, clock });
    people.start();
    const person = new PersonKeys({ clock, random, logger, journal, book: people.book }, {
      home: folder,
      mesh: mesh.mesh.meshId,
      limits: { forMs: 600_000, idleMs: 600_000 },
    });
    const readModel = new MeshReadModel({
      people,
      journal,
      membership: local.membership,
      clock,
      decisions: { read: readMemoryDecision, events: new TypedEventTarget() },
    });
    const facts = taskFactsOf({ clock, journal, readModel, membership: local.membership });
    readModel.start();
    const voters = new MemoryTaskVoters({ clock, facts }, { latencyMs: 0 });
    const register = voters.register({ peer: member.peerId });
    journal.start();
    const node = this.#network.nodeOf(member.peerId) ?? this.#network.createNode(member.peerId);
    let presenceOfPerson: PresenceRecord["body"]["person"];
    const describeSelf = () => ({
      ...IDLE_PRESENCE,
      ...(presenceOfPerson === undefined ? {} : { person: presenceOfPerson }),
    });
    const audit = new AccessAudit({ journal, clock, logger });
    const roles = new RoleService({ local, journal, audit, self, clock, random, logger });
    roles.start();
    const presence = new PresenceService({ clock, send: () => {}, describe: describeSelf }, {
      intervalMs: 5_000,
      timeoutMs: 15_000,
    });
    const health = new HealthManager({ clock, logger });
    const registers = createRegisterNode({
      mesh: mesh.mesh,
      self: member.peerId,
      signingKey: member.signingKey,
      store,
      streams: node,
      peers: () => node.peers().map(({ peer }) => peer),
      isMember: (peer) => local.membership.isAdmitted(peer, clock.nowMs()),
      isMaster: (peer) => local.membership.grantOf(peer, clock.nowMs())?.level === "master",
      penalise: () => {},
      clock,
      random,
      logger,
    });
    const election = createTestElection({ clock, random, logger, self: member.peerId });
    election.start();
    const stops: string[] = [];
    const facade = new NodeFacade({
      local,
      config: await defaultConfig(member.grant.binaryType),
      version: "1.2.3",
      isInsecure: false,
      startedAtMs: clock.nowMs(),
      journal,
      readModel,
      people,
      person,
      register,
      trust,
      roles,
      registers,
      home: folder,
      node,
      presence,
      health,
      election,
      slurp: NO_SLURP,
      clock,
      random,
      describeSelf,
      setPerson: (said) => presenceOfPerson = said,
      requestStop: (by) => void stops.push(by),
    });
    let isStopped = false;
    const running: OfflineNode = {
      member,
      folder,
      store,
      journal,
      trust,
      roles,
      audit,
      self,
      readModel,
      voters,
      register,
      people,
      person,
      presence,
      node,
      local,
      election,
      facade,
      stops,
      [Symbol.asyncDispose]: async () => {
        if (isStopped) return;
        isStopped = true;
        this.#nodes.delete(running);
        await roles.stop();
        await registers.stop();
        readModel.stop();
        people.stop();
        person.stop();
        await trust.stop();
        presence.stop();
        await election.stop();
        await journal.stop();
        store.close();
      },
    };
    this.#nodes.add(running);
    return running;
  }

  /** The fields with a person of their own, whose key has no passphrase, for a portal that says nothing of it. */
  async #person(folder: string, fields: OfflineNodeFields): Promise<TestGrantFields> {
    if (fields.binaryType !== "hap" || "person" in fields) return fields;
    const { random, clock } = this;
    const signingKey = fields.signingKey ?? createSigningKey(random);
    const place = {
      mesh: this.mesh.mesh.meshId,
      peer: peerIdFromPublicKey(signingKey.publicKey),
      nowMs: clock.nowMs(),
    };
    const { certificate } = await ensurePerson(folder, place, { random: this.#personRandom });
    return { ...fields, signingKey, person: certificate.person };
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

/** What a node says of itself that has nothing to do. */
export const IDLE_PRESENCE: PresenceRecord["body"] = {
  status: "ready",
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

/** The code that `work` rejects with; "none" when it resolves. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof BzzzError)) throw error;
    assert.match(error.message, /^Cannot /);
    return error.code;
  }
  return "none";
}

/** A person of the mesh: role admin unless given. */
export function person(agentId: string, role: Role = "admin"): TestGrantFields {
  return { agentId, role, binaryType: "hap" };
}

/** Tests of the facade ask nothing of derived context; its own tests have a node for it. */
const NO_SLURP = new Proxy({} as SlurpSource, {
  get: (_, name) => () => assert.fail(`slurp.${String(name)} is not there in this test`),
});
