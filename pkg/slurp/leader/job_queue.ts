import { backoffMs, type Random } from "@bzzz/base";
import { type Subject, subjectKey } from "../context/levels.ts";
import type { SlurpEvent } from "./events.ts";

/** Subjects that wait; one more makes the queue ask for a look at all of them instead. */
const MAX_WAITING = 10_000;
/** Events that a job remembers; what is derived follows from all versions anyway. */
const MAX_EVENTS = 16;
const RETRY = { baseMs: 1_000, maxMs: 60_000 } as const;

/** One subject that is to be derived. */
export interface Job {
  readonly subject: Subject;
  /** What happened since it was derived last, by idempotency key; empty when a look at everything found it. */
  readonly events: ReadonlyMap<string, SlurpEvent>;
  /** Tries that failed. */
  readonly attempts: number;
  readonly firstFailureAtMs: number | undefined;
  readonly dueAtMs: number;
}

/** What became of an event. `duplicate`: one with its key waits already. `overflow`: nothing is lost, everything will be looked at. */
export type Added = "queued" | "coalesced" | "duplicate" | "overflow";

/**
 * What is to be derived, one job a subject, in the order in which jobs fall due. An event is told apart from those that wait by its key,
 * never from those that are done: what came in the same bucket after a job began is another job. Pure but for chance; time is given.
 */
export class JobQueue {
  readonly #waiting = new Map<string, Job>();
  readonly #random: Random;
  readonly #options: { readonly settleMs: number; readonly retryWindowMs: number };
  #hasOverflowed = false;

  /** `settleMs`: how long a job waits for more of its kind. `retryWindowMs`: how long after its first failure it is given up. */
  constructor(random: Random, options: { readonly settleMs: number; readonly retryWindowMs: number }) {
    this.#random = random;
    this.#options = options;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Whether subjects were left out since the last call: everything has to be looked at. */
  takeOverflow(): boolean {
    const has = this.#hasOverflowed;
    this.#hasOverflowed = false;
    return has;
  }

  add(event: SlurpEvent, nowMs: number): Added {
    const key = subjectKey(event);
    const job = this.#waiting.get(key);
    if (job?.events.has(event.idempotencyKey)) return "duplicate";
    if (!job && !this.#hasRoom()) return "overflow";
    const events = new Map([...job?.events ?? []].slice(1 - MAX_EVENTS)).set(event.idempotencyKey, event);
    this.#waiting.set(key, job ? { ...job, events } : { ...newJob(event, nowMs + this.#options.settleMs), events });
    return job ? "coalesced" : "queued";
  }

  /** A subject without an event, due at once. */
  addSubject(subject: Subject, nowMs: number): void {
    if (!this.#waiting.has(subjectKey(subject)) && this.#hasRoom()) {
      this.#waiting.set(subjectKey(subject), newJob(subject, nowMs));
    }
  }

  /** Takes the job that is due, the one that waits longest first; otherwise in how many milliseconds one is; undefined when none waits. */
  next(nowMs: number): { readonly job: Job } | { readonly inMs: number } | undefined {
    let first: Job | undefined;
    for (const job of this.#waiting.values()) if (!first || job.dueAtMs < first.dueAtMs) first = job;
    if (!first) return undefined;
    if (first.dueAtMs > nowMs) return { inMs: first.dueAtMs - nowMs };
    this.#waiting.delete(subjectKey(first.subject));
    return { job: first };
  }

  /** The job failed: it is tried again later, unless its window is over. Events that came meanwhile are joined. */
  failed(job: Job, nowMs: number): "retried" | "given_up" {
    const firstFailureAtMs = job.firstFailureAtMs ?? nowMs;
    if (nowMs - firstFailureAtMs >= this.#options.retryWindowMs) return "given_up";
    const attempts = job.attempts + 1;
    this.#putBack({ ...job, attempts, firstFailureAtMs, dueAtMs: nowMs + backoffMs(this.#random, attempts, RETRY) });
    return "retried";
  }

  /** The job did not run, by no fault of its own: again in `delayMs`. */
  postpone(job: Job, nowMs: number, delayMs: number): void {
    this.#putBack({ ...job, dueAtMs: nowMs + delayMs });
  }

  #putBack(job: Job): void {
    const newer = this.#waiting.get(subjectKey(job.subject));
    const events = new Map([...job.events, ...newer?.events ?? []].slice(-MAX_EVENTS));
    this.#waiting.set(subjectKey(job.subject), { ...job, events });
  }

  #hasRoom(): boolean {
    if (this.#waiting.size < MAX_WAITING) return true;
    this.#hasOverflowed = true;
    return false;
  }
}

function newJob({ project, task }: Subject, dueAtMs: number): Job {
  return { subject: { project, task }, events: new Map(), attempts: 0, firstFailureAtMs: undefined, dueAtMs };
}
