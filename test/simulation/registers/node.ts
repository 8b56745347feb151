import type { MeshId, PeerId, TaskId } from "@bzzz/base";
import { createNullLogger } from "@bzzz/logging";
import {
  createRegisterNode,
  type RegisterNode,
  type RosterMesh,
  signGenesis,
  storeGenesis,
  takeSeat,
  votersOf,
} from "@bzzz/register";
import { createSeededRandom } from "@bzzz/base/testing";
import { type SigningKey, signingKeyFromSeed } from "@bzzz/crypto";
import type { Board } from "../cluster/board.ts";
import type { Member } from "../cluster/crypto.ts";
import type { ClusterEvent } from "../cluster/events.ts";
import { type AgentFlaws, TaskAgent } from "../cluster/task_agent.ts";
import { createTaskRules, TASK_VALUE_CODEC } from "@bzzz/coordinator";
import type { Viewer } from "../cluster/views.ts";
import { type DiskFlaws, SimDisk, type SimStore } from "../disk/sim_disk.ts";
import type { TableChange } from "../disk/tables.ts";
import type { Chance } from "../engine/chance.ts";
import type { History } from "../engine/history.ts";
import type { NodeHost } from "../engine/node_host.ts";
import type { Connections, Endpoint } from "../journal/connections.ts";
import { RealClient } from "./client.ts";

/** The rest of a turn of the event loop. */
const TURN_MS = 0.2;

const ROOT: SigningKey = signingKeyFromSeed(createSeededRandom(77_000).bytes(32));

/** The mesh of every run of this world. */
export const REGISTERS_MESH: RosterMesh = { meshId: "5b".repeat(16) as MeshId, rootPublicKey: ROOT.publicKey };

/** What the nodes of one run share. */
export interface RegistersShared {
  readonly chance: Chance;
  readonly history: History<ClusterEvent>;
  readonly viewer: Viewer;
  readonly board: Board;
  readonly connections: () => Connections;
  readonly isMaster: (peer: PeerId) => boolean;
  readonly nextOperation: () => number;
  /** A node has learned of other voters. */
  readonly onRoster: () => void;
  readonly onSynced: (node: number, changes: readonly TableChange[]) => void;
  readonly act: (node: number, key: string, token: number) => void;
}

/** What is broken on purpose. */
export interface RegistersFlaws {
  readonly disk?: DiskFlaws;
  readonly agent?: AgentFlaws;
  /** Takes nobody for gone. */
  readonly missesLosses?: boolean;
  /** Takes nobody for back who was gone. */
  readonly missesReturns?: boolean;
  /** A change of the voters takes no register along. */
  readonly skipsTransfer?: boolean;
}

/** Plain settings of a node. */
export interface RegistersOptions {
  readonly node: number;
  readonly isWorker: boolean;
  readonly leaseMs: number;
  readonly workMs: number;
  readonly meanSyncMs: number;
  readonly flaws: RegistersFlaws;
}

/** The real registers, all of them but libp2p and SQLite, on a simulated machine. */
export class RegistersNode implements Endpoint {
  readonly index: number;
  readonly host: NodeHost;
  readonly peer: PeerId;
  readonly disk: SimDisk;
  readonly #shared: RegistersShared;
  readonly #options: RegistersOptions;
  readonly #member: Member;
  /** Peers that were connected, and connections that were lost, since it exists. */
  readonly #met = new Set<PeerId>();
  readonly #lost = new Set<PeerId>();
  #registers: RegisterNode | undefined;
  #agent: TaskAgent | undefined;
  #client: RealClient | undefined;

  constructor(
    shared: RegistersShared,
    deps: { readonly host: NodeHost; readonly member: Member },
    options: RegistersOptions,
  ) {
    this.#shared = shared;
    this.#options = options;
    this.#member = deps.member;
    this.host = deps.host;
    this.peer = deps.member.peer;
    this.index = options.node;
    const speed = shared.chance.fork(`disk ${options.node}`);
    this.disk = new SimDisk({
      ...options.flaws.disk,
      syncMs: () => speed.exponential(options.meanSyncMs),
      onSynced: (changes) => shared.onSynced(options.node, changes),
    });
  }

  get registers(): RegisterNode | undefined {
    return this.#registers;
  }

  get agent(): TaskAgent | undefined {
    return this.#agent;
  }

  get client(): RealClient | undefined {
    return this.#client;
  }

