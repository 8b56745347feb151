import type { PeerId, TaskId } from "@bzzz/base";
import { TASK_COMMAND_CODEC, TASK_VALUE_CODEC, taskKey } from "@bzzz/coordinator";
import { LEADER_KEY, leaderCommandCodec, leaderValueCodec } from "@bzzz/election";
import {
  type Accepted,
  type Certificate,
  majorityOf,
  type RegisterKey,
  type VoterRoster,
  votersOf,
} from "@bzzz/register";
import { Chance } from "../engine/chance.ts";
import { EventLoop } from "../engine/event_loop.ts";
import { type Crash, faultsOf, type FaultTarget, injectFaults } from "../engine/faults.ts";
import { History } from "../engine/history.ts";
import { SimNetwork } from "../engine/network.ts";
import { NodeHost } from "../engine/node_host.ts";
import { Board, type MemberFacts } from "./board.ts";
import { memberOf, RunCrypto } from "./crypto.ts";
import type { ClusterEvent } from "./events.ts";
import { PLAIN } from "./draft.ts";
import type { RuleFlaws } from "./flawed_rules.ts";
import { MemberNode, type Shared } from "./member_node.ts";
import { DecideMemo, readingOnce } from "./memo.ts";
import type { ClusterPlan, ClusterStep } from "./plan.ts";
import { People } from "./people.ts";
import type { AgentFlaws } from "./task_agent.ts";
import { commandOf, type Overheard, Traitor } from "./traitor.ts";
import { commandId, Viewer } from "./views.ts";
import type { AcceptedHow, VoterFlaws } from "./voter.ts";
import { factsOf, readAgain, rosterOf, seatOf, taskOf } from "./setting.ts";
import { FencedService } from "./world_outside.ts";

/** Nodes have this long, in leases, to come to rest once nothing goes wrong any more. */
const QUIET_LEASES = 6;
/** The last reads begin within this, and then have the time that a call has. */
const LAST_READS_MS = 5_000;
const READ_STEP_MS = 500;
const CALL_MS = 6_000;
const MAX_STEPS = 3_000_000;
/** Signed commands that a traitor remembers. */
const OVERHEARD = 64;

/** What is broken on purpose, to show that the claims notice. */
export interface ClusterFlaws {
  readonly voter?: VoterFlaws;
  readonly rules?: RuleFlaws;
  readonly agent?: AgentFlaws;
  /** Candidates lead for, and so wait for the end of, leases that are six times as long. */
  readonly electsLate?: boolean;
  /** The world outside does not ask for tokens. */
  readonly isUnfenced?: boolean;
}

/** Runs a plan; the history of it. */
export function runCluster(
  plan: ClusterPlan,
  options: { readonly seed: number; readonly flaws: ClusterFlaws },
): History<ClusterEvent> {
  return new Cluster(plan, options.seed, options.flaws).run();
}

class Cluster implements FaultTarget {
  readonly loop = new EventLoop();
  readonly network: SimNetwork;
  readonly hosts: NodeHost[];
  readonly #plan: ClusterPlan;
  readonly #history = new History<ClusterEvent>(() => this.loop.nowMs);
  readonly #nodes: MemberNode[];
  readonly #roster: VoterRoster;
  readonly #crypto: RunCrypto;
  readonly #viewer: Viewer;
  readonly #board: Board;
  readonly #people: People;
  readonly #traitor: Traitor;
  readonly #service: FencedService;
  readonly #tasks: readonly TaskId[];
  readonly #gone = new Set<number>();
  readonly #overheard: Overheard[] = [];
  readonly #slow: Chance;
  #operations = 0;

