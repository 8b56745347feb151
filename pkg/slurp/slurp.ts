import type { Clock, Random } from "@bzzz/base";
import type { ContentSealer, ContextStore, DecisionDesk, VersionIndex } from "@bzzz/context";
import type { Role, RoleSet } from "@bzzz/crypto";
import type { Logger } from "@bzzz/logging";
import type { Store } from "@bzzz/store";
import type { Address } from "@bzzz/ucxl";
import { type Alignment, alignmentOf } from "./alignment/alignment.ts";
import { GoalFinder } from "./alignment/goal_finder.ts";
import type { Breaker } from "./breaker.ts";
import { ContextResolver, type ResolvedContext } from "./context/resolver.ts";
import { SliceReader } from "./distribution/slice_reader.ts";
import { SlurpError } from "./errors.ts";
import { SourceReader } from "./intelligence/source_reader.ts";
import { Summaries, type Summariser } from "./intelligence/summaries.ts";
import { type DeadLetter, DeadLetters } from "./leader/dead_letters.ts";
import { Deriver, type HeldTerm } from "./leader/deriver.ts";
import { SlurpLeader, type SlurpLeaderStatus } from "./leader/slurp_leader.ts";
import type { TermLedger } from "./leader/term_ledger.ts";
import type { GraphDirection } from "./temporal/decision_graph.ts";
import { DecisionHistory, type TemporalView } from "./temporal/history.ts";

/** What it stands on. */
export interface SlurpDeps {
  readonly index: VersionIndex;
  readonly context: Pick<ContextStore, "open" | "put">;
  readonly sealer: Pick<ContentSealer, "revocations">;
  readonly decisions: Pick<DecisionDesk, "list">;
  readonly terms: TermLedger;
  readonly roles: () => RoleSet;
  /** The role of this node now. */
  readonly role: () => Role;
  readonly store: Pick<Store, "kv">;
  readonly breaker: Breaker;
  /** Runs work while this node leads, never twice at a time; the election's fits. */
  readonly election: { whileLeader(name: string, work: (held: HeldTerm) => Promise<void>): AsyncDisposable };
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Plain settings. */
export interface SlurpOptions {
  /** Whether this node derives while it leads. What it reads does not depend on it. */
  readonly isEnabled: boolean;
  readonly maxDepth: number;
  /** Opened slices that are kept in memory. */
  readonly maxCached: number;
  /** See `SlurpLeaderOptions`. */
  readonly settleMs: number;
  readonly retryWindowMs: number;
  readonly replaysPerMinute: number;
  readonly maxDeadLetters: number;
  /** Where the goals are; looked for unless told. */
  readonly goals: Address | undefined;
}

/** How deriving stands on this node. */
export interface SlurpStatus extends SlurpLeaderStatus {
  readonly isEnabled: boolean;
  readonly breaker: Breaker["state"];
  readonly deadLetters: number;
  readonly counters: ReadonlyMap<string, number>;
  readonly cache: { readonly hits: number; readonly misses: number };
  /** The model that long texts are summed up with; undefined: rules alone. */
  readonly summaries: { readonly by: string; readonly breaker: Breaker["state"]; readonly perHour: number } | undefined;
}

/** An address compared with goals. */
export interface AlignedContext extends Alignment {
  readonly context: ResolvedContext;
  /** Citation of the goals. */
  readonly goalsSource: string;
}

/**
 * The why behind every address: the leader derives it from what is there, everybody reads the part that is meant for their role. Close
 * with `stop`.
 */
export class Slurp {
  readonly #deps: SlurpDeps;
  readonly #options: SlurpOptions;
  readonly #slices: SliceReader;
  readonly #resolver: ContextResolver;
  readonly #history: DecisionHistory;
  readonly #goals: GoalFinder;
  readonly #deadLetters: DeadLetters;
  readonly #summaries: Summaries;
  readonly #sources: SourceReader;
  readonly #leader: SlurpLeader;
  #duty: AsyncDisposable | undefined;

