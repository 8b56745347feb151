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
export { actionDigest } from "./action.ts";
export {
  type AnswerEntry,
  checkAnswer,
  checkHandling,
  checkRevocation,
  checkUnsignedAnswer,
  type HandlingEntry,
  isRequestFor,
  type RevocationEntry,
} from "./check_answer.ts";
export { isLike } from "./glob.ts";
export { foldRequest, requestDigest } from "./fold_request.ts";
export {
  checkForm,
  FIELD_TYPES,
  fieldSchema,
  type FieldType,
  fieldValueOf,
  type FormField,
  type FormProblem,
  type FormValue,
  type FormValues,
  isFieldShown,
  MAX_FIELD_CHARACTERS,
  valuesOfPairs,
} from "./form.ts";
export { checkFormText, MAX_FORM_FIELDS, parseFormSchema } from "./form_schema.ts";
export { closedAs, isEscalatedAt, requestStateAt, snoozedUntil } from "./request_state.ts";
export { isSignedByPerson, needsPerson } from "./signed_answer.ts";
export { type ActingFacts, type ActingRefusal, findStanding, mayActOn } from "./verify_answer.ts";
export { bindRequestId, carriesAsker } from "./request_id.ts";
export { RequestInbox, type RequestInboxOptions } from "./request_inbox.ts";
export { outlineOf, type RequestOutline } from "./request_outline.ts";
export {
  checkMessage,
  EMPTY_THREAD,
  type GuardedMessage,
  type MessageRefusal,
  needsEscalation,
  type ThreadUse,
  useThread,
} from "./safeguards.ts";
export { SessionIndex, taskOfThread, threadOfTask } from "./sessions.ts";
export { foldThread, guardedMessage, ThreadIndex, type ThreadView } from "./threads.ts";
export {
  type AnsweredEntry,
  type AnswerView,
  type AttentionView,
  type ClosedState,
  compareStamps,
  type DiscussionStamp,
  type EscalationView,
  type LateAnswer,
  type MessageEntry,
  messageEntryOf,
  type PerformedView,
  type PersonAuthority,
  type ProofOf,
  type RequestEntry,
  type RequestEntryKind,
  requestEntryOf,
  type RequestRefusal,
  type RequestState,
  type RequestView,
  type RevokedView,
} from "./types.ts";
