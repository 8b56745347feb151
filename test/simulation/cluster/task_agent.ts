import type { Clock, TaskId, Timer } from "@bzzz/base";
import { commandFor, type TaskAct, type TaskCommand, taskKey, type TaskValue } from "@bzzz/coordinator";
import { HOLDER_STOPS_AFTER_LEASES, type RegisterKey, TAKEOVER_AFTER_LEASES } from "@bzzz/register";
import type { Chance } from "../engine/chance.ts";
import type { NodeHost } from "../engine/node_host.ts";
import type { Board } from "./board.ts";
import type { ClientOutcome, TaskCalls } from "./client.ts";
import type { Member } from "./crypto.ts";
import { PLAIN } from "./draft.ts";
import { type HoldSteps, nextAct } from "./hold_steps.ts";
import type { Talk } from "./people.ts";

/** Renewals of a lease, at least. */
const RENEWALS_PER_LEASE = 3;
/** A side effect about this often, as a share of the lease. */
const EFFECT_SHARE = 0.2;

/**
 * A renewal that was under way when a try ended may come first: the end is said again. Not of plain work: schedules that once
 * found something stay as they were.
 */
const MAX_END_TRIES = 3;

/** The entry that tells how a try ended. */
const END_KINDS = { complete: "task_completed", fail: "task_failed", release: "task_released" } as const;

/** What an agent does wrong on purpose. */
export interface AgentFlaws {
  /** Goes on as the holder after its lease is over. */
  readonly neverStops?: boolean;
  /** Measures its lease on a clock that stands still while the machine sleeps. */
  readonly sleepsThroughLeases?: boolean;
}

/** What an agent stands on. */
export interface TaskAgentDeps {
  readonly host: NodeHost;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly member: Member;
  readonly client: TaskCalls;
  readonly board: Board;
  readonly talk: Talk;
  /** The side effects of a task, which take their time to arrive. */
  readonly act: (key: RegisterKey, token: number) => void;
  readonly holding: Holding;
}

/** Told about what a node does as a holder. */
export interface Holding {
  /** It acts with this token; `stopAtMs` is on the host's awake clock, undefined when it does not stop by itself. */
  holds(key: RegisterKey, token: number, stopAtMs: number | undefined): void;
  rests(key: RegisterKey, token: number): void;
}

/** Plain settings of an agent. */
export interface TaskAgentOptions {
  readonly node: number;
  readonly leaseMs: number;
  /** How long the work on a task takes. */
  readonly workMs: number;
  /** Whether its grant lets it hold tasks; one that may not does not try. */
  readonly isWorker: boolean;
  readonly flaws: AgentFlaws;
}

interface Hold {
  readonly token: number;
  value: TaskValue;
  /** On the agent's clock. */
  stopAtMs: number;
  workUntilMs: number;
  /** The renewal whose fate is unknown, and when it was first sent: voters may count the lease from then. */
  renewal: { readonly version: number; readonly sentAtMs: number } | undefined;
  timers: Timer[];
  readonly steps: HoldSteps;
  /** A step is on its way to the voters, or not to be tried before this time. */
  isStepping: boolean;
  stepsFromMs: number;
}

/** An agent of one process: claims what it hears of, renews, works, tells the result, stops in time. */
export class TaskAgent {
  readonly #deps: TaskAgentDeps;
  readonly #options: TaskAgentOptions;
  readonly #holds = new Map<TaskId, Hold>();
  readonly #looks = new Map<TaskId, Timer>();
  /** Tasks whose end is on its way to the voters: an agent works on nothing that it is just giving up. Not of plain work, as above. */
  readonly #ending = new Set<TaskId>();

