import type { EntryId, PeerId, TaskId } from "@bzzz/base";
import { createTaskRules, type TaskCommand, type TaskValue } from "@bzzz/coordinator";
import { createLeaderRules, type LeaderCommand, type LeaderValue } from "@bzzz/election";
import {
  type Accepted,
  type ByteRules,
  type Codec,
  type RegisterKey,
  toByteRules,
  type VoterRoster,
} from "@bzzz/register";
import type { Chance } from "../engine/chance.ts";
import type { Crash } from "../engine/faults.ts";
import type { History } from "../engine/history.ts";
import type { SimNetwork } from "../engine/network.ts";
import type { NodeHost } from "../engine/node_host.ts";
import type { Board, MemberFacts } from "./board.ts";
import { Client, type ClientDeps } from "./client.ts";
import type { Member, RunCrypto } from "./crypto.ts";
import type { ClusterEvent } from "./events.ts";
import { flawedFacts, flawedRules, type RuleFlaws } from "./flawed_rules.ts";
import { type LeaderNews, LeaderNode } from "./leader_node.ts";
import type { DecideMemo } from "./memo.ts";
import { PlanEars, type Talk } from "./people.ts";
import { RegisterNode, type RegisterPeer } from "./register_node.ts";
import { TaskSteward } from "./steward.ts";
import { type AgentFlaws, type Holding, TaskAgent } from "./task_agent.ts";
import { type AcceptedHow, SimVoter, VoterDisk, type VoterFlaws } from "./voter.ts";

/** What the nodes of one run share. */
export interface Shared {
  readonly network: SimNetwork;
  readonly chance: Chance;
  readonly history: History<ClusterEvent>;
  readonly crypto: RunCrypto;
  readonly board: Board;
  readonly talk: Talk;
  /** A task is open again: the agents of all nodes may look. */
  readonly wake: (task: TaskId) => void;
  readonly memo: DecideMemo;
  readonly taskCodecs: { readonly value: Codec<TaskValue>; readonly command: Codec<TaskCommand> };
  readonly leaderCodecs: { readonly value: Codec<LeaderValue>; readonly command: Codec<LeaderCommand> };
  readonly client: ClientDeps;
  readonly facts: ReadonlyMap<PeerId, MemberFacts>;
  readonly roster: () => VoterRoster | undefined;
  readonly peerOf: (peer: PeerId) => RegisterPeer | undefined;
  readonly onAccepted: (voter: number, accepted: Accepted, how: AcceptedHow) => void;
  readonly act: (from: MemberNode, key: RegisterKey, token: number) => void;
  readonly broadcast: (from: MemberNode, news: LeaderNews) => void;
}

/** Plain settings of a node. */
export interface MemberOptions {
  readonly node: number;
  readonly isWorker: boolean;
  readonly leaseMs: number;
  readonly workMs: number;
  readonly meanSyncMs: number;
  /** Who goes first in elections. */
  readonly rank: number;
  readonly voterFlaws: VoterFlaws;
  readonly ruleFlaws: RuleFlaws;
  readonly agentFlaws: AgentFlaws;
  /** The lease of a leadership. */
  readonly termMs: number;
}

/** What one process of a node consists of. */
interface Process {
  readonly register: RegisterNode;
  readonly agent: TaskAgent;
  readonly leader: LeaderNode;
  readonly steward: TaskSteward;
  readonly ears: PlanEars;
}

/** A machine of the cluster: voter, agent and candidate in one process that comes and goes, over a disk that stays. */
export class MemberNode implements RegisterPeer {
  readonly index: number;
  readonly host: NodeHost;
  readonly member: Member;
  readonly #shared: Shared;
  readonly #options: MemberOptions;
  readonly #chance: Chance;
  #disk = new VoterDisk();
  #process: Process | undefined;

  constructor(shared: Shared, deps: { readonly host: NodeHost; readonly member: Member }, options: MemberOptions) {
    this.#shared = shared;
    this.#options = options;
    this.host = deps.host;
    this.member = deps.member;
    this.index = options.node;
    this.#chance = shared.chance.fork(`node ${options.node}`);
  }

  get agent(): TaskAgent | undefined {
    return this.#process?.agent;
  }

  get leader(): LeaderNode | undefined {
    return this.#process?.leader;
  }

  get steward(): TaskSteward | undefined {
    return this.#process?.steward;
  }