  /** Writes the first record of the mesh on this machine's disk, as its founder does; the record, for the others. */
  found(): Uint8Array {
    const store = this.disk.open({ setTimer: () => ({ cancel: () => {} }) });
    const seat = takeSeat(store, this.#shared.chance.fork("seat"));
    const genesis = signGenesis(ROOT, REGISTERS_MESH.meshId, { peer: this.peer, seat });
    this.invite(genesis);
    return genesis;
  }

  /** The record is on this machine's disk before it starts. */
  invite(genesis: Uint8Array): void {
    const store = this.disk.open({ setTimer: () => ({ cancel: () => {} }) });
    storeGenesis(store.kv, genesis);
  }

  start(tasks: readonly TaskId[]): void {
    if (this.host.state !== "down") return;
    this.host.start();
    const { host, peer, index: node } = this;
    const { history, viewer, chance, board, connections, isMaster, nextOperation, onRoster } = this.#shared;
    const { leaseMs, workMs, isWorker, flaws } = this.#options;
    history.add({ type: "started", node });
    const clock = host.createClock();
    const random = chance.fork(`node ${node} start ${host.incarnation}`);
    const registers = createRegisterNode({
      mesh: REGISTERS_MESH,
      self: peer,
      signingKey: this.#member.key,
      store: this.#store(),
      streams: connections().opener(this),
      peers: () => this.#peers(),
      isMember: (other) => viewer.numberOf(other) >= 0,
      isMaster,
      penalise: (other, reason) => history.add({ type: "penalised", node, peer: viewer.numberOf(other), reason }),
      clock,
      random,
      logger: createNullLogger(),
      schedule: (work) => void host.later(TURN_MS, work),
    });
    registers.events.on("roster:changed", ({ roster: { epoch, step, voters } }) => {
      const numbers = votersOf({ epoch, step, voters }).map((voter) => viewer.numberOf(voter));
      history.add({ type: "voters", epoch, step, voters: numbers });
      onRoster();
    });
    for (const name of ["quorum:gained", "quorum:lost"] as const) {
      registers.events.on(name, () => history.add({ type: "quorum", node, hasQuorum: name === "quorum:gained" }));
    }
    const register = registers.use(
      createTaskRules(board.factsOf(node, { wallMs: () => host.wallMs(), planAgeMs: () => 0 })),
    );
    const deps = { host, history, viewer, register, self: peer, node, nextOperation };
    this.#registers = registers;
    this.#client = new RealClient({ ...deps, codec: TASK_VALUE_CODEC });
    this.#agent = new TaskAgent({
      host,
      clock,
      chance: random,
      member: this.#member,
      client: this.#client,
      board,
      talk: board,
      act: (key, token) => this.#shared.act(node, key, token),
      holding: {
        holds: (key, token, stopAtMs) => {
          const untilMs = stopAtMs === undefined ? undefined : Math.round(host.trueMsOf(stopAtMs));
          history.add({ type: "holds", node, key, token, ...(untilMs === undefined ? {} : { untilMs }) });
        },
        rests: (key, token) => history.add({ type: "rests", node, key, token }),
      },
    }, { node, leaseMs, workMs, isWorker, flaws: flaws.agent ?? {} });
    registers.start();
    for (const task of tasks) this.#agent.lookSoon(task, leaseMs / 2);
  }

  crash(): void {
    if (this.host.state === "down") return;
    this.host.crash();
    this.#registers = undefined;
    this.#agent = undefined;
    this.#client = undefined;
    this.#shared.connections().reset(this);
    this.#shared.history.add({ type: "crashed", node: this.index });
  }

  connected(peer: PeerId): void {
    this.#met.add(peer);
    this.#registers?.connectionsChanged();
  }

  disconnected(peer: PeerId): void {
    this.#lost.add(peer);
    this.#registers?.connectionsChanged();
  }

  /** Whom this node takes for connected. */
  #peers(): PeerId[] {
    const { missesLosses, missesReturns } = this.#options.flaws;
    if (missesLosses) return [...this.#met];
    const connected = this.#shared.connections().peersOf(this.peer);
    return missesReturns ? connected.filter((peer) => !this.#lost.has(peer)) : connected;
  }

  #store(): SimStore {
    const store = this.disk.open(this.host.createClock());
    if (!this.#options.flaws.skipsTransfer) return store;
    return { ...store, registers: { ...store.registers, keys: () => [] } };
  }
}
