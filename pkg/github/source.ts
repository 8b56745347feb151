import { type Clock, CounterMap, type MeshId, type Random } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import { GitHubClient } from "./client.ts";
import type { MeshTasks } from "./mesh_tasks.ts";
import { PolledTerm, type RoundFailure } from "./polled_term.ts";
import { RateLimit } from "./rate_limit.ts";
import { type Breaker, Transport } from "./transport.ts";
import type { GitHubOptions } from "./types.ts";

/** A term that this node leads; the election's fits. */
export interface HeldTerm {
  readonly term: number;
  /** Aborts when it leads no more. */
  readonly signal: AbortSignal;
  /** Whether the lease runs at this very moment. */
  isHeld(): boolean;
}

/** What the source stands on. */
export interface GitHubSourceDeps {
  readonly tasks: MeshTasks;
  readonly mesh: MeshId;
  readonly breaker: Breaker;
  readonly fetch: (request: Request) => Promise<Response>;
  /** The token of now; called before every request. @throws GitHubError "unauthorized" */
  readonly token: () => Promise<string | undefined>;
  /** Runs work while this node leads, never twice at a time; the election's fits. */
  readonly election: { whileLeader(name: string, work: (held: HeldTerm) => Promise<void>): AsyncDisposable };
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** How the source stands on this node. */
export interface GitHubSourceStatus {
  /** Off while another node leads. */
  readonly state: "off" | "polling";
  /** Wall time of the last round in which all went well. */
  readonly lastSuccessAtMs: number | undefined;
  /** What went wrong last in the newest round; undefined when nothing did. */
  readonly failure: RoundFailure | undefined;
  readonly breaker: Breaker["state"];
  readonly counters: ReadonlyMap<string, number>;
}

/**
 * Issues of GitHub as tasks of the mesh, and what becomes of them back on the issues. The leader does it, so that one node
 * asks; everything is done in a way that the next leader can do it again. Close with `stop`.
 */
export class GitHubSource {
  readonly #deps: GitHubSourceDeps;
  readonly #options: GitHubOptions;
  readonly #counters = new CounterMap();
  readonly #limit: RateLimit;
  readonly #client: GitHubClient;
  #duty: AsyncDisposable | undefined;
  #isPolling = false;
  #lastSuccessAtMs: number | undefined;
  #failure: GitHubSourceStatus["failure"];

  constructor(deps: GitHubSourceDeps, options: GitHubOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#limit = new RateLimit(deps);
    const onEvent = (name: string) => this.#counters.add(name);
    this.#client = new GitHubClient(new Transport({ ...deps, limit: this.#limit, onEvent }), options);
  }

  /** Polls from now on whenever this node leads. */
  start(): void {
    this.#duty = this.#deps.election.whileLeader("github", (held) => this.#run(held));
  }

  /** Waits for what is under way. */
  async stop(): Promise<void> {
    await this.#duty?.[Symbol.asyncDispose]();
  }

  status(): GitHubSourceStatus {
    return {
      state: this.#isPolling ? "polling" : "off",
      lastSuccessAtMs: this.#lastSuccessAtMs,
      failure: this.#failure,
      breaker: this.#deps.breaker.state,
      counters: this.#counters.entries(),
    };
  }

  async #run(held: HeldTerm): Promise<void> {
    this.#isPolling = true;
    try {
      await new PolledTerm(
        {
          ...this.#deps,
          client: this.#client,
          limit: this.#limit,
          onEvent: (name) => this.#counters.add(name),
          onRound: (failure) => {
            this.#failure = failure;
            if (!failure) this.#lastSuccessAtMs = this.#deps.clock.nowMs();
          },
        },
        this.#options,
        { signal: held.signal, isHeld: () => held.isHeld() },
      ).run();
    } finally {
      this.#isPolling = false;
      this.#failure = undefined;
    }
  }
}
