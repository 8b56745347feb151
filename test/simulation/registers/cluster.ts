import type { PeerId, TaskId } from "@bzzz/base";
import { decodeCbor } from "@bzzz/wire";
import { majorityOf, parseRegisterKey, ROSTER_KEY, type RosterChange, votersOf } from "@bzzz/register";
import { Board, type MemberFacts } from "../cluster/board.ts";
import { readAgain, taskOf } from "../cluster/setting.ts";
import { memberOf } from "../cluster/crypto.ts";
import type { ClusterEvent } from "../cluster/events.ts";
import { taskKey } from "@bzzz/coordinator";
import { Viewer } from "../cluster/views.ts";
import { FencedService } from "../cluster/world_outside.ts";
import { crashMachine } from "../disk/crash.ts";
import type { TableChange } from "../disk/tables.ts";
import { Chance } from "../engine/chance.ts";
import { EventLoop } from "../engine/event_loop.ts";
import { type Crash, faultsOf, type FaultTarget, injectFaults } from "../engine/faults.ts";
import { History } from "../engine/history.ts";
import { SimNetwork } from "../engine/network.ts";
import { NodeHost } from "../engine/node_host.ts";
import { Connections } from "../journal/connections.ts";
import { type RegistersFlaws, RegistersNode } from "./node.ts";
import type { RegistersPlan, RegistersStep } from "./plan.ts";

const MAX_STEPS = 400_000;
/** Nodes have this long, in leases, to come to rest. */
const QUIET_LEASES = 6;
const READ_STEP_MS = 400;
const CALL_MS = 6_000;
/** The founder asks again after this while it makes the first voters. */
const GROW_STEP_MS = 300;

/** Runs a plan; the history of it. */
export async function runRegisters(
  plan: RegistersPlan,
  options: { readonly seed: number; readonly flaws: RegistersFlaws },
): Promise<History<ClusterEvent>> {
  return await new RegistersCluster(plan, options.seed, options.flaws).run();
}

class RegistersCluster implements FaultTarget {
  readonly loop = new EventLoop();
  readonly network: SimNetwork;
  readonly hosts: NodeHost[];
  readonly #plan: RegistersPlan;
  readonly #history = new History<ClusterEvent>(() => this.loop.nowMs);
  readonly #nodes: RegistersNode[];
  readonly #connections: Connections;
  readonly #viewer: Viewer;
  readonly #board: Board;
  readonly #service = new FencedService({ asksForTokens: true });
  readonly #tasks: readonly TaskId[];
  /** Which voters each node can talk with, as it was last recorded. */
  readonly #reach = new Map<number, string>();
  #operations = 0;