  constructor(deps: SlurpDeps, options: SlurpOptions) {
    this.#deps = deps;
    this.#options = options;
    const count = (name: string) => this.#leader.counters.add(name);
    this.#slices = new SliceReader(deps, options);
    this.#resolver = new ContextResolver({ slices: this.#slices }, options);
    this.#history = new DecisionHistory(deps);
    this.#goals = new GoalFinder(deps, { named: options.goals });
    this.#deadLetters = new DeadLetters({ ...deps, onDropped: () => count("dead_dropped") }, {
      max: options.maxDeadLetters,
    });
    this.#summaries = new Summaries({ ...deps, onOutcome: (outcome) => count(`summaries_${outcome}`) });
    const sources = new SourceReader({ ...deps, summaries: this.#summaries });
    this.#sources = sources;
    const deriver = new Deriver({ ...deps, sources, slices: this.#slices });
    this.#leader = new SlurpLeader({ ...deps, deriver, sources, deadLetters: this.#deadLetters }, options);
  }

  /** Has long texts summed up by a model from now on; without one, summaries are what rules find. */
  setSummariser(summariser: Summariser): void {
    this.#summaries.use(summariser);
    this.#sources.forget();
    this.#leader.rescan();
  }

  /** This node reads more than before: what it could not read is derived again, if it leads. */
  rescan(): void {
    this.#leader.rescan();
  }

  /** Derives from now on whenever this node leads, unless that is switched off. */
  start(): void {
    if (!this.#options.isEnabled) return;
    this.#duty = this.#deps.election.whileLeader("slurp", (held) => this.#leader.run(held));
  }

  /** Waits for what is being derived. */
  async stop(): Promise<void> {
    await this.#duty?.[Symbol.asyncDispose]();
  }

  /** What this node's role needs to know about an address. */
  async contextOf(
    address: Address,
    options: { readonly maxDepth?: number; readonly signal?: AbortSignal } = {},
  ): Promise<ResolvedContext> {
    return await this.#resolver.resolve(address, this.#deps.role(), options);
  }

  /** Versions of an address and the decisions around it. @throws ContextError "not_found" */
  async around(
    address: Address,
    options: { readonly hops: number; readonly direction: GraphDirection },
  ): Promise<TemporalView> {
    return await this.#history.around(address, options);
  }

  /** How well an address serves the goals of its project. @throws SlurpError "not_found"; GoalsError; ContextError */
  async align(address: Address, options: { readonly signal?: AbortSignal } = {}): Promise<AlignedContext> {
    const { goals, source } = await this.#goals.find(address.project, options);
    const context = await this.contextOf(address, options);
    return { ...alignmentOf(context.fields, goals), context, goalsSource: source };
  }

  status(): SlurpStatus {
    const { summariser } = this.#summaries;
    return {
      ...this.#leader.status(),
      isEnabled: this.#options.isEnabled,
      breaker: this.#deps.breaker.state,
      deadLetters: this.#deadLetters.size,
      counters: this.#leader.counters.entries(),
      cache: this.#slices.stats(),
      summaries: summariser &&
        { by: summariser.name, breaker: summariser.breaker.state, perHour: summariser.perHour },
    };
  }

  /** Newest first. */
  deadLetters(): readonly DeadLetter[] {
    return this.#deadLetters.list();
  }

  deadLetter(id: string): DeadLetter | undefined {
    return this.#deadLetters.get(id);
  }

  /** Tries the dead letter with an id again, or all; how many wait now. @throws SlurpError "not_the_leader", "not_found" */
  replay(id: string | undefined): number {
    if (!this.#options.isEnabled) {
      throw new SlurpError("slurp_disabled", 'Cannot try again: "slurp.enabled" is false on this node');
    }
    return this.#leader.replay(id);
  }
}
