import { backoffMs, BzzzError, type Clock, errorMessage, LruMap, type MeshId, type Random } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import type { GitHubClient } from "./client.ts";
import { ISSUE_RETRY, MAX_REMEMBERED_ISSUES, MAX_ROUND_PAUSE_MS, RECENT_END_MS, SETTLE_MS } from "./constants.ts";
import { endsRound, GitHubError } from "./errors.ts";
import { IssueDesk, keyOf } from "./issue_desk.ts";
import { parseClientId, taskIdOf } from "./issue_id.ts";
import type { MeshTasks, SourcedTask } from "./mesh_tasks.ts";
import type { RateLimit } from "./rate_limit.ts";
import type { CallOptions } from "./transport.ts";
import type { GitHubOptions, Issue, IssueRef } from "./types.ts";

/** What went wrong in a round. */
export interface RoundFailure {
  readonly code: string;
  readonly message: string;
}

/** What a term of polling stands on. */
export interface PolledTermDeps {
  readonly client: GitHubClient;
  readonly limit: RateLimit;
  readonly tasks: MeshTasks;
  readonly mesh: MeshId;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly onEvent: (name: string) => void;
  /** Called after every round, with what went wrong last in it. */
  readonly onRound: (failure: RoundFailure | undefined) => void;
}

/** An issue that is left alone for a while. */
interface FailedIssue {
  readonly times: number;
  readonly untilMs: number;
  readonly failure: RoundFailure;
}

/** An interval is up to a tenth longer, so that many meshes do not ask at the same moment. */
const JITTER = 0.1;

/**
 * One term of asking GitHub: a round through the repositories at every interval, and between them a look at the issues
 * whose tasks have changed. One request at a time.
 */
export class PolledTerm {
  readonly #deps: PolledTermDeps;
  readonly #options: GitHubOptions;
  readonly #call: CallOptions;
  readonly #desk: IssueDesk;
  /** By name in lower case: the name as configured. */
  readonly #repositories: ReadonlyMap<string, string>;
  /** Issues to look at, listed or not, by key; at most `MAX_REMEMBERED_ISSUES`, of more the next rounds find those that go on. */
  readonly #due = new Map<string, IssueRef>();
  /** Issues at which something failed. */
  readonly #failed = new LruMap<string, FailedIssue>(MAX_REMEMBERED_ISSUES);
  /** Repositories that were listed in the newest round that asked them. */
  readonly #reached = new Set<string>();
  readonly #warned = new Set<string>();
  #settleAtMs = Infinity;
  #wake: () => void = () => {};
  #failure: RoundFailure | undefined;

  constructor(deps: PolledTermDeps, options: GitHubOptions, call: CallOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#call = call;
    this.#desk = new IssueDesk(deps, options);
    this.#repositories = new Map(options.repositories.map((name) => [name.toLowerCase(), name]));
  }

