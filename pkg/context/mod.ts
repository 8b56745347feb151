/**
 * Context that lasts: versions at UCXL addresses, signed and ordered by the journal, their contents sealed to roles and kept beside it.
 *
 * ```ts
 * const index = new VersionIndex({ journal, store, grantAt });
 * index.start();
 * const context = new ContextStore({ journal, index, content, sealer, random }, { maxContentBytes: 4 * 1024 * 1024 });
 * const version = await context.put(parseConcrete("ucxl://basil:developer@shop:checkout/plan.md"), {
 *   bytes, mediaType: "text/markdown", audience: ["developer"],
 * });
 * ```
 *
 * @module
 */
export { citationOf } from "./citation.ts";
export { ContextStore, textOf } from "./context_store.ts";
export type { ContextStoreDeps, ContextStoreOptions, VersionPair } from "./context_store.ts";
export { DecisionDesk } from "./decision_desk.ts";
export type { DecisionDeskDeps, DecisionEvents, DecisionView, SignVote, VoteView } from "./decision_desk.ts";
export type { CastVote, RecordedVote, VoterGrant, VoterOf } from "./vote_ledger.ts";
export { ContextError, type ContextErrorCode } from "./errors.ts";
export { ContextSearch } from "./search.ts";
export type { ContextSearchDeps, SearchHit, SearchQuery, SearchResult } from "./search.ts";
export type {
  ContentSealer,
  ContentStore,
  ContextEvents,
  OpenedVersion,
  PutInput,
  Version,
  VersionContent,
} from "./types.ts";
export { addressOf, placeOf } from "./version_row.ts";
export { VersionIndex } from "./version_index.ts";
export type { VersionIndexDeps, VersionPage } from "./version_index.ts";