  constructor(deps: TaskAgentDeps, options: TaskAgentOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** A task may be there, or has changed. */
  lookSoon(taskId: TaskId, withinMs: number): void {
    if (!this.#options.isWorker || this.#holds.has(taskId)) return;
    this.#looks.get(taskId)?.cancel();
    const delayMs = this.#deps.chance.between(withinMs / 2, withinMs);
    this.#looks.set(taskId, this.#deps.clock.setTimer(delayMs, () => this.#look(taskId)));
  }

  /** Gives a task back, as an agent that leaves does. */
  release(taskId: TaskId): void {
    const hold = this.#holds.get(taskId);
    if (hold) this.#end(taskId, hold, "release");
  }

  #look(taskId: TaskId): void {
    if (this.#holds.has(taskId)) return;
    const post = this.#deps.board.postSeenBy(this.#options.node, taskId);
    if (post === undefined) return this.lookSoon(taskId, this.#options.leaseMs / 4);
    if (this.#ending.has(taskId)) return this.lookSoon(taskId, this.#options.leaseMs);
    this.#deps.client.read(taskKey(taskId), (outcome) => {
      if (outcome.type === "value") this.#consider(taskId, outcome.value);
      else this.lookSoon(taskId, this.#options.leaseMs / 2);
    });
  }

  #consider(taskId: TaskId, value: TaskValue | undefined): void {
    const { leaseMs } = this.#options;
    if (this.#holds.has(taskId)) return;
    if (value?.holder === this.#deps.member.peer) return this.#resume(taskId, value);
    if (value === undefined || value.state === "announced") {
      return this.#isOverdue(taskId, value) ? this.#expire(taskId, value) : this.#claim(taskId, value);
    }
    if (value.holder === undefined) return this.lookSoon(taskId, leaseMs * 4);
    if (this.#isOverdue(taskId, value)) return this.#expire(taskId, value);
    // Somebody holds it: the voters say how long to wait.
    this.#claim(taskId, value);
  }

  #claim(taskId: TaskId, value: TaskValue | undefined): void {
    const post = this.#deps.board.postSeenBy(this.#options.node, taskId);
    if (post === undefined) return this.lookSoon(taskId, this.#options.leaseMs / 4);
    const { leaseMs } = this.#options;
    const sentAtMs = this.#nowMs();
    const terms = this.#deps.board.termsOf(taskId);
    // as the agents do; the others say "begin" afterwards, as those of a version before do
    const isBegun = this.#options.node % 2 === 0 && terms.planWindowMs === undefined;
    const command: TaskCommand = {
      type: "claim",
      version: value?.version ?? 0,
      token: value?.token ?? 0,
      post,
      terms,
      leaseMs,
      ...(isBegun ? { isBegun: true } : {}),
    };
    this.#deps.client.submit(taskKey(taskId), command, (outcome) => {
      if (outcome.type === "decided" && outcome.value.holder === this.#deps.member.peer) {
        return this.#hold(taskId, outcome.value, sentAtMs);
      }
      const waitMs = outcome.type === "refused" ? outcome.retryAfterMs : undefined;
      this.lookSoon(taskId, waitMs === undefined ? leaseMs : Math.min(waitMs + 50, leaseMs * TAKEOVER_AFTER_LEASES));
    });
  }

  /** By this node's wall clock; the voters have their own. */
  #isOverdue(taskId: TaskId, value: TaskValue | undefined): boolean {
    const deadlineMs = value?.deadlineMs ?? this.#deps.board.postOf(taskId)?.body.deadlineMs;
    return deadlineMs !== undefined && this.#deps.clock.nowMs() > deadlineMs;
  }

  #expire(taskId: TaskId, value: TaskValue | undefined): void {
    const { board, client } = this.#deps;
    const { leaseMs, node } = this.#options;
    const post = board.postSeenBy(node, taskId);
    if (post === undefined) return this.lookSoon(taskId, leaseMs / 4);
    const command = commandFor(value, { post, terms: board.termsOf(taskId) }, { type: "expire" });
    client.submit(taskKey(taskId), command, () => this.lookSoon(taskId, leaseMs));
  }

  /** A task of an earlier life of this process: its lease is renewed before anything is done. */
  #resume(taskId: TaskId, value: TaskValue): void {
    const sentAtMs = this.#nowMs();
    const { version, token, renewals } = value;
    this.#deps.client.submit(taskKey(taskId), { type: "renew", version, token, renewals }, (outcome) => {
      if (outcome.type === "decided" && outcome.value.holder === this.#deps.member.peer && outcome.isNew) {
        this.#hold(taskId, outcome.value, sentAtMs);
      } else {
        this.lookSoon(taskId, this.#options.leaseMs / 2);
      }
    });
  }

  #hold(taskId: TaskId, value: TaskValue, sentAtMs: number): void {
    const { leaseMs, workMs } = this.#options;
    const stopAtMs = sentAtMs + value.leaseMs * HOLDER_STOPS_AFTER_LEASES;
    if (this.#holds.has(taskId) || this.#nowMs() >= stopAtMs) return this.lookSoon(taskId, leaseMs);
    const hold: Hold = {
      token: value.token,
      value,
      stopAtMs,
      workUntilMs: this.#nowMs() + workMs,
      renewal: undefined,
      timers: [],
      steps: {},
      isStepping: false,
      stepsFromMs: 0,
    };
    this.#holds.set(taskId, hold);
    this.#tell(taskId, hold);
    const every = (share: number, work: () => void): void =>
      void hold.timers.push(this.#deps.clock.setPeriodic(leaseMs * share, () => {
        if (this.#isHeld(taskId, hold)) work();
      }));
    every(0.1, () => this.#check(taskId, hold));
    every(1 / (RENEWALS_PER_LEASE + 1), () => this.#renew(taskId, hold));
    every(EFFECT_SHARE, () => this.#deps.act(taskKey(taskId), hold.token));
    if (this.#isPlain(taskId) && value.state === "claimed") this.#begin(taskId, hold);
  }

  #isPlain(taskId: TaskId): boolean {
    return this.#deps.board.draftOf(taskId) === PLAIN;
  }

  #tell(taskId: TaskId, { token, stopAtMs }: Hold): void {
    const { neverStops, sleepsThroughLeases } = this.#options.flaws;
    this.#deps.holding.holds(taskKey(taskId), token, neverStops || sleepsThroughLeases ? undefined : stopAtMs);
  }

  /** The one clock that a holder goes by; right also just after a pause, before any timer has run. */
  #nowMs(): number {
    return this.#options.flaws.sleepsThroughLeases ? this.#deps.clock.monotonicMs() : this.#deps.host.awakeMs();
  }

  #isHeld(taskId: TaskId, hold: Hold): boolean {
    if (this.#holds.get(taskId) !== hold) return false;
    if (this.#options.flaws.neverStops || this.#nowMs() < hold.stopAtMs) return true;
    this.#letGo(taskId, hold);
    return false;
  }

  #check(taskId: TaskId, hold: Hold): void {
    if (!this.#isPlain(taskId)) this.#step(taskId, hold);
    if (this.#nowMs() < hold.workUntilMs || hold.value.state !== "executing" || hold.isStepping) return;
    const { failures = 0 } = this.#deps.board.draftOf(taskId);
    if (this.#isOverdue(taskId, hold.value)) return this.#end(taskId, hold, "fail", true);
    this.#end(taskId, hold, hold.value.spent < failures ? "fail" : "complete");
  }

  /** The way of a task that is more than plain work: plan, objections, questions. */
  #step(taskId: TaskId, hold: Hold): void {
    if (hold.isStepping || this.#nowMs() < hold.stepsFromMs) return;
    const { board, talk, member: { peer: self }, client } = this.#deps;
    const { node, workMs } = this.#options;
    const isHalfDone = this.#nowMs() >= hold.workUntilMs - workMs / 2;
    const act = nextAct(hold.value, hold.steps, { node, self, task: taskId, board, talk, isHalfDone });
    if (act === "give_up") return this.#end(taskId, hold, "fail", true);
    if (!act) return;
    hold.isStepping = true;
    client.submit(taskKey(taskId), this.#commandOf(taskId, hold, act), (outcome) => {
      hold.isStepping = false;
      if (outcome.type === "refused") {
        hold.stepsFromMs = this.#nowMs() + (outcome.retryAfterMs ?? 0);
        if (outcome.code === "objection_stands") hold.steps.isObjected = true;
      }
      this.#learn(taskId, hold, outcome);
    });
  }

  #commandOf(taskId: TaskId, { value }: Hold, act: TaskAct): TaskCommand {
    return commandFor(value, { post: value.post, terms: this.#deps.board.termsOf(taskId) }, act);
  }

  #begin(taskId: TaskId, hold: Hold): void {
    const { version, token } = hold.value;
    this.#deps.client.submit(taskKey(taskId), { type: "begin", version, token }, (outcome) => {
      this.#learn(taskId, hold, outcome);
    });
  }

  #renew(taskId: TaskId, hold: Hold): void {
    const { version, token, renewals } = hold.value;
    if (this.#isPlain(taskId) && hold.value.state === "claimed") this.#begin(taskId, hold);
    // The same renewal again may have been decided the first time, and the voters count from then.
    if (hold.renewal?.version !== version) hold.renewal = { version, sentAtMs: this.#nowMs() };
    const { sentAtMs } = hold.renewal;
    this.#deps.client.submit(taskKey(taskId), { type: "renew", version, token, renewals }, (outcome) => {
      this.#learn(taskId, hold, outcome);
      if (outcome.type !== "decided" || outcome.value.token !== token) return;
      hold.stopAtMs = Math.max(hold.stopAtMs, sentAtMs + outcome.value.leaseMs * HOLDER_STOPS_AFTER_LEASES);
      if (this.#isHeld(taskId, hold)) this.#tell(taskId, hold);
    });
  }

  /** Stops first: from the moment the voters hear of it, another may hold the task. */
  #end(taskId: TaskId, hold: Hold, type: keyof typeof END_KINDS, isFinal = false): void {
    if (!this.#isHeld(taskId, hold)) return;
    this.#letGo(taskId, hold);
    const { board, client, member } = this.#deps;
    const told = board.write({ kind: END_KINDS[type], author: member.peer, task: taskId });
    const act: TaskAct = type === "fail" ? { type, told, isFinal } : { type, told };
    if (!this.#isPlain(taskId)) this.#ending.add(taskId);
    const submit = (tries: number): void =>
      client.submit(taskKey(taskId), this.#commandOf(taskId, hold, act), (outcome) => {
        const value = outcome.type === "refused" && outcome.code === "stale_version" ? outcome.value : undefined;
        const isMine = value?.holder === member.peer && value.token === hold.token;
        if (this.#isPlain(taskId) || !value || !isMine || tries >= MAX_END_TRIES) {
          this.#ending.delete(taskId);
          return;
        }
        hold.value = value;
        submit(tries + 1);
      });
    submit(1);
  }

  /** What the register says about a task that this agent holds, or believes it holds. */
  #learn(taskId: TaskId, hold: Hold, outcome: ClientOutcome<TaskValue>): void {
    if (this.#holds.get(taskId) !== hold) return;
    const value = outcome.type === "decided" || outcome.type === "refused" || outcome.type === "value"
      ? outcome.value
      : undefined;
    if (value && value.version > hold.value.version) hold.value = value;
    if (hold.value.holder !== this.#deps.member.peer || hold.value.token !== hold.token) this.#letGo(taskId, hold);
  }

  #letGo(taskId: TaskId, hold: Hold): void {
    for (const timer of hold.timers) timer.cancel();
    this.#holds.delete(taskId);
    this.#deps.holding.rests(taskKey(taskId), hold.token);
    this.lookSoon(taskId, this.#options.leaseMs);
  }
}