  /** The process that runs now hears of a plan when its journal has it; one that starts later hears of it then. */
  hearPlan(plan: EntryId): void {
    this.host.later(this.#shared.board.delayMs(this.index, plan), () => this.#process?.ears.hear(plan));
  }

  register(): RegisterNode | undefined {
    return this.#process?.register;
  }

  /** Gives this machine's disk a seat among the voters. */
  takeSeat(seat: string): void {
    this.#disk.seat = seat;
  }

  start(tasks: readonly TaskId[]): void {
    if (this.host.state !== "down") return;
    this.host.start();
    this.#shared.history.add({ type: "started", node: this.index });
    this.#process = this.#createProcess();
    this.#process.leader.start(this.#options.rank);
    for (const task of tasks) {
      this.#process.agent.lookSoon(task, this.#options.leaseMs / 2);
      this.#process.steward.watch(task);
    }
  }

  /** The process is gone. What was synced is on the disk. */
  crash({ isPowerCut }: Crash): void {
    if (this.host.state === "down") return;
    this.host.crash();
    if (isPowerCut) this.#disk.losePower();
    this.#process = undefined;
    this.#shared.history.add({ type: "crashed", node: this.index });
  }

  /** The disk is gone as well. */
  loseDisk(): void {
    this.#disk = new VoterDisk();
  }

  hear(news: LeaderNews): void {
    this.#process?.leader.give(news);
  }

  /** A client of this node that speaks for `member`. */
  taskClient(member: Member): Client<TaskValue, TaskCommand> | undefined {
    const register = this.register();
    if (!register) return undefined;
    const deps = { ...this.#shared.client, register, member };
    return new Client<TaskValue, TaskCommand>(deps, { node: this.index, ...this.#shared.taskCodecs });
  }

  /** The same for the leadership. */
  leaderClient(member: Member): Client<LeaderValue, LeaderCommand> | undefined {
    const register = this.register();
    if (!register) return undefined;
    const deps = { ...this.#shared.client, register, member };
    return new Client<LeaderValue, LeaderCommand>(deps, { node: this.index, ...this.#shared.leaderCodecs });
  }

  #createProcess(): Process {
    const { network, crypto, roster, peerOf, board, client } = this.#shared;
    const { host, member } = this;
    const chance = this.#chance;
    const clock = host.createClock();
    const ears = new PlanEars(() => clock.monotonicMs());
    const rules = this.#rules(ears);
    const rulesOf = (prefix: string): ByteRules | undefined => rules.find((one) => one.prefix === prefix);
    const voter = new SimVoter({
      host,
      clock,
      member,
      crypto,
      disk: this.#disk,
      rulesOf,
      roster,
      syncMs: () => chance.exponential(this.#options.meanSyncMs),
      onAccepted: (accepted, how) => this.#shared.onAccepted(this.index, accepted, how),
    }, this.#options.voterFlaws);
    const register = new RegisterNode({ host, clock, network, chance, member, crypto, rulesOf, roster, peerOf, voter });
    const deps = { ...client, register, member };
    const { node, leaseMs, workMs, isWorker, agentFlaws: flaws, termMs } = this.#options;
    const holding = this.#holding();
    const taskClient = new Client<TaskValue, TaskCommand>(deps, { node, ...this.#shared.taskCodecs });
    const agent = new TaskAgent({
      host,
      clock,
      chance,
      member,
      board,
      talk: this.#shared.talk,
      client: taskClient,
      act: (key, token) => this.#shared.act(this, key, token),
      holding,
    }, { node, leaseMs, workMs, isWorker, flaws });
    const leader = new LeaderNode({
      host,
      clock,
      client: new Client<LeaderValue, LeaderCommand>(deps, { node, ...this.#shared.leaderCodecs }),
      broadcast: (news) => this.#shared.broadcast(this, news),
      holding,
    }, { self: member.peer, isElectable: isWorker, leaseMs: termMs, heartbeatMs: Math.floor(termMs / 3) });
    const maySteer = this.#shared.facts.get(member.peer)?.maySteer ?? false;
    const steward = new TaskSteward(
      { clock, chance: chance.fork("steward"), member, client: taskClient, board, wake: this.#shared.wake },
      { node, leaseMs, maySteer },
    );
    return { register, agent, leader, steward, ears };
  }

  #rules(ears: PlanEars): readonly ByteRules[] {
    const { board, facts, memo } = this.#shared;
    const { ruleFlaws } = this.#options;
    const clocks = { wallMs: () => this.host.wallMs(), planAgeMs: (plan: EntryId) => ears.ageMs(plan) };
    const tasks = flawedRules(createTaskRules(flawedFacts(board.factsOf(this.index, clocks), ruleFlaws)), ruleFlaws);
    const leader = createLeaderRules({
      mayLead: (peer) => facts.get(peer)?.mayLead ?? false,
      mayDepose: (peer) => facts.get(peer)?.maySteer ?? false,
    });
    return [
      memo.wrap(toByteRules({ ...tasks, ...this.#shared.taskCodecs })),
      memo.wrap(toByteRules({ ...leader, ...this.#shared.leaderCodecs })),
    ];
  }

  #holding(): Holding {
    const { history } = this.#shared;
    const node = this.index;
    return {
      holds: (key, token, stopAtMs) => {
        const untilMs = stopAtMs === undefined ? undefined : Math.round(this.host.trueMsOf(stopAtMs));
        history.add({ type: "holds", node, key, token, ...(untilMs === undefined ? {} : { untilMs }) });
      },
      rests: (key, token) => history.add({ type: "rests", node, key, token }),
    };
  }
}
