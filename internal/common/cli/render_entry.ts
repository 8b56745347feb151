/**
 * Entries of the journal as text for people, one line each. What a member wrote is sanitised here, where it meets the sentence around it.
 *
 * @module
 */
import type { EntryView } from "@bzzz/api";
import type { EntryKind } from "@bzzz/wire";
import { LINE_CHARACTERS, nameOf, shortRequestId, shortTaskId } from "./render.ts";
import { sanitiseLine } from "./sanitise.ts";

/** A body of any member: a key may be missing and of any type. */
type Body = NonNullable<EntryView["body"]>;

/** One entry as one line without its time: "agent-7f3a finished task X7KQ2A: done". */
export function describeEntry(entry: EntryView): string {
  return `${nameOf(entry.author)} ${describeBody(entry)}`;
}

function describeBody({ kind, body }: EntryView): string {
  const name = sanitiseLine(kind, LINE_CHARACTERS);
  if (body === null) return `${name} (its content is no longer kept)`;
  if (!Object.hasOwn(WORDS, kind)) return name; // of a newer version
  return WORDS[kind as EntryKind](body); // hasOwn is the proof
}

/** What an author did, for each kind that this version knows. */
const WORDS: { readonly [K in EntryKind]: (body: Body) => string } = {
  message_posted: (body) =>
    body["type"] === "message" ? `says: ${line(body, "text")}` : `writes ${line(body, "type")}: ${line(body, "text")}`,
  task_posted: (body) => `posted task ${task(body)}: ${line(body, "title")}`,
  task_claimed: (body) => `took task ${task(body)}`,
  task_decided: (body) => `task ${task(body)} ${describeDecision(body["value"])}`,
  task_reviewed: (body) =>
    `${body["verdict"] === "accept" ? "accepts" : "rejects"} the result of task ${task(body)}${then(body, "reason")}`,
  task_retried: (body) => `wants task ${task(body)} tried again${then(body, "reason")}`,
  task_progress: (body) => `task ${task(body)}${percent(body)}${then(body, "text")}`,
  task_blocked: (body) => `task ${task(body)} waits for ask ${ask(body)}`,
  task_resumed: (body) => `task ${task(body)} goes on`,
  task_completed: (body) => `finished task ${task(body)}${then(body, "summary")}`,
  task_failed: (body) => `failed task ${task(body)}${then(body, "reason")}`,
  task_released: (body) => `gave back task ${task(body)}${then(body, "reason")}`,
  task_cancelled: (body) => `cancelled task ${task(body)}${then(body, "reason")}`,
  request_opened: (body) => `asks (${ask(body)}): ${line(body, "title")}`,
  request_answered: (body) =>
    `answered ask ${ask(body)}: ${line(body, "decision")}${then(body, "text", "choice", "reason")}`,
  request_handled: (body) => {
    const acts: Readonly<Record<string, string>> = { claim: "reads", snooze: "put off", escalate: "handed on" };
    return `${acts[line(body, "act")] ?? "handled"} ask ${ask(body)}${then(body, "reason")}`;
  },
  request_revoked: (body) => `took back the approval of ask ${ask(body)}${then(body, "reason")}`,
  request_covered: (body) => `goes on under the approval of ask ${ask(body)}`,
  request_performed: (body) =>
    `${body["outcome"] === "done" ? "did" : "failed to do"} what ask ${ask(body)} permitted${then(body, "text")}`,
  request_withdrawn: (body) => `withdrew ask ${ask(body)}${then(body, "reason")}`,
  agent_record: (body) => `is here as ${line(body, "role")}, ${line(body, "binary_type")}`,
  person_record: () => "tells what the key of a person signed",
  grant_issued: () => "issued a grant",
  grant_revoked: () => "revoked a grant",
  roles_defined: () => "defined the roles of the mesh",
  role_key_sealed: (body) =>
    `handed out key ${line(body, "role")}/${number(body, "generation")} (${line(body, "reason")})`,
  admin_key_shared: () => "split the admin key among its holders",
  access_decided: (body) =>
    `${body["allow"] === true ? "allowed" : "refused"} ${line(body, "operation")} of ${line(body, "resource")} to ${
      end(body, "subject")
    }: ${line(body, "reason")}`,
  election_ordered: (body) =>
    `${body["order"] === "trigger" ? "calls an election" : "asks the leader to step down"}${then(body, "reason")}`,
  leadership_decided: (body) =>
    typeof body["holder"] === "string"
      ? `confirms the leader of term ${number(body, "term")}: peer …${sanitiseLine(body["holder"].slice(-8))}`
      : `confirms that the leadership of term ${number(body, "term")} is over`,
  roster_changed: (body) =>
    `tells who votes since epoch ${number(body, "epoch")}: ${
      Array.isArray(body["voters"]) ? body["voters"].length : 0
    } voters`,
  context_put: (body) => `wrote ${line(body, "address")}`,
  context_deleted: (body) => `deleted ${line(body, "address")}`,
  decision_voted: (body) => `votes ${line(body, "vote")} on ${line(body, "address")}`,
  fork_proved: () => "proved that someone wrote two histories",
};

/** A certified value in words: "is claimed (token 2)". */
function describeDecision(value: unknown): string {
  if (value === null || typeof value !== "object") return "has a decision that cannot be read";
  const { state, token } = value as Record<string, unknown>; // an object; its members are looked at one by one
  const word = typeof state === "string" ? sanitiseLine(state) : "?";
  return `is ${word === "review" ? "in review" : word}${
    typeof token === "number" && token > 0 ? ` (token ${token})` : ""
  }`;
}

function line(body: Body, key: string): string {
  return typeof body[key] === "string" ? sanitiseLine(body[key], LINE_CHARACTERS) : "";
}

/** ": why", of the first key that says something. */
function then(body: Body, ...keys: readonly string[]): string {
  const text = keys.map((key) => line(body, key)).find((said) => said !== "");
  return text === undefined ? "" : `: ${text}`;
}

function number(body: Body, key: string): string {
  return typeof body[key] === "number" ? String(body[key]) : "?";
}

function percent(body: Body): string {
  return typeof body["percent"] === "number" ? ` ${Math.round(body["percent"])} %` : "";
}

/** The end of an id. */
function end(body: Body, key: string): string {
  return typeof body[key] === "string" ? shortTaskId(body[key]) : "?";
}

function task(body: Body): string {
  return end(body, "task_id");
}

function ask(body: Body): string {
  return typeof body["request_id"] === "string" ? shortRequestId(body["request_id"]) : "?";
}