  constructor(plan: ClusterPlan, seed: number, flaws: ClusterFlaws) {
    this.#plan = plan;
    const { loop } = this;
    const chance = new Chance(seed);
    // Requests of one connection arrive at most once, so nothing is doubled here; the journal's world has that.
    const quality = { minDelayMs: 0.2, meanExtraMs: plan.meanExtraMs, loss: plan.loss, duplication: 0 };
    this.network = new SimNetwork({ loop, chance: chance.fork("network") }, quality);
    this.#slow = chance.fork("slow effects");
    this.#crypto = new RunCrypto();
    this.#service = new FencedService({ asksForTokens: !flaws.isUnfenced });
    this.#tasks = Array.from({ length: plan.tasks }, (_, index) => taskOf(index));
    const members = plan.clocks.map((_, index) => memberOf(index));
    const traitor = memberOf(plan.nodes);
    this.#viewer = new Viewer([...members, traitor].map(({ peer }) => peer));
    this.#roster = rosterOf(members.slice(0, plan.voters).map(({ peer }) => peer));
    const facts = factsOf(plan, [...members, traitor].map(({ peer }) => peer));
    this.#board = new Board(() => loop.nowMs, facts);
    this.#people = new People({
      loop,
      board: this.#board,
      history: this.#history,
      self: traitor.peer,
      spread: (plan) => this.#nodes.forEach((node) => node.hearPlan(plan)),
    });
    this.#traitor = new Traitor(traitor, this.#board);
    const shared = this.#share(chance, facts);
    this.#nodes = members.map((member, node) =>
      new MemberNode(shared, { host: new NodeHost(loop, { ...this.#clock(node), name: `n${node}` }), member }, {
        node,
        isWorker: plan.workers.includes(node),
        leaseMs: plan.leaseMs,
        workMs: plan.workMs,
        meanSyncMs: plan.meanSyncMs,
        rank: Math.max(0, plan.workers.indexOf(node)),
        voterFlaws: flaws.voter ?? {},
        ruleFlaws: flaws.rules ?? {},
        agentFlaws: flaws.agent ?? {},
        termMs: plan.leaseMs * (flaws.electsLate ? 6 : 1),
      })
    );
    this.hosts = this.#nodes.map(({ host }) => host);
    for (const [node, member] of [...facts.values()].entries()) this.#history.add({ type: "member", node, ...member });
  }

  run(): History<ClusterEvent> {
    const { epoch, step } = this.#roster;
    const voters = this.#nodes.slice(0, this.#plan.voters);
    this.#history.add({ type: "voters", epoch, step, voters: voters.map(({ index }) => index) });
    for (const { index } of voters) this.#nodes[index]?.takeSeat(seatOf(index));
    for (const node of this.#nodes) node.start([]);
    injectFaults(faultsOf(this.#plan.steps), this);
    for (const step of this.#plan.steps) {
      if (step.type !== "fault") this.loop.later(step.atMs, () => this.#perform(step));
    }
    const quietMs = this.#quietMs();
    this.loop.run(quietMs, { maxSteps: MAX_STEPS });
    this.#quieten();
    this.loop.run(quietMs + QUIET_LEASES * this.#plan.leaseMs, { maxSteps: MAX_STEPS });
    this.#readAll();
    this.loop.run(this.loop.nowMs + LAST_READS_MS + CALL_MS, { maxSteps: MAX_STEPS });
    return this.#history;
  }

  crash(index: number, crash: Crash): void {
    this.#nodes[index]?.crash(crash);
  }

  restart(index: number): void {
    if (!this.#gone.has(index)) this.#nodes[index]?.start(this.#tasks);
  }

  /** Voters of a full disk answer nothing; the journal's world has that fault. */
  setDiskFull(): void {}

  linksChanged(): void {}

  #share(chance: Chance, facts: ReadonlyMap<PeerId, MemberFacts>): Shared {
    return {
      network: this.network,
      chance,
      history: this.#history,
      crypto: this.#crypto,
      board: this.#board,
      talk: this.#people,
      wake: (task) => this.#nodes.forEach(({ agent }) => agent?.lookSoon(task, 600)),
      memo: new DecideMemo(),
      taskCodecs: { value: readingOnce(TASK_VALUE_CODEC), command: readingOnce(TASK_COMMAND_CODEC) },
      leaderCodecs: { value: readingOnce(leaderValueCodec), command: readingOnce(leaderCommandCodec) },
      facts,
      client: {
        history: this.#history,
        viewer: this.#viewer,
        isProven: (certificate) => this.#isProven(certificate),
        nextOperation: () => this.#operations++,
        crypto: this.#crypto,
      },
      roster: () => this.#roster,
      peerOf: (peer) => this.#nodes[this.#viewer.numberOf(peer)],
      onAccepted: (voter, accepted, how) => this.#recordAccept(voter, accepted, how),
      act: (from, key, token) => this.#act(from, key, token),
      broadcast: (from, news) => {
        for (const node of this.#nodes) {
          if (node !== from) this.network.send(from.host, node.host, () => node.hear(news));
        }
      },
    };
  }

  #clock(node: number): { readonly rate: number; readonly wallOffsetMs: number } {
    return this.#plan.clocks[node] ?? { rate: 1, wallOffsetMs: 0 };
  }

  #perform(step: Exclude<ClusterStep, { type: "fault" }>): void {
    const node = "node" in step ? this.#nodes[step.node] : undefined;
    switch (step.type) {
      case "post":
        if (node) this.#post(node, step);
        return;
      case "release":
        return node?.agent?.release(taskOf(step.task));
      case "step_down":
        return node?.leader?.give({ type: "stood_down" });
      case "read":
        return this.#read(step.node, step.key, "read");
      case "mischief":
        return this.#betray(step);
      case "destroy":
        this.#gone.add(step.node);
        node?.crash({ isPowerCut: true, keptShare: 0 });
        return this.#history.add({ type: "destroyed", node: step.node });
      case "wipe":
        this.#gone.add(step.node);
        node?.crash({ isPowerCut: true, keptShare: 0 });
        node?.loseDisk();
        this.#history.add({ type: "destroyed", node: step.node });
        this.loop.later(step.forMs, () => {
          this.#gone.delete(step.node);
          this.restart(step.node);
        });
        return;
    }
  }

  #post(node: MemberNode, { task: number, draft = PLAIN }: Extract<ClusterStep, { type: "post" }>): void {
    const task = taskOf(number);
    if (!node.host.isRunning) return;
    const { body } = this.#board.post(task, node.member.peer, draft, node.host.wallMs());
    this.#history.add({
      type: "posted",
      node: node.index,
      key: taskKey(task),
      ...(body.plan ? { planWindowMs: body.plan.windowMs } : {}),
      ...(body.review ? { isReviewed: true } : {}),
      ...(body.deadlineMs === undefined ? {} : { deadlineMs: body.deadlineMs }),
    });
    for (const other of this.#nodes) {
      other.agent?.lookSoon(task, 600);
      other.steward?.watch(task);
    }
  }

  #read(index: number, key: number, what: "read" | "last_read"): void {
    const node = this.#nodes[index];
    if (!node?.host.isRunning) return;
    const again = readAgain(what, this.loop, () => this.#read(index, key, what));
    if (key < this.#tasks.length) node.taskClient(node.member)?.read(taskKey(taskOf(key)), again, undefined, what);
    else node.leaderClient(node.member)?.read(LEADER_KEY, again, undefined, what);
  }

  #betray(step: Extract<ClusterStep, { type: "mischief" }>): void {
    const through = this.#nodes[step.through];
    const chance = new Chance(step.seed);
    if (!through?.host.isRunning) return;
    const victim = this.#nodes[chance.pick(this.#plan.workers)]?.member.peer ?? through.member.peer;
    this.#traitor.act(step.mischief, {
      through,
      task: taskOf(step.task),
      victim,
      overheard: this.#overheard,
      chance,
    });
  }

  #act(from: MemberNode, key: RegisterKey, token: number): void {
    // Some effects are under way for longer than it takes another to get the task.
    const isSlow = this.#slow.happens(0.1);
    const delayMs = isSlow ? this.#slow.between(0, 3 * this.#plan.leaseMs) : this.network.delayMs();
    const node = from.index;
    this.loop.later(delayMs, () => {
      this.#history.add({ type: "effect", node, key, token, isAccepted: this.#service.act(key, token) });
    });
  }

  #recordAccept(
    voter: number,
    { ballot, epoch, value }: Accepted,
    { key, command: bytes, previous, looked }: AcceptedHow,
  ): void {
    if (value.byteLength === 0) return;
    const command = bytes && this.#crypto.openCommand(bytes);
    const body = command && commandOf(key, command.body);
    if (command && bytes) this.#overhear({ ...command, bytes, type: body?.type ?? "unreadable" });
    this.#history.add({
      type: "accepted",
      voter,
      key,
      epoch,
      ballot: `${ballot.counter}/${this.#viewer.numberOf(ballot.proposer)}`,
      view: this.#viewer.view(key, value),
      // "nothing" that was confirmed is no value of the register
      ...(previous && previous.value.byteLength > 0 ? { previous: this.#viewer.view(key, previous.value) } : {}),
      ...(command && bytes
        ? {
          command: {
            id: commandId(bytes),
            actor: this.#viewer.numberOf(command.actor),
            type: body?.type ?? "unreadable",
            ...(body?.type === "begin" && body.approval !== undefined ? { approval: body.approval } : {}),
          },
          looked,
        }
        : {}),
    });
  }

  #overhear(command: Overheard): void {
    this.#overheard.push(command);
    if (this.#overheard.length > OVERHEARD) this.#overheard.shift();
  }

  #isProven(certificate: Certificate): boolean {
    const voters = votersOf(this.#roster);
    const signatures = certificate.signatures.filter((signature) => this.#crypto.verifyAccept(certificate, signature));
    const counted = new Set(signatures.map(({ voter }) => voter).filter((voter) => voters.includes(voter)));
    return counted.size >= majorityOf(voters.length);
  }

  /** When the last fault has ended. */
  #quietMs(): number {
    const ends = this.#plan.steps.map((step) => {
      if (step.type === "fault") return step.fault.atMs + step.fault.forMs;
      return step.atMs + (step.type === "wipe" ? step.forMs : 0);
    });
    return Math.max(this.#plan.activeMs, ...ends) + 1;
  }

  #quieten(): void {
    this.network.heal();
    for (const node of this.#nodes) this.restart(node.index);
    const { leaseMs } = this.#plan;
    const gone = [...this.#gone];
    this.#history.add({ type: "quiet", gone, leaseMs, electionMs: leaseMs * 1.25 });
  }

  /** One node after another: who reads at once with all others stands in their way. */
  #readAll(): void {
    let delayMs = 0;
    for (const { index } of this.#nodes) {
      if (this.#gone.has(index)) continue;
      for (let key = 0; key <= this.#tasks.length; key++) {
        this.loop.later(delayMs, () => this.#read(index, key, "last_read"));
      }
      delayMs += Math.min(READ_STEP_MS, LAST_READS_MS / this.#nodes.length);
    }
  }
}
