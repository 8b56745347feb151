/**
 * Clusters of voters for tests of other packages: real nodes, real signatures, streams and disks in memory.
 *
 * ```ts
 * await using cluster = RegisterCluster.create({ voters: 3 });
 * const tasks = cluster.nodes.map(({ registers }) => registers.use(taskRules));
 * cluster.stop(0);
 * const outcome = await tasks[1].submit(key, command);
 * ```
 *
 * @module
 */
import { type Clock, createSystemClock, type MeshId, type PeerId, type Random } from "@bzzz/base";
import { createSeededRandom } from "@bzzz/base/testing";
import { createSigningKey, peerIdFromPublicKey, type SigningKey } from "@bzzz/crypto";
import { createNullLogger } from "@bzzz/logging";
import { MemoryNetwork, type MemoryNode } from "@bzzz/p2p/testing";
import type { KeyValueStore, RegisterRead, RegisterStore, Store } from "@bzzz/store";
import { acceptStatement, type Certificate, encodeCertificate } from "./certificate.ts";
import { ROSTER_KEY } from "./keys.ts";
import { createRegisterNode } from "./node.ts";
import type { RegisterNode } from "./node_types.ts";
import { encodeRecord } from "./record.ts";
import { storeGenesis } from "./roster_log.ts";
import { takeSeat } from "./seat.ts";
import { rosterCodec, signGenesis, type Voter, type VoterRoster } from "./voter_roster.ts";

/** The part of a store that registers use. */
export type RegisterDisk = Pick<Store, "kv" | "registers" | "transaction" | "synced">;

/** A disk in memory, which outlives the node that uses it. Fsync is counted and takes no time. */
export class MemoryRegisterDisk implements RegisterDisk {
  readonly kv: KeyValueStore;
  readonly registers: RegisterStore;
  readonly #values = new Map<string, Uint8Array>();
  readonly #records = new Map<string, Uint8Array>();
  readonly #damaged = new Set<string>();
  syncs = 0;
  /** While true, every write fails, as on a full disk. */
  isFull = false;

