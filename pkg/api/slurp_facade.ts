import type {
  DeadLetterView,
  ReplayView,
  SlurpAlignmentView,
  SlurpContextQuery,
  SlurpContextView,
  SlurpGraphQuery,
  SlurpGraphView,
  SlurpStatusView,
} from "./slurp_views.ts";

/** Derived context. Expected refusals are `BzzzError`s, as in `MeshFacade`; an address that is none is "invalid_address". */
export interface SlurpFacade {
  status(): Promise<SlurpStatusView>;
  context(query: SlurpContextQuery, options: { readonly signal?: AbortSignal }): Promise<SlurpContextView>;
  /** @throws BzzzError "not_found" when nothing was ever written at the address */
  graph(query: SlurpGraphQuery): Promise<SlurpGraphView>;
  /** @throws BzzzError "not_found" without goals, "invalid_goals" */
  alignment(address: string, options: { readonly signal?: AbortSignal }): Promise<SlurpAlignmentView>;
  /** Newest first. */
  deadLetters(): Promise<readonly DeadLetterView[]>;
  deadLetter(id: string): Promise<DeadLetterView | undefined>;
  /** Tries one again, or all. @throws BzzzError "not_the_leader", "not_found", "slurp_disabled" */
  replay(id: string | undefined): Promise<ReplayView>;
}
