import { type Clock, errorMessage, type PeerId, SerialQueue, type TaskId, type Timer } from "@bzzz/base";
import {
  commandFor,
  type PostReference,
  type TaskAct,
  taskKey,
  type TaskRegister,
  type TaskValue,
} from "@bzzz/coordinator";
import type { Logger } from "@bzzz/logging";
import { type Certificate, HOLDER_STOPS_AFTER_LEASES } from "@bzzz/register";
import { LEASE_LOOK_MS, MAX_CHANGE_TRIES, MAX_SUBMIT_MS, MIN_SUBMIT_MS } from "./constants.ts";

/** What a hold needs of its runner. */
export interface HoldDeps {
  readonly clock: Pick<Clock, "setTimer" | "setPeriodic">;
  /** Milliseconds that go on while the machine sleeps (`createAwakeClock`): leases are measured on it. */
  readonly awakeMs: () => number;
  readonly logger: Logger;
  readonly self: PeerId;
  readonly register: TaskRegister;
  /** Stores the entry that tells of a decision. */
  readonly tell: (taskId: TaskId, certificate: Certificate) => Promise<void>;
  /** Aborts when the runner has stopped; what was sent may be decided all the same. */
  readonly stopped: AbortSignal;
}

/** Where a hold begins. */
export interface HoldStart {
  readonly taskId: TaskId;
  readonly reference: PostReference;
  /** The register's value as this node knows it: it names this node as the holder. */
  readonly value: TaskValue;
  /** When the claim was sent, if it was just decided, on `awakeMs`; otherwise the hold must be renewed first. */
  readonly sentAtMs: number | undefined;
}

/** What became of a wish. `refused` of a lost hold: another has the task, or it is over. */
export type ChangeOutcome =
  | { readonly type: "decided"; readonly value: TaskValue }
  | { readonly type: "refused"; readonly code: string; readonly isLost: boolean; readonly retryAfterMs?: number }
  | { readonly type: "undecided"; readonly reason: string };

/** Why work under a hold must stop: another has the task, or the lease could not be renewed in time. */
export type HoldEnd = "lost" | "expired";

/**
 * A task that this node holds: its token, its renewals on a timer of their own, and its end. Changes of the register go
 * one at a time and name the token, so that a stale one is refused. At 0.75 of the lease after the last decided renewal
 * was sent `onEnd` is called, after a sleep of the machine within a second: no voter lets another claim before 1.25. Close it when the work is over.
 */
export class TaskHold {
  readonly taskId: TaskId;
  readonly token: number;
  readonly #deps: HoldDeps;
  readonly #reference: PostReference;
  readonly #onEnd: (end: HoldEnd) => void;
  readonly #changes = new SerialQueue({ capacity: 64 });
  readonly #closed = new AbortController();
  /** Decisions whose entries are not stored yet; each change adds at most a few, and the next one stores them. */
  readonly #untold: Certificate[] = [];
  #value: TaskValue;
  #sentAtMs: number | undefined;
  #renewTimer: Timer | undefined;
  #fenceTimer: Timer | undefined;
  #isRenewing = false;

  constructor(deps: HoldDeps, start: HoldStart, onEnd: (end: HoldEnd) => void) {
    this.taskId = start.taskId;
    this.token = start.value.token;
    this.#deps = deps;
    this.#reference = start.reference;
    this.#onEnd = onEnd;
    this.#value = start.value;
    this.#sentAtMs = start.sentAtMs;
  }

  /** The register's value as this node knows it. */
  get value(): TaskValue {
    return this.#value;
  }

