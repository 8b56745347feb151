// Leaders before a GitHub in memory: for the tests of the source.
import assert from "node:assert/strict";
import { afterThisTurn, type MeshId } from "@bzzz/base";
import { createSeededRandom, ManualClock } from "@bzzz/base/testing";
import { createLogger, type LogRecord } from "@bzzz/logging";
import { GitHubSource, type HeldTerm } from "../source.ts";
import { FakeGitHub, type FakeGitHubOptions, type FakeIssue, MemoryMeshTasks } from "../testing.ts";
import type { Breaker } from "../transport.ts";
import type { GitHubOptions } from "../types.ts";

/** The token that GitHub takes. */
export const TOKEN = "ghp_secret_of_the_test";
/** The repository that is read. */
export const SHOP = "acme/shop";
const MESH = "0123456789abcdef0123456789abcdef" as MeshId;

const BREAKER: Breaker = { state: "closed", call: (operation, options) => operation(options) };

/** A mesh and a GitHub in one virtual time, and terms in which one node after another leads. */
export class Stage implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly tasks = new MemoryMeshTasks(this.clock);
  readonly github: FakeGitHub;
  readonly records: LogRecord[] = [];
  readonly options: GitHubOptions;
  #term: { readonly controller: AbortController; readonly source: GitHubSource } | undefined;
  #terms = 0;

  constructor(options: Partial<GitHubOptions> & FakeGitHubOptions = {}) {
    const { token = TOKEN, association, pageSize, ...more } = options;
    this.github = new FakeGitHub({
      token,
      ...(association === undefined ? {} : { association }),
      ...(pageSize === undefined ? {} : { pageSize }),
    });
    this.options = {
      apiUrl: this.github.url,
      repositories: [SHOP],
      label: "bzzz-task",
      inProgressLabel: "in-progress",
      doneLabel: "completed",
      mayWrite: true,
      tellsResults: false,
      closes: false,
      pollIntervalMs: 60_000,
      ...more,
    };
  }

  get source(): GitHubSource {
    assert.ok(this.#term);
    return this.#term.source;
  }

  /** Whether the term of the one that led was broken off. */
  get isOver(): boolean {
    return this.#term?.controller.signal.aborted ?? true;
  }

  /** The one that leads does so no more. */
  breakOff(): void {
    this.#term?.controller.abort();
  }

  /** Another node leads from now on, and remembers nothing of what the one before did. */
  async lead(): Promise<GitHubSource> {
    await this.depose();
    const controller = new AbortController();
    const held: HeldTerm = { term: ++this.#terms, signal: controller.signal, isHeld: () => !controller.signal.aborted };
    let ended = Promise.resolve();
    const { clock, records } = this;
    const source = new GitHubSource({
      tasks: this.tasks,
      mesh: MESH,
      breaker: BREAKER,
      fetch: this.github.fetch,
      token: () => Promise.resolve(this.options.mayWrite ? TOKEN : undefined),
      election: {
        whileLeader: (_name, work) => {
          ended = work(held);
          return { [Symbol.asyncDispose]: () => ended };
        },
      },
      clock,
      random: createSeededRandom(this.#terms),
      logger: createLogger({ sink: (record) => void records.push(record), nowMs: () => clock.nowMs() }, {
        level: "warn",
      }),
    }, this.options);
    source.start();
    this.#term = { controller, source };
    return source;
  }

  async depose(): Promise<void> {
    this.breakOff();
    await this.#term?.source.stop();
    this.#term = undefined;
  }

  /** Lets virtual time pass until something holds. */
  async until(what: string, condition: () => unknown): Promise<void> {
    for (let seconds = 0; seconds < 20_000; seconds++) {
      if (condition()) return;
      await this.clock.advance(1_000);
      await new Promise<void>((resolve) => afterThisTurn(resolve));
    }
    assert.fail(`Waited in vain for ${what}: ${Deno.inspect([this.github.seen.slice(-10), this.source.status()])}`);
  }

  /** Whole rounds, one after the other. */
  async rounds(count: number): Promise<void> {
    const seen = () => this.source.status().counters.get("rounds") ?? 0;
    const wanted = seen() + count;
    await this.until(`${count} rounds`, () => seen() >= wanted);
  }

  get writes(): readonly string[] {
    return this.github.seen.filter(({ method }) => method !== "GET").map(({ method, path }) => `${method} ${path}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.depose();
    await this.github[Symbol.asyncDispose]();
  }
}

/** What its comments say of the task, in order: "posted 0", "ended 1". */
export function ends(issue: FakeIssue): string[] {
  return issue.comments.map(({ body }) => /<!-- bzzz:(?:task \w+ )?(\w+ \d+) -->$/.exec(body)?.[1] ?? body);
}