  constructor() {
    this.kv = {
      get: (key) => this.#values.get(key),
      set: (key, value) => void this.#values.set(key, value),
      delete: (key) => this.#values.delete(key),
      keys: (prefix) => [...this.#values.keys()].filter((key) => key.startsWith(prefix)).sort(),
    };
    this.registers = {
      get: (key): RegisterRead => {
        const record = this.#records.get(key);
        return this.#damaged.has(key) ? "damaged" : record && { record };
      },
      set: (key, record) => {
        if (this.isFull) throw new Error("the disk is full");
        this.#damaged.delete(key);
        this.#records.set(key, record);
      },
      keys: (after, limit) => [...this.#records.keys()].filter((key) => key > after).sort().slice(0, limit),
      clear: () => this.#records.clear(),
    };
  }

  transaction<T>(work: () => T): T {
    return work();
  }

  synced(): Promise<void> {
    this.syncs++;
    return Promise.resolve();
  }

  /** Makes the record of a key unreadable; the node must be restarted to notice. */
  damage(key: string): void {
    this.#damaged.add(key);
  }
}

/** One member of a `RegisterCluster`. */
export interface ClusterMember {
  readonly peer: PeerId;
  readonly key: SigningKey;
  readonly disk: MemoryRegisterDisk;
  /** The node that runs now; another one after a restart. */
  registers: RegisterNode;
  network: MemoryNode;
}

/** Options of a `RegisterCluster`. */
export interface RegisterClusterOptions {
  readonly voters: number;
  /** Members that do not vote; 0 unless told. */
  readonly others?: number;
  /** The real clock unless given. */
  readonly clock?: Clock;
  readonly latencyMs?: number;
  readonly seed?: number;
  /** How many of the first nodes are masters; 1 unless told. */
  readonly masters?: number;
}

/** Voters and members in one process. The first one is a master. */
export class RegisterCluster implements AsyncDisposable {
  readonly mesh: { readonly meshId: MeshId; readonly rootPublicKey: Uint8Array };
  readonly network: MemoryNetwork;
  readonly nodes: readonly ClusterMember[];
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #masters: number;

  private constructor(options: RegisterClusterOptions) {
    this.#masters = options.masters ?? 1;
    this.#clock = options.clock ?? createSystemClock();
    this.#random = createSeededRandom(options.seed ?? 1);
    const root = createSigningKey(this.#random);
    this.mesh = { meshId: "ab".repeat(16) as MeshId, rootPublicKey: root.publicKey };
    this.network = new MemoryNetwork({ clock: this.#clock }, { latencyMs: options.latencyMs ?? 0 });
    const members = Array.from({ length: options.voters + (options.others ?? 0) }, () => {
      const key = createSigningKey(this.#random);
      return { key, peer: peerIdFromPublicKey(key.publicKey), disk: new MemoryRegisterDisk() };
    });
    const history = historyOf(root, this.mesh.meshId, members.slice(0, options.voters), this.#random);
    this.nodes = members.map((member) => {
      const [genesis] = history;
      if (genesis) storeGenesis(member.disk.kv, genesis);
      const network = this.network.createNode(member.peer);
      return { ...member, network, registers: this.#createNode({ ...member, network }) };
    });
    this.network.connectAll();
    for (const { registers } of this.nodes) {
      registers.learn(history);
      registers.start();
    }
  }

  static create(options: RegisterClusterOptions): RegisterCluster {
    return new RegisterCluster(options);
  }

  at(index: number): ClusterMember {
    const node = this.nodes[index];
    if (!node) throw new RangeError(`The cluster has no node ${index}`);
    return node;
  }

  /** Cuts a node off from all others and ends it; its disk stays. */
  async stop(index: number): Promise<void> {
    const node = this.at(index);
    await node.network.stop();
    await node.registers.stop();
    this.#connectionsChanged();
  }

  /** Starts a stopped node again, on its disk; rules must be given to it anew. */
  restart(index: number): RegisterNode {
    const node = this.at(index);
    node.network = this.network.createNode(node.peer);
    node.registers = this.#createNode(node);
    node.registers.start();
    for (const other of this.nodes) if (other !== node) this.network.connect(node.peer, other.peer);
    this.#connectionsChanged();
    return node.registers;
  }

  /** Cuts or heals the links between one node and the others. */
  isolate(index: number, isCut = true): void {
    const { peer } = this.at(index);
    for (const other of this.nodes) {
      if (other.peer === peer) continue;
      if (isCut) this.network.cut(peer, other.peer);
      else this.network.heal(peer, other.peer);
    }
    this.#connectionsChanged();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { network } of this.nodes) await network.stop();
    await Promise.all(this.nodes.map(({ registers }) => registers.stop()));
  }

  #connectionsChanged(): void {
    for (const { registers } of this.nodes) registers.connectionsChanged();
  }

  #createNode(member: Pick<ClusterMember, "key" | "peer" | "disk" | "network">): RegisterNode {
    const { key, peer, disk, network } = member;
    return createRegisterNode({
      mesh: this.mesh,
      self: peer,
      signingKey: key,
      store: disk,
      streams: network,
      peers: () => this.network.neighbours(peer),
      isMember: () => true,
      isMaster: (other) => this.nodes.slice(0, this.#masters).some((node) => node.peer === other),
      penalise: (other, reason) => network.penalise(other, reason),
      clock: this.#clock,
      random: this.#random,
      logger: createNullLogger(),
    });
  }
}

interface Seated {
  readonly key: SigningKey;
  readonly peer: PeerId;
  readonly disk: MemoryRegisterDisk;
}

/** The history of a mesh that took its voters in one by one. */
function historyOf(root: SigningKey, mesh: MeshId, members: readonly Seated[], random: Random): Uint8Array[] {
  const seated = members.map((member) => ({ ...member, seat: takeSeat(member.disk, random) }));
  const [founder, ...rest] = seated;
  if (!founder) return [];
  const records: Uint8Array[] = [signGenesis(root, mesh, { peer: founder.peer, seat: founder.seat })];
  const voters: Voter[] = [{ peer: founder.peer, seat: founder.seat }];
  const decide = (epoch: number, next: VoterRoster) => records.push(certify(mesh, epoch, next, seated));
  rest.forEach(({ peer, seat }, index) => {
    const epoch = index + 1;
    voters.push({ peer, seat });
    const roster = { epoch: epoch + 1, voters: voters.toSorted((a, b) => a.peer < b.peer ? -1 : 1) };
    decide(epoch, { ...roster, step: "transferring" });
    decide(epoch + 1, { ...roster, step: "stable" });
  });
  return records;
}

/** As if the members had decided it, each with its record of that. */
function certify(mesh: MeshId, epoch: number, next: VoterRoster, members: readonly Seated[]): Uint8Array {
  const [first] = members;
  if (!first) throw new TypeError("A decision needs somebody who decides");
  const ballot = { counter: 2 * next.epoch + Number(next.step === "stable"), proposer: first.peer };
  const accept = { key: ROSTER_KEY, epoch, ballot, value: rosterCodec.encode(next) };
  const statement = acceptStatement(mesh, accept);
  const signatures = members.map(({ key, peer }) => ({ voter: peer, signature: key.sign(statement) }));
  const record = encodeRecord({ promised: ballot, accepted: { ballot, epoch, value: accept.value } });
  for (const { disk } of members) disk.registers.set(ROSTER_KEY, record);
  const certificate: Certificate = { ...accept, signatures };
  return encodeCertificate(certificate);
}