  /** Begins the lease: renews it unless that would not be due yet, and goes on renewing it every third of it. */
  async open(): Promise<ChangeOutcome> {
    const sentAtMs = this.#sentAtMs;
    const isNew = sentAtMs !== undefined && this.#deps.awakeMs() - sentAtMs < this.#value.leaseMs / 6;
    if (sentAtMs === undefined || !isNew) return await this.#renew();
    this.#arm(sentAtMs);
    return { type: "decided", value: this.#value };
  }

  /** Has the register changed under this token. */
  async change(act: TaskAct): Promise<ChangeOutcome> {
    const outcome = await this.#run(act);
    // outside of the queue: a disk that is full for a while must not hold the renewals up
    for (let next = this.#untold.shift(); next; next = this.#untold.shift()) await this.#deps.tell(this.taskId, next);
    return outcome;
  }

  async #run(act: TaskAct): Promise<ChangeOutcome> {
    try {
      return await this.#changes.run(() => this.#change(act));
    } catch (error) {
      if (this.#deps.stopped.aborted) return { type: "undecided", reason: "stopping" };
      throw error;
    }
  }

  /** Ends the renewals. Changes that are queued are still sent, once. Idempotent. */
  close(): void {
    this.#closed.abort();
    this.#renewTimer?.cancel();
    this.#fenceTimer?.cancel();
  }

  async #change(act: TaskAct): Promise<ChangeOutcome> {
    const { register, self, stopped: signal } = this.#deps;
    const key = taskKey(this.taskId);
    const timeoutMs = Math.min(MAX_SUBMIT_MS, Math.max(MIN_SUBMIT_MS, this.#value.leaseMs / 4));
    for (let tries = 1;; tries++) {
      const outcome = await register.submit(key, commandFor(this.#value, this.#reference, act), {
        signal,
        timeoutMs,
      });
      if (outcome.type === "decided") {
        this.#value = outcome.value;
        // renewals leave no entry: nobody but the voters needs them
        if (act.type !== "renew") this.#untold.push(outcome.certificate);
        return { type: "decided", value: outcome.value };
      }
      const isBehind = outcome.type === "refused"
        ? outcome.code === "stale_version" || outcome.code === "stale_renewal"
        : outcome.reason === "overtaken";
      // a hold that is over says nothing again: the next one of this token may work already
      const isOpen = !this.#closed.signal.aborted;
      if (isBehind && isOpen && tries < MAX_CHANGE_TRIES && await this.#catchUp()) continue;
      if (outcome.type === "undecided") return { type: "undecided", reason: outcome.reason };
      const { code, value, retryAfterMs } = outcome;
      const isLost = code === "stale_token" ||
        (value !== undefined && (value.holder !== self || value.token !== this.token));
      if (isLost) {
        this.#deps.logger.warn("The voters refuse a token", {
          task: this.taskId,
          token: this.token,
          act: act.type,
          code,
        });
        this.#end("lost");
      }
      return { type: "refused", code, isLost, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
    }
  }

  /** Reads what was decided without this node hearing of it (a crash, a lost reply); true while it is still the holder. */
  async #catchUp(): Promise<boolean> {
    const read = await this.#deps.register.read(taskKey(this.taskId), {
      signal: this.#deps.stopped,
      timeoutMs: MAX_SUBMIT_MS,
    });
    if (read.type !== "value" || !read.value) return false;
    const { value, certificate } = read;
    if (value.holder !== this.#deps.self || value.token !== this.token) {
      this.#end("lost");
      return false;
    }
    const isTold = value.version <= this.#value.version;
    this.#value = value;
    if (!isTold && certificate) this.#untold.push(certificate);
    return true;
  }

  async #renew(): Promise<ChangeOutcome> {
    const sentAtMs = this.#deps.awakeMs();
    const outcome = await this.#run({ type: "renew" });
    if (outcome.type === "decided") this.#arm(sentAtMs);
    return outcome;
  }

  /** The lease counts from when its renewal was sent: the voters saw it later. */
  #arm(sentAtMs: number): void {
    if (this.#closed.signal.aborted) return;
    this.#sentAtMs = sentAtMs;
    this.#renewTimer ??= this.#deps.clock.setPeriodic(this.#value.leaseMs / 3, () => this.#onRenewDue());
    this.#watch(sentAtMs);
  }

  /** Timers stand still while the machine sleeps, so the clock is asked often: a lease that ended meanwhile ends soon after. */
  #watch(sentAtMs: number): void {
    this.#fenceTimer?.cancel();
    const leftMs = sentAtMs + HOLDER_STOPS_AFTER_LEASES * this.#value.leaseMs - this.#deps.awakeMs();
    if (leftMs <= 0) this.#end("expired");
    else this.#fenceTimer = this.#deps.clock.setTimer(Math.min(leftMs, LEASE_LOOK_MS), () => this.#watch(sentAtMs));
  }

  #onRenewDue(): void {
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    this.#renew().then(
      (outcome) => {
        if (outcome.type !== "decided") {
          const why = outcome.type === "refused" ? outcome.code : outcome.reason;
          this.#deps.logger.warn("A lease was not renewed", { task: this.taskId, token: this.token, why });
        }
      },
      (error) => this.#deps.logger.warn("A lease was not renewed", { task: this.taskId, why: errorMessage(error) }),
    ).finally(() => {
      this.#isRenewing = false;
    });
  }

  #end(end: HoldEnd): void {
    if (!this.#closed.signal.aborted) this.#onEnd(end);
  }
}
