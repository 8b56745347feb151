/**
 * The discussion layer: requests to people (a folded inbox), threads of messages, and the safeguards that keep agents
 * from talking without end. Everything here is pure: no clock, no chance, no I/O.
 *
 * ```ts
 * const inbox = new RequestInbox();
 * for (const view of inbox.add(entry)) {
 *   if (requestStateAt(view, nowMs) === "answered") resume(view.answer);
 * }
 * ```
 *
 * @module
 */
export * from "./constants.ts";
export {
  type AnswerEntry,
  checkAnswer,
  foldRequest,
  isEscalatedAt,
  isRequestFor,
  requestDigest,
  requestStateAt,
} from "./fold_request.ts";
export { RequestInbox } from "./request_inbox.ts";
export {
  checkMessage,
  EMPTY_THREAD,
  type GuardedMessage,
  type MessageRefusal,
  needsEscalation,
  type ThreadUse,
  useThread,
} from "./safeguards.ts";
export { foldThread, guardedMessage, ThreadIndex, type ThreadView } from "./threads.ts";
export {
  type AnswerView,
  compareStamps,
  type DiscussionStamp,
  type LateAnswer,
  type MessageEntry,
  messageEntryOf,
  type PersonAuthority,
  type RequestEntry,
  type RequestEntryKind,
  requestEntryOf,
  type RequestRefusal,
  type RequestState,
  type RequestView,
} from "./types.ts";
