/**
 * What a reader needs to know about an address, derived by the leader from what is written at addresses, and the decisions around it. Every
 * role reads the part that may be derived for it, and nobody learns of a content that they could not read.
 *
 * ```ts
 * const slurp = new Slurp({ index, context, sealer, decisions, terms, roles, role, store, breaker, election, clock, random, logger }, options);
 * slurp.start();
 * const { fields } = await slurp.contextOf(parseConcrete("ucxl://any-one:developer@shop:checkout/docs/plan.md"));
 * ```
 *
 * @module
 */
export type { Alignment, GoalMatch } from "./alignment/alignment.ts";
export { GOALS_PATH, GoalsError } from "./alignment/goals.ts";
export { FIELD_NAMES, type FieldName, type FieldValue } from "./context/fields.ts";
export type { ResolvedContext, ResolvedDecision, ResolvedField, SliceNote } from "./context/resolver.ts";
export { SlurpError, type SlurpErrorCode } from "./errors.ts";
export type { Breaker } from "./breaker.ts";
export type { Summariser } from "./intelligence/summaries.ts";
export type { Summarise } from "./intelligence/types.ts";
export type { DeadLetter } from "./leader/dead_letters.ts";
export type { HeldTerm } from "./leader/deriver.ts";
export type { SlurpLeaderStatus } from "./leader/slurp_leader.ts";
export { TermLedger } from "./leader/term_ledger.ts";
export { type AlignedContext, Slurp, type SlurpDeps, type SlurpOptions, type SlurpStatus } from "./slurp.ts";
export type { GraphDirection, GraphEdge, GraphNode, Neighbourhood } from "./temporal/decision_graph.ts";
export type { EvolutionStep, TemporalView } from "./temporal/history.ts";
