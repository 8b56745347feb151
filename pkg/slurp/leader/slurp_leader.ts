import { afterThisTurn, BzzzError, type Clock, CounterMap, errorMessage, type Random, TokenBucket } from "@bzzz/base";
import type { VersionIndex } from "@bzzz/context";
import type { Logger } from "@bzzz/logging";
import type { Breaker } from "../breaker.ts";
import { type Subject, subjectKey } from "../context/levels.ts";
import { SlurpError } from "../errors.ts";
import type { SourceReader } from "../intelligence/source_reader.ts";
import type { DeadLetter, DeadLetters } from "./dead_letters.ts";
import type { Deriver, HeldTerm } from "./deriver.ts";
import { eventOf } from "./events.ts";
import { type Job, JobQueue } from "./job_queue.ts";

/** Subjects that are taken from the index at once while everything is looked at. */
const SCAN_CHUNK = 100;
/** Subjects that wait for summaries; of more, the next term finds them. */
const MAX_LACKING = 10_000;
/** A wait that nothing ends looks at the queue all the same. */
const MAX_WAIT_MS = 60_000;

/** What the leader's work stands on. */
export interface SlurpLeaderDeps {
  readonly index: Pick<VersionIndex, "events" | "subjects">;
  readonly deriver: Pick<Deriver, "derive">;
  readonly sources: Pick<SourceReader, "beginTerm" | "isLacking" | "askableInMs">;
  readonly deadLetters: DeadLetters;
  readonly breaker: Breaker;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Plain settings of it. */
export interface SlurpLeaderOptions {
  /** Bucket of time in which events of one kind are one, and how long a job waits for more of them. */
  readonly settleMs: number;
  /** How long after its first failure a job is given up. */
  readonly retryWindowMs: number;
  /** Dead letters that are tried again in a minute. */
  readonly replaysPerMinute: number;
}

/** What the leader's work does now. */
export interface SlurpLeaderStatus {
  /** `scanning`: looking at everything for what is not derived yet. */
  readonly state: "off" | "scanning" | "working" | "idle";
  readonly term: number | undefined;
  readonly sinceMs: number | undefined;
  readonly queued: number;
  readonly replaying: number;
  /** Subjects of which something has no summary of the model yet. */
  readonly lacking: number;
  readonly lastSuccessAtMs: number | undefined;
  readonly lastFailure: { readonly code: string; readonly atMs: number } | undefined;
}

/** One run of a term. */
interface Run {
  readonly held: HeldTerm;
  readonly queue: JobQueue;
  readonly startedAtMs: number;
  scanFrom: Subject | undefined;
  isScanned: boolean;
  isWorking: boolean;
  /** The lease ran out while it worked; the signal follows. */
  isLapsed: boolean;
}

/**
 * What only the leader does: it hears of new versions, and derives. `run` belongs to one term and ends with it; a term that is won begins
 * with a look at everything, because what is to be done follows from the journal and the slices, and not from who led before.
 */
export class SlurpLeader {
  readonly counters = new CounterMap();
  readonly #deps: SlurpLeaderDeps;
  readonly #options: SlurpLeaderOptions;
  readonly #replays: TokenBucket;
  /** Dead letters that wait for their turn; as many as there are letters at most. */
  readonly #replaying = new Map<string, Subject>();
  /** Subjects whose sources wait for the model; derived again one by one, as it may be asked. */
  readonly #lacking = new Map<string, Subject>();
  #run: Run | undefined;
  #wake: (() => void) | undefined;
  #lastSuccessAtMs: number | undefined;
  #lastFailure: SlurpLeaderStatus["lastFailure"];

  constructor(deps: SlurpLeaderDeps, options: SlurpLeaderOptions) {
    this.#deps = deps;
    this.#options = options;
    const perMinute = options.replaysPerMinute;
    this.#replays = new TokenBucket({ perSecond: perMinute / 60, burst: 1, nowMs: deps.clock.monotonicMs() });
  }

  status(): SlurpLeaderStatus {
    const run = this.#run;
    return {
      state: !run || run.isLapsed
        ? "off"
        : !run.isScanned
        ? "scanning"
        : run.isWorking || run.queue.size > 0
        ? "working"
        : "idle",
      term: run?.held.term,
      sinceMs: run?.startedAtMs,
      queued: run?.queue.size ?? 0,
      replaying: this.#replaying.size,
      lacking: this.#lacking.size,
      lastSuccessAtMs: this.#lastSuccessAtMs,
      lastFailure: this.#lastFailure,
    };
  }

  /**
   * Tries dead letters again, one after another as fast as is allowed: the one with an id, or all. How many wait for it now.
   * @throws SlurpError "not_the_leader", "not_found"
   */
  replay(id: string | undefined): number {
    if (!this.#run) {
      throw new SlurpError(
        "not_the_leader",
        "Cannot try again: this node does not lead; the leader finds what is not derived by itself",
      );
    }
    const letters = this.#lettersOf(id);
    for (const { id, project, task } of letters) this.#replaying.set(id, { project, task });
    this.#wake?.();
    return this.#replaying.size;
  }

  #lettersOf(id: string | undefined): readonly DeadLetter[] {
    const { deadLetters } = this.#deps;
    if (id === undefined) return deadLetters.list();
    const letter = deadLetters.get(id);
    if (!letter) throw new SlurpError("not_found", `Cannot try "${id}" again: there is no dead letter with that id`);
    return [letter];
  }