  constructor(plan: RegistersPlan, seed: number, flaws: RegistersFlaws) {
    this.#plan = plan;
    const { loop } = this;
    const chance = new Chance(seed);
    const quality = { minDelayMs: 0.2, meanExtraMs: plan.meanExtraMs, loss: 0, duplication: 0 };
    this.network = new SimNetwork({ loop, chance: chance.fork("network") }, quality);
    this.#tasks = Array.from({ length: plan.tasks }, (_, index) => taskOf(index));
    const members = plan.clocks.map((_, index) => memberOf(index));
    const peers = members.map(({ peer }) => peer);
    this.#viewer = new Viewer(peers);
    const facts = new Map<PeerId, MemberFacts>(peers.map((peer, node) => {
      const isWorker = plan.workers.includes(node);
      return [peer, { mayHold: isWorker, mayLead: isWorker, maySteer: node === 0 }];
    }));
    this.#board = new Board(() => loop.nowMs, facts);
    this.#nodes = plan.clocks.map((clock, node) =>
      new RegistersNode(
        {
          chance,
          history: this.#history,
          viewer: this.#viewer,
          board: this.#board,
          connections: () => this.#connections,
          isMaster: (peer) => peer === peers[0],
          nextOperation: () => this.#operations++,
          onRoster: () => this.#recordReach(),
          onSynced: (voter, changes) => this.#recordSynced(voter, changes),
          act: (from, key, token) => this.#act(from, key, token),
        },
        { host: new NodeHost(loop, { ...clock, name: `n${node}` }), member: memberOf(node) },
        {
          node,
          isWorker: plan.workers.includes(node),
          leaseMs: plan.leaseMs,
          workMs: plan.workMs,
          meanSyncMs: plan.meanSyncMs,
          flaws,
        },
      )
    );
    this.hosts = this.#nodes.map(({ host }) => host);
    this.#connections = new Connections({ loop, network: this.network, chance: chance.fork("tcp") }, this.#nodes);
    for (const [node, member] of [...facts.values()].entries()) this.#history.add({ type: "member", node, ...member });
  }

  async run(): Promise<History<ClusterEvent>> {
    this.#found();
    for (const node of this.#nodes) node.start([]);
    this.linksChanged();
    this.#grow(1);
    injectFaults(faultsOf(this.#plan.steps), this);
    for (const step of this.#plan.steps) {
      if (step.type !== "fault") this.loop.later(step.atMs, () => this.#perform(step));
    }
    const quietMs = this.#quietMs();
    await this.loop.runSettled(quietMs, { maxSteps: MAX_STEPS });
    this.#quieten();
    await this.loop.runSettled(quietMs + QUIET_LEASES * this.#plan.leaseMs, { maxSteps: MAX_STEPS });
    await this.loop.runSettled(this.#readAll() + CALL_MS, { maxSteps: MAX_STEPS });
    return this.#history;
  }

  crash(index: number, crash: Crash, afterCommits: number): void {
    crashMachine(this.#nodes[index], crash, afterCommits, () => this.linksChanged());
  }

  restart(index: number): void {
    this.#nodes[index]?.start(this.#tasks);
    this.linksChanged();
  }

  setDiskFull(index: number, isFull: boolean): void {
    this.#nodes[index]?.disk.setFull(isFull);
  }

  linksChanged(): void {
    this.#connections.review();
    this.#recordReach();
  }

  /**
   * Who can talk with a majority of the voters that it knows; of who does not run nothing is known. Other voters are a change,
   * also when a majority of them can be reached as before: the node may still be about to connect to them.
   */
  #recordReach(): void {
    for (const node of this.#nodes) {
      const roster = node.registers?.roster();
      const voters = roster ? votersOf(roster) : [];
      const reached = this.#nodes.filter((other) => voters.includes(other.peer) && this.#canTalk(node, other));
      const canReach = node.host.isRunning ? reached.length >= majorityOf(voters.length) : undefined;
      const what = `${canReach}: ${reached.map(({ index }) => index).join(" ")} of ${voters.join(" ")}`;
      if (this.#reach.get(node.index) === what) continue;
      this.#reach.set(node.index, what);
      this.#history.add({ type: "reach", node: node.index, ...(canReach === undefined ? {} : { canReach }) });
    }
  }

  #canTalk(node: RegistersNode, other: RegistersNode): boolean {
    const isThere = other.host.state === "running" || other.host.state === "stopped";
    return node === other || (isThere && this.network.isOpen(node.host.name, other.host.name) &&
      this.network.isOpen(other.host.name, node.host.name));
  }

  #found(): void {
    const [founder, ...others] = this.#nodes;
    const genesis = founder?.found();
    if (!founder || !genesis) return;
    for (const node of others) node.invite(genesis);
    this.#history.add({ type: "voters", epoch: 1, step: "stable", voters: [founder.index] });
  }

  /** The founder makes one voter after another, before anything goes wrong. */
  #grow(next: number): void {
    if (next >= this.#plan.voters || this.loop.nowMs > this.#plan.growMs) return;
    this.loop.later(GROW_STEP_MS, () => {
      const added = this.#change("add_voter", next);
      if (!added) return;
      added.then(
        (change) => this.#grow(change.type === "changed" || isThere(change) ? next + 1 : next),
        () => this.#grow(next),
      );
    });
  }

  #change(type: "add_voter" | "remove_voter", index: number): Promise<RosterChange> | undefined {
    const peer = this.#nodes[index]?.peer;
    const master = this.#nodes[0];
    if (!peer || !master?.host.isRunning) return undefined;
    return type === "add_voter" ? master.registers?.addVoter(peer) : master.registers?.removeVoter(peer);
  }

  #perform(step: Exclude<RegistersStep, { type: "fault" }>): void {
    switch (step.type) {
      case "post": {
        const node = this.#nodes[step.node];
        if (!node?.host.isRunning) return;
        const task = taskOf(step.task);
        this.#board.post(task, node.peer);
        this.#history.add({ type: "posted", node: node.index, key: taskKey(task) });
        for (const other of this.#nodes) other.agent?.lookSoon(task, 600);
        return;
      }
      case "read":
        return this.#read(step.node, step.task, "read");
      case "add_voter":
      case "remove_voter":
        this.#change(step.type, step.node)?.then(
          (change) => this.#history.add({ type: "roster", node: step.node, what: step.type, outcome: change.type }),
          () => this.#history.add({ type: "roster", node: step.node, what: step.type, outcome: "failed" }),
        );
        return;
    }
  }

  #read(index: number, task: number, what: "read" | "last_read"): void {
    const node = this.#nodes[index];
    const again = readAgain(what, this.loop, () => this.#read(index, task, what));
    if (node?.host.isRunning) node.client?.read(taskKey(taskOf(task)), again, undefined, what);
  }

  #act(node: number, key: string, token: number): void {
    this.loop.later(this.network.delayMs(), () => {
      this.#history.add({ type: "effect", node, key, token, isAccepted: this.#service.act(key, token) });
    });
  }

  /** What a voter has accepted, as its disk shows it. */
  #recordSynced(voter: number, changes: readonly TableChange[]): void {
    for (const change of changes) {
      if (change.type !== "register" || change.key === ROSTER_KEY) continue;
      const key = parseRegisterKey(change.key);
      // The form of a record on disk (pkg/register/record.ts); the disk is the simulator's own, so it may look.
      const { accepted } = decodeCbor(change.record) as { readonly accepted?: AcceptedOnDisk };
      if (!key || !accepted || accepted.value.byteLength === 0) continue;
      const { ballot: { counter, proposer }, epoch, value } = accepted;
      const ballot = `${counter}/${this.#viewer.numberOf(proposer)}`;
      this.#history.add({ type: "accepted", voter, key, epoch, ballot, view: this.#viewer.view(key, value) });
    }
  }

  #quietMs(): number {
    const ends = this.#plan.steps.map((step) => step.type === "fault" ? step.fault.atMs + step.fault.forMs : step.atMs);
    return Math.max(this.#plan.activeMs, ...ends) + 1;
  }

  #quieten(): void {
    this.network.heal();
    for (const node of this.#nodes) {
      node.disk.dieAfterCommits(Infinity, () => {});
      node.start(this.#tasks);
    }
    this.linksChanged();
    const { leaseMs } = this.#plan;
    this.#history.add({ type: "quiet", gone: [], leaseMs, electionMs: leaseMs * 1.25 });
  }

  /** One node after another; when the last read begins. */
  #readAll(): number {
    let delayMs = 0;
    for (const { index } of this.#nodes) {
      for (let task = 0; task < this.#tasks.length; task++) {
        this.loop.later(delayMs, () => this.#read(index, task, "last_read"));
      }
      delayMs += READ_STEP_MS;
    }
    return this.loop.nowMs + delayMs;
  }
}

interface AcceptedOnDisk {
  readonly ballot: { readonly counter: number; readonly proposer: PeerId };
  readonly epoch: number;
  readonly value: Uint8Array;
}

function isThere(change: RosterChange): boolean {
  return change.type === "refused" && change.code === "already_a_voter";
}
