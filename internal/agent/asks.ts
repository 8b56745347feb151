import { createUlid, type EntryId, type PeerId, type RequestId, utf8Encode } from "@bzzz/base";
import { sha256 } from "@bzzz/crypto";
import type { AttemptOutcome, TaskView } from "@bzzz/coordinator";
import {
  type ActingFacts,
  type ActingRefusal,
  actionDigest,
  bindRequestId,
  mayActOn,
  type RequestView,
} from "@bzzz/hmmm";
import { type BodyOf, type Hlc, MAX_TITLE_CHARACTERS } from "@bzzz/wire";
import type { Answer, AskRequest, ExecutionJob } from "./types.ts";

type RequestBody = BodyOf<"request_opened">;

const FAILURES: ReadonlySet<AttemptOutcome | undefined> = new Set(["failed", "budget_exhausted"]);

/**
 * The id of a question follows from the task and the question itself, so that asking again, after a restart or on the
 * node that took the task over, finds the request that is there. A failed attempt begins anew: then people are asked
 * again, since an answer may be what made it fail. Whoever asks binds it to itself: `bindRequest`.
 */
export function requestIdOf(view: TaskView, ask: AskRequest): RequestId {
  const failures = view.attempts.filter((attempt) => FAILURES.has(attempt.outcome)).length;
  const parts: unknown[] = ["ask", failures, ask.title, ask.body, ask.choices ?? null];
  if (ask.schema !== undefined) parts.push(ask.schema);
  if (ask.action !== undefined) parts.push(actionDigest(ask.action));
  return derivedId(view, parts);
}

/** When the claims began that have not failed: what was asked before belongs to a try that did. Undefined: none has. */
export function tryBeganAt({ attempts }: Pick<TaskView, "attempts">): Hlc | undefined {
  const failed = attempts.findLastIndex(({ outcome }) => FAILURES.has(outcome));
  return failed === -1 ? undefined : attempts[failed + 1]?.claimedAt;
}

const MAX_EARLIER_TRIES = 3;

/** Why the tries before the claim `token` came to nothing, as far as anybody said so. */
export function earlierTriesOf({ attempts }: Pick<TaskView, "attempts">, token: number): ExecutionJob["earlierTries"] {
  return attempts.flatMap(({ token: of, outcome, reason }) =>
    of < token && reason !== undefined && (outcome === "failed" || outcome === "rejected") ? [{ outcome, reason }] : []
  ).slice(-MAX_EARLIER_TRIES);
}

/** What is asked, as the body of a request. It waits for as long as it takes, unless it says otherwise. */
export function requestBodyOf(
  view: TaskView,
  ask: AskRequest,
  to: RequestBody["to"],
  nowMs: number,
): RequestBody {
  const { title, body, choices, schema, action, refs, due, quorum } = ask;
  return {
    requestId: requestIdOf(view, ask),
    ...kindOf(ask),
    to: quorum ? { ...to, quorum } : to,
    title,
    body,
    taskId: view.taskId,
    stakes: ask.stakes ?? "normal",
    ...(choices ? { choices: [...choices] } : {}),
    ...(schema === undefined ? {} : { schema }),
    ...(action ? { action, offers: ask.isEditable ? ["edit", "escalate"] : ["escalate"] } : {}),
    ...(ask.wording ? { wording: ask.wording } : {}),
    ...(refs?.length ? { refs: [...refs] } : {}),
    ...(ask.isPersonRequired ? { humanPresent: true } : {}),
    ...(due ? { deadlineMs: nowMs + due.afterMs } : {}),
    onTimeout: due?.onTimeout ?? "hold",
    signedBy: "person",
  };
}

function kindOf({ choices, schema, action }: AskRequest): Pick<RequestBody, "kind" | "allow"> {
  if (action) return { kind: "approval", allow: ["approve", "deny"] };
  if (schema !== undefined) return { kind: "form", allow: ["answer", "deny"] };
  return choices ? { kind: "choice", allow: ["choose", "deny"] } : { kind: "question", allow: ["answer", "deny"] };
}

/**
 * A request as the first of `askers` asks it; or, with its view, the same question as one of them asked it before: this
 * node itself, or a peer that held the task. What somebody else opened under such an id is nobody's question.
 */
export function bindRequest(
  wanted: RequestBody,
  askers: readonly PeerId[],
  find: (id: RequestId) => RequestView | undefined,
): { readonly body: RequestBody; readonly known?: RequestView } {
  const bound = askers.map((asker) => ({ asker, body: withIdOf(wanted, asker) }));
  for (const { asker, body } of bound) {
    const known = find(body.requestId);
    if (known?.openedBy === asker && isSameQuestion(known, body)) return { body, known };
  }
  return { body: bound[0]?.body ?? wanted };
}