  /** What is derived may say more from now on: everything is looked at again. */
  rescan(): void {
    if (this.#run) [this.#run.scanFrom, this.#run.isScanned] = [undefined, false];
    this.#wake?.();
  }

  /** The work of one term, until its signal aborts. Never two at a time. */
  async run(held: HeldTerm): Promise<void> {
    if (this.#run) throw new TypeError("The work of a term has not ended yet");
    const { clock, index, random, sources } = this.#deps;
    const run: Run = {
      held,
      queue: new JobQueue(random, this.#options),
      startedAtMs: clock.nowMs(),
      scanFrom: undefined,
      isScanned: false,
      isWorking: false,
      isLapsed: false,
    };
    this.#run = run;
    sources.beginTerm();
    const listening = new AbortController();
    index.events.on("version:stored", ({ version }) => {
      const event = eventOf(version, { bucketMs: this.#options.settleMs });
      if (!event) return;
      this.counters.add("events");
      this.counters.add(`events_${run.queue.add(event, clock.monotonicMs())}`);
      this.#wake?.();
    }, { signal: listening.signal });
    try {
      while (!held.signal.aborted) await (run.isLapsed ? this.#wait(run, MAX_WAIT_MS) : this.#step(run));
    } finally {
      listening.abort();
      this.#replaying.clear();
      this.#lacking.clear();
      this.#run = undefined;
    }
  }

  async #step(run: Run): Promise<void> {
    const { clock } = this.#deps;
    if (run.queue.takeOverflow()) [run.scanFrom, run.isScanned] = [undefined, false];
    const nowMs = clock.monotonicMs();
    const [replay] = this.#replaying;
    if (replay && this.#replays.take(nowMs)) {
      this.#replaying.delete(replay[0]);
      this.counters.add("replayed");
      run.queue.addSubject(replay[1], nowMs);
    }
    const next = run.queue.next(nowMs);
    if (next && "job" in next) return await this.#work(run, next.job);
    if (!run.isScanned) return await this.#scan(run);
    const untilSummary = this.#lacking.size === 0 ? Infinity : this.#deps.sources.askableInMs() ?? Infinity;
    if (untilSummary === 0) return this.#takeLacking(run, nowMs);
    const untilReplay = this.#replaying.size === 0 ? Infinity : Math.ceil(60_000 / this.#options.replaysPerMinute);
    await this.#wait(run, Math.min(next?.inMs ?? Infinity, untilReplay, untilSummary, MAX_WAIT_MS));
  }

  /** One at a time, behind everything else, so that deriving again costs no more than the summaries there are. */
  #takeLacking({ queue }: Run, nowMs: number): void {
    const [first] = this.#lacking;
    if (!first) return;
    this.#lacking.delete(first[0]);
    queue.addSubject(first[1], nowMs);
  }

  /** Takes the next subjects from the index; gives way to everything else in between. */
  async #scan(run: Run): Promise<void> {
    const { index, clock } = this.#deps;
    const subjects = index.subjects({ limit: SCAN_CHUNK, ...(run.scanFrom ? { after: run.scanFrom } : {}) });
    for (const subject of subjects) run.queue.addSubject(subject, clock.monotonicMs());
    run.scanFrom = subjects.at(-1) ?? run.scanFrom;
    run.isScanned = subjects.length < SCAN_CHUNK;
    await new Promise<void>((resolve) => afterThisTurn(resolve));
  }

  async #work(run: Run, job: Job): Promise<void> {
    const { deriver, breaker, clock, deadLetters, sources } = this.#deps;
    const { held, queue } = run;
    const key = subjectKey(job.subject);
    run.isWorking = true;
    try {
      const { written, unchanged } = await breaker.call(
        ({ signal }) => deriver.derive(job.subject, held, { signal }),
        { signal: held.signal },
      );
      this.counters.add("derived");
      this.counters.add("slices_written", written);
      this.counters.add("slices_unchanged", unchanged);
      this.#lastSuccessAtMs = clock.nowMs();
      deadLetters.settle(job.subject);
      if (!sources.isLacking) this.#lacking.delete(key);
      else if (this.#lacking.size < MAX_LACKING) this.#lacking.set(key, job.subject);
    } catch (error) {
      if (held.signal.aborted) return;
      if (error instanceof SlurpError && error.code === "term_over") {
        run.isLapsed = true;
        return;
      }
      if (error instanceof BzzzError && error.code === "breaker_open") {
        return queue.postpone(job, clock.monotonicMs(), Number(error.details["retryAfterMs"] ?? 1_000));
      }
      this.#failed(run, job, error);
    } finally {
      run.isWorking = false;
    }
  }

  #failed({ queue, held }: Run, job: Job, error: unknown): void {
    const { clock, logger, deadLetters } = this.#deps;
    const code = error instanceof BzzzError ? error.code : "defect";
    this.counters.add("failed");
    this.#lastFailure = { code, atMs: clock.nowMs() };
    const outcome = queue.failed(job, clock.monotonicMs());
    const about = { subject: subjectKey(job.subject), attempts: job.attempts + 1, code };
    if (outcome === "retried") return logger.debug("A derivation is tried again later", about, error);
    this.counters.add("dead");
    logger.warn("A derivation was given up; `slurp dlq` shows it", about, error);
    deadLetters.add(job, { code, message: errorMessage(error), term: held.term, atMs: clock.nowMs() });
  }

  /** Until something happens, or for `delayMs`. */
  async #wait(run: Run, delayMs: number): Promise<void> {
    const { signal } = run.held;
    if (signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const onAbort = () => resolve();
    this.#wake = resolve;
    const timer = this.#deps.clock.setTimer(delayMs, resolve);
    signal.addEventListener("abort", onAbort, { once: true });
    await promise;
    signal.removeEventListener("abort", onAbort);
    timer.cancel();
    this.#wake = undefined;
  }
}
