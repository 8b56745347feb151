import type {
  AuthorView,
  DeadLetterView,
  ReplayView,
  SlurpAlignmentView,
  SlurpContextQuery,
  SlurpContextView,
  SlurpFacade,
  SlurpGraphQuery,
  SlurpGraphView,
  SlurpStatusView,
} from "@bzzz/api";
import type { PeerId } from "@bzzz/base";
import type { ElectionManager } from "@bzzz/election";
import { FIELD_NAMES, type ResolvedContext, type Slurp } from "@bzzz/slurp";
import { parseConcrete } from "@bzzz/ucxl";

/** What the desk shows. */
export type SlurpSource = Pick<
  Slurp,
  "status" | "contextOf" | "around" | "align" | "deadLetters" | "deadLetter" | "replay"
>;

/** What the desk stands on. */
export interface SlurpDeskDeps {
  readonly slurp: SlurpSource;
  readonly election: Pick<ElectionManager, "view">;
  /** A peer with its names, as the API shows it. */
  readonly author: (peer: PeerId) => AuthorView;
}

/** Shows derived context. An address that is none is refused with a UcxlError. */
export class SlurpDesk implements SlurpFacade {
  readonly #deps: SlurpDeskDeps;

  constructor(deps: SlurpDeskDeps) {
    this.#deps = deps;
  }

  status(): Promise<SlurpStatusView> {
    const { slurp, election, author } = this.#deps;
    const status = slurp.status();
    const { leader } = election.view();
    return Promise.resolve({
      is_enabled: status.isEnabled,
      state: status.state,
      ...(status.term === undefined ? {} : { term: status.term }),
      ...(status.sinceMs === undefined ? {} : { since_ms: status.sinceMs }),
      ...(leader ? { leader: author(leader) } : {}),
      queued: status.queued,
      replaying: status.replaying,
      ...(status.lastSuccessAtMs === undefined ? {} : { last_success_at_ms: status.lastSuccessAtMs }),
      ...(status.lastFailure
        ? { last_failure: { code: status.lastFailure.code, at_ms: status.lastFailure.atMs } }
        : {}),
      breaker: status.breaker,
      dead_letters: status.deadLetters,
      counters: Object.fromEntries(status.counters),
      cache: { ...status.cache },
      ...(status.summaries
        ? {
          summaries: {
            by: status.summaries.by,
            breaker: status.summaries.breaker,
            per_hour: status.summaries.perHour,
            waiting: status.lacking,
          },
        }
        : {}),
    });
  }

  async context(query: SlurpContextQuery, options: { readonly signal?: AbortSignal }): Promise<SlurpContextView> {
    const { max_depth: maxDepth } = query;
    const context = await this.#deps.slurp.contextOf(parseConcrete(query.address), {
      ...options,
      ...(maxDepth === undefined ? {} : { maxDepth }),
    });
    return contextView(context);
  }

  async graph({ address, hops, direction }: SlurpGraphQuery): Promise<SlurpGraphView> {
    const view = await this.#deps.slurp.around(parseConcrete(address), { hops, direction });
    return {
      nodes: view.nodes.map(({ id, kind, title, atMs, hops }) => ({
        id,
        kind,
        ...(title === undefined ? {} : { title }),
        ...(atMs === undefined ? {} : { at_ms: atMs }),
        hops,
      })),
      edges: view.edges.map((edge) => ({ ...edge })),
      is_complete: view.isComplete,
      evolution: view.evolution.map(({ version, citation, citedBy }) => ({
        n: version.n,
        citation,
        written_at_ms: version.writtenAt.ms,
        cited_by: [...citedBy],
      })),
    };
  }

  async alignment(address: string, options: { readonly signal?: AbortSignal }): Promise<SlurpAlignmentView> {
    const { score, goals, goalsSource, context } = await this.#deps.slurp.align(parseConcrete(address), options);
    return {
      address: context.address,
      score,
      goals_source: goalsSource,
      goals: goals.map((goal) => ({ ...goal, found: goal.found.map((it) => ({ ...it })), missing: [...goal.missing] })),
    };
  }

  deadLetters(): Promise<readonly DeadLetterView[]> {
    return Promise.resolve(this.#deps.slurp.deadLetters());
  }

  deadLetter(id: string): Promise<DeadLetterView | undefined> {
    return Promise.resolve(this.#deps.slurp.deadLetter(id));
  }

  // deno-lint-ignore require-await -- a refusal must reject, not throw
  async replay(id: string | undefined): Promise<ReplayView> {
    return { waiting: this.#deps.slurp.replay(id) };
  }
}

function contextView(context: ResolvedContext): SlurpContextView {
  return {
    address: context.address,
    role: context.role,
    fields: FIELD_NAMES.flatMap((name) => {
      const field = context.fields[name];
      if (!field) return [];
      const { value, level, source, by } = field;
      return [{ name, value: typeof value === "string" ? value : [...value], level, source, ...(by ? { by } : {}) }];
    }),
    decisions: context.decisions.map((decision) => ({ ...decision })),
    levels: [...context.levels],
    slices: context.slices.map(({ subject, term, derivedAtMs, sources, unread, isComplete }) => ({
      subject,
      term,
      derived_at_ms: derivedAtMs,
      sources,
      unread,
      is_complete: isComplete,
    })),
    is_complete: context.isComplete,
  };
}
