import { createUlid, type RequestId, utf8Encode } from "@bzzz/base";
import { sha256 } from "@bzzz/crypto";
import type { TaskView } from "@bzzz/coordinator";
import type { RequestView } from "@bzzz/hmmm";
import { type BodyOf, MAX_TITLE_CHARACTERS } from "@bzzz/wire";
import type { Answer, AskRequest } from "./types.ts";

type RequestBody = BodyOf<"request_opened">;

/**
 * The id of a question follows from the task and the question itself, so that asking again, after a restart or on the
 * node that took the task over, finds the request that is there. A failed attempt begins anew: then people are asked
 * again, since an answer may be what made it fail.
 */
export function requestIdOf(view: TaskView, ask: AskRequest): RequestId {
  const failures = view.attempts.filter((attempt) => attempt.outcome === "failed").length;
  return derivedId(view, ["ask", failures, ask.title, ask.body, ask.choices ?? null]);
}

/** What is asked, as the body of a request. It waits for as long as it takes. */
export function requestBodyOf(view: TaskView, ask: AskRequest, to: RequestBody["to"]): RequestBody {
  const { title, body, choices } = ask;
  return {
    requestId: requestIdOf(view, ask),
    kind: choices ? "choice" : "question",
    to,
    title,
    body,
    taskId: view.taskId,
    allow: choices ? ["choose", "deny"] : ["answer", "deny"],
    stakes: "normal",
    ...(choices ? { choices: [...choices] } : {}),
    onTimeout: "hold",
  };
}

/** Whether a known request asks this very question; nobody can be made to take another's answer for its own. */
export function isSameQuestion(known: RequestView, wanted: RequestBody): boolean {
  return known.title === wanted.title && known.body === wanted.body && known.kind === wanted.kind &&
    known.taskId === wanted.taskId && (known.choices ?? []).join("\0") === (wanted.choices ?? []).join("\0");
}

/** Tells people that a task has used up its attempts. */
export function escalationBodyOf(view: TaskView): RequestBody {
  const attempts = view.attempts.map(({ attempt, holder, outcome, reason }) =>
    `attempt ${attempt} on ${holder}: ${outcome ?? "open"}${reason === undefined ? "" : `: ${reason.slice(0, 500)}`}`
  );
  return {
    requestId: derivedId(view, ["escalation"]),
    kind: "notice",
    to: {},
    title: `Task failed: ${view.title}`.slice(0, MAX_TITLE_CHARACTERS),
    body: [`Task ${view.taskId} has used up its attempts.`, ...attempts].join("\n"),
    taskId: view.taskId,
    allow: ["answer"],
    stakes: "normal",
    onTimeout: "hold",
  };
}

/** The answer of a person, as an executor gets it; undefined while there is none. */
export function answerOf(view: RequestView): Answer | undefined {
  if (!view.answer) return undefined;
  const { decision, text, choice, reason } = view.answer;
  return { requestId: view.requestId, decision, text, choice, reason };
}

function derivedId(view: TaskView, parts: readonly unknown[]): RequestId {
  const digest = sha256(utf8Encode(JSON.stringify(["bzzz/request-id/1", view.taskId, ...parts])));
  const source = { float: () => 0, bytes: (length: number) => digest.slice(0, length) };
  return createUlid(view.postedAt.ms, source) as RequestId; // a ULID by construction
}