function withIdOf(body: RequestBody, asker: PeerId): RequestBody {
  return { ...body, requestId: bindRequestId(body.requestId, asker) };
}

/** Whether a known request asks this very question; nobody can be made to take another's answer for its own. */
function isSameQuestion(known: RequestView, wanted: RequestBody): boolean {
  return known.title === wanted.title && known.body === wanted.body && known.kind === wanted.kind &&
    known.taskId === wanted.taskId && (known.choices ?? []).join("\0") === (wanted.choices ?? []).join("\0") &&
    known.schema === wanted.schema && digestOf(known.action) === digestOf(wanted.action);
}

function digestOf(action: RequestBody["action"]): string | undefined {
  return action && actionDigest(action);
}

/** Tells people that a task has used up its attempts or a budget; once for each time that it has. */
export function escalationBodyOf(view: TaskView): RequestBody {
  const isOverBudget = view.attempts.at(-1)?.outcome === "budget_exhausted";
  const attempts = view.attempts.map(({ attempt, holder, outcome, reason }) =>
    `attempt ${attempt} on ${holder}: ${outcome ?? "open"}${reason === undefined ? "" : `: ${reason.slice(0, 500)}`}`
  );
  return {
    requestId: derivedId(view, ["escalation", view.token]),
    kind: "notice",
    to: {},
    title: `Task failed: ${view.title}`.slice(0, MAX_TITLE_CHARACTERS),
    body: [
      `Task ${view.taskId} has used up ${
        isOverBudget ? "a budget" : "its attempts"
      }. "task retry ${view.taskId}" has it tried again${isOverBudget ? ", with its budgets anew" : ""}.`,
      ...attempts,
    ].join("\n"),
    taskId: view.taskId,
    allow: ["answer"],
    stakes: "normal",
    onTimeout: "hold",
  };
}

/** Asks people whether a plan may be carried out over a blocking objection. One question per plan. */
export function objectionBodyOf(view: TaskView, plan: EntryId | undefined, to: RequestBody["to"]): RequestBody {
  return {
    requestId: derivedId(view, ["objection", plan ?? null]),
    kind: "approval",
    to,
    title: `Objection to the plan of: ${view.title}`.slice(0, MAX_TITLE_CHARACTERS),
    body: [
      `Somebody objects to the plan of task ${view.taskId}, and has not taken it back.`,
      `"hmmm thread ${view.taskId}" shows the plan and what was said. Approve: it is carried out. Deny: the task fails.`,
    ].join("\n"),
    taskId: view.taskId,
    allow: ["approve", "deny"],
    stakes: "normal",
    onTimeout: "hold",
    signedBy: "person",
  };
}

/** The answer of a person, as an executor gets it; undefined while there is none. */
export function answerOf(view: RequestView): Answer | undefined {
  if (!view.answer) return undefined;
  const { decision, text, choice, reason, values, editedAction, auto } = view.answer;
  return {
    requestId: view.requestId,
    decision,
    text,
    choice,
    reason,
    ...(values === undefined ? {} : { values }),
    ...(editedAction ? { editedAction } : {}),
    ...(auto ? { isAutomatic: true } : {}),
    ...(view.performed ? { performed: view.performed.outcome } : {}),
  };
}

/** What silence until the deadline means to who asked: a "no", like another. */
export function silenceOf(view: RequestView): Answer {
  return { requestId: view.requestId, decision: "deny", reason: "nobody answered in time" };
}

const REFUSALS: Readonly<Partial<Record<ActingRefusal, string>>> = {
  unsigned: "no person has signed the answer",
  wrong_digest: "the edited action is not the one that was signed",
  person_gone: "who decided it is no longer a person of the mesh, or no longer decides with that device",
  stale: "the approval is too old to act on",
  revoked: "the approval was taken back",
};

/**
 * Why an answer must not be acted on, in words; undefined when it may. A denial and a thing that was done before are
 * answers to hand on: the executor reads them.
 */
export function unfitAnswer(view: RequestView, facts: ActingFacts): string | undefined {
  const refusal = mayActOn(view, facts);
  return refusal && REFUSALS[refusal];
}

function derivedId(view: TaskView, parts: readonly unknown[]): RequestId {
  const digest = sha256(utf8Encode(JSON.stringify(["bzzz/request-id/1", view.taskId, ...parts])));
  const source = { float: () => 0, bytes: (length: number) => digest.slice(0, length) };
  return createUlid(view.postedAt.ms, source) as RequestId; // a ULID by construction
}