  /** Resolves when the term is over. */
  async run(): Promise<void> {
    const { tasks, clock } = this.#deps;
    const { signal } = this.#call;
    tasks.onChanged((task) => this.#noteChange(task), { signal });
    // who led before may have ended between the last step on GitHub and the comment that tells of it
    for (const task of tasks.recent(clock.nowMs() - RECENT_END_MS)) this.#markDue(task);
    let roundAtMs = clock.monotonicMs();
    for (let failures = 0; !signal.aborted;) {
      if (clock.monotonicMs() >= roundAtMs) {
        failures = await this.#guarded(() => this.#round()) ? 0 : failures + 1;
        this.#tellRound();
        roundAtMs = clock.monotonicMs() + this.#pauseMs(failures);
      } else if (clock.monotonicMs() >= this.#settleAtMs) {
        this.#settleAtMs = Infinity;
        await this.#guarded(() => this.#settleDue(new Set()));
      }
      await this.#sleepUntil(Math.min(roundAtMs, this.#settleAtMs));
    }
  }

  /** False when it ended before its end. */
  async #guarded(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      if (!this.#call.signal.aborted) this.#noteFailure("all", error);
      return false;
    }
  }

  async #round(): Promise<void> {
    this.#failure = undefined;
    for (const task of this.#deps.tasks.recent(Infinity)) this.#markDue(task);
    const listed = new Set<string>();
    for (const repository of this.#options.repositories) {
      for (const issue of await this.#list(repository)) {
        listed.add(keyOf(issue));
        await this.#settle(issue, () => Promise.resolve(issue));
      }
    }
    await this.#settleDue(listed);
  }

  async #list(repository: string): Promise<readonly Issue[]> {
    const { client, logger, onEvent } = this.#deps;
    try {
      const { issues, isComplete } = await client.listIssues(repository, this.#options.label, this.#call);
      if (!isComplete) {
        onEvent("lists_cut");
        if (this.#isNews(`cut ${repository}`)) {
          logger.warn("More issues have the label than are taken at a time", { repository, taken: issues.length });
        }
      }
      this.#reached.add(repository);
      return issues;
    } catch (error) {
      this.#reached.delete(repository);
      if (this.#call.signal.aborted || endsRound(error)) throw error;
      this.#noteFailure(repository, error);
      return [];
    }
  }

  async #settleDue(listed: ReadonlySet<string>): Promise<void> {
    for (const [key, ref] of [...this.#due]) {
      if (!listed.has(key)) await this.#settle(ref, () => this.#deps.client.issue(ref, this.#call));
    }
  }

  /** @throws what `endsRound` */
  async #settle(ref: IssueRef, read: () => Promise<Issue>): Promise<void> {
    const { clock, random } = this.#deps;
    const key = keyOf(ref);
    const failed = this.#failed.get(key);
    if (failed && clock.monotonicMs() < failed.untilMs) {
      this.#failure = failed.failure; // left alone is not well
      return;
    }
    this.#due.delete(key); // a change that comes meanwhile makes it due again
    try {
      const issue = await this.#readUnlessDeleted(ref, read);
      await (issue ? this.#desk.settle(issue, this.#call) : this.#desk.forsake(ref));
      this.#failed.delete(key);
    } catch (error) {
      this.#due.set(key, ref);
      if (this.#call.signal.aborted || endsRound(error)) throw error;
      const times = (failed?.times ?? 0) + 1;
      const untilMs = clock.monotonicMs() + backoffMs(random, times, ISSUE_RETRY);
      this.#failed.set(key, { times, untilMs, failure: this.#noteFailure(key, error) });
    }
  }

  /** Undefined of an issue that a person has deleted: GitHub says so, and shows the repository's others. */
  async #readUnlessDeleted(ref: IssueRef, read: () => Promise<Issue>): Promise<Issue | undefined> {
    try {
      return await read();
    } catch (error) {
      if (error instanceof GitHubError && error.code === "gone" && this.#reached.has(ref.repository)) return undefined;
      throw error;
    }
  }

  #noteChange(task: SourcedTask): void {
    if (!this.#markDue(task)) return;
    this.#settleAtMs = Math.min(this.#settleAtMs, this.#deps.clock.monotonicMs() + SETTLE_MS);
    this.#wake();
  }

  /** False of a task that is none of these repositories, or that somebody else has given an issue's client id. */
  #markDue({ clientId, taskId }: SourcedTask): boolean {
    const { mesh } = this.#deps;
    const ref = parseClientId(clientId);
    const repository = ref && this.#repositories.get(ref.repository);
    if (!ref || repository === undefined) return false;
    if (taskIdOf({ mesh, apiUrl: this.#options.apiUrl }, clientId) !== taskId) return false;
    const issue = { repository, number: ref.number };
    if (this.#due.size < MAX_REMEMBERED_ISSUES) this.#due.set(keyOf(issue), issue);
    return true;
  }

  #noteFailure(where: string, error: unknown): RoundFailure {
    const { logger, onEvent } = this.#deps;
    const code = error instanceof BzzzError ? error.code : "defect";
    const failure = { code, message: errorMessage(error) };
    this.#failure = failure;
    onEvent("failed");
    const fields = { where, code };
    if (this.#isNews(`${where} ${code}`)) logger.warn("Issues of GitHub are not all looked after", fields, error);
    else logger.debug("Issues of GitHub are still not all looked after", fields, error);
    return failure;
  }

  /** Said once a term; of many different ones the first. */
  #isNews(what: string): boolean {
    if (this.#warned.has(what) || this.#warned.size >= MAX_WARNINGS) return false;
    this.#warned.add(what);
    return true;
  }

  #tellRound(): void {
    if (this.#call.signal.aborted) return;
    this.#deps.onEvent("rounds");
    this.#deps.onRound(this.#failure);
  }

  #pauseMs(failures: number): number {
    const { random, limit } = this.#deps;
    const { pollIntervalMs: baseMs } = this.#options;
    const usualMs = baseMs * (1 + JITTER * random.float());
    const longerMs = failures === 0 ? 0 : backoffMs(random, failures, { baseMs, maxMs: MAX_ROUND_PAUSE_MS });
    const limitMs = limit.waitMs();
    return Math.max(usualMs, longerMs, limitMs === 0 ? 0 : limitMs + baseMs * JITTER * random.float());
  }

  async #sleepUntil(atMs: number): Promise<void> {
    const { clock } = this.#deps;
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    const waitMs = atMs - clock.monotonicMs();
    if (waitMs <= 0) return;
    // woken or over: the loop looks
    await clock.sleep(waitMs, { signal: AbortSignal.any([woken.signal, this.#call.signal]) }).catch(() => {});
  }
}

const MAX_WARNINGS = 200;
