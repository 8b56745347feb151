/**
 * Views of the API as text for people. Everything that came from another member is sanitised here, once more, where it meets the
 * sentence around it.
 *
 * @module
 */
import type { AuthorView, EntryView, RequestView, StatusView, TaskView } from "@bzzz/api";
import { sanitiseLine, sanitiseText } from "./sanitise.ts";
import type { TimeFormat } from "./types.ts";
import { formatDuration } from "./values.ts";

/** Characters of a peer's text in a line of a list. */
const LINE_CHARACTERS = 200;
/** Characters of an id that people see: enough to be the only one in a mesh. */
const ID_CHARACTERS = 6;

/** The end of a task's id, as it can be typed. */
export function shortTaskId(taskId: string): string {
  return sanitiseLine(taskId.slice(-ID_CHARACTERS));
}

/** The agent id, or the end of the peer id when nobody vouches for a name. */
export function nameOf(author: AuthorView): string {
  return author.agent_id === undefined
    ? `peer …${sanitiseLine(author.peer_id.slice(-8))}`
    : sanitiseLine(author.agent_id, 63);
}

/** Times in the zone of this machine, or in `timeZone`. */
export function createTimeFormat(timeZone?: string): TimeFormat {
  const parts = new Intl.DateTimeFormat("sv-SE", {
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    ...(timeZone === undefined ? {} : { timeZone }),
  });
  // "sv-SE" writes "2026-11-22 18:03". Times of other members may be nonsense.
  const date = (atMs: number) => Math.abs(atMs) <= 8.64e15 ? parts.format(atMs) : "unknown time";
  return { date, time: (atMs) => date(atMs).slice(-5) };
}

/** How long until, or since: "in 10 min", "3 h ago". */
export function relativeTime(atMs: number, nowMs: number): string {
  const deltaMs = atMs - nowMs;
  if (Math.abs(deltaMs) < 1_000) return "now";
  return deltaMs > 0 ? `in ${formatDuration(deltaMs)}` : `${formatDuration(-deltaMs)} ago`;
}

/** One ask as one line, as it is announced: "ask 7KQ2, high, from agent-7f3a: push 3 commits to main". */
export function describeAsk(request: RequestView): string {
  return `ask ${sanitiseLine(request.short_id)}, ${request.stakes}, from ${nameOf(request.from)}: ${
    sanitiseLine(request.title, LINE_CHARACTERS)
  }`;
}

/** The whole of a request, nothing folded: this is what an answer is signed for. */
export function describeRequest(request: RequestView, format: TimeFormat, nowMs: number): string[] {
  const { answer } = request;
  const field = (label: string, value: string | undefined) => value === undefined ? [] : [`${label}: ${value}`];
  const role = request.from.role === undefined ? "" : ` (${sanitiseLine(request.from.role)})`;
  const to = [request.to.human, request.to.role && `role ${request.to.role}`].filter((part) => part !== undefined);
  return [
    `Ask ${request.short_id}: ${request.kind}, ${request.stakes} stakes, ${request.state}`,
    ...field("From", `${nameOf(request.from)}${role}, peer ${sanitiseLine(request.from.peer_id)}`),
    ...field("To", to.length === 0 ? "everyone" : to.map((part) => sanitiseLine(part)).join(", ")),
    ...field("Opened", `${format.date(request.opened_at_ms)}, ${relativeTime(request.opened_at_ms, nowMs)}`),
    ...field(
      "Due",
      request.deadline_ms === undefined
        ? undefined
        : `${format.date(request.deadline_ms)}, ${
          relativeTime(request.deadline_ms, nowMs)
        }; then ${request.on_timeout}`,
    ),
    ...field("Task", request.task_id && shortTaskId(request.task_id)),
    ...field("Replaces", request.supersedes && sanitiseLine(request.supersedes)),
    ...field("Id", sanitiseLine(request.request_id)),
    ...field("Title", sanitiseLine(request.title)),
    "",
    ...sanitiseText(request.body).split("\n").map((line) => `  ${line}`),
    "",
    ...(request.choices?.length
      ? ["Choices:", ...request.choices.map((choice, i) => `  ${i + 1}. ${sanitiseLine(choice)}`)]
      : []),
    ...field("Digest", sanitiseLine(request.digest)),
    ...field("Offered", request.allow.map((verb) => sanitiseLine(verb)).join(", ")),
    ...(answer
      ? [
        `Answered: ${answer.decision} by ${nameOf(answer.by)}, ${format.date(answer.at_ms)}`,
        ...field("Answer", answer.text ?? answer.choice),
        ...field("Reason", answer.reason),
      ]
      : []),
    ...field("Closed because", request.closed_reason && sanitiseLine(request.closed_reason)),
  ].map((line) => sanitiseText(line));
}

/** One task as lines. */
export function describeTask(task: TaskView, format: TimeFormat, nowMs: number): string[] {
  const field = (label: string, value: string | undefined) =>
    value === undefined || value === "" ? [] : [`${label}: ${value}`];
  const progress = task.progress;
  return [
    `Task ${shortTaskId(task.task_id)}: ${sanitiseLine(task.title)}`,
    `State: ${task.state}${task.attempt > 0 ? `, attempt ${task.attempt}` : ""}`,
    ...field("Id", sanitiseLine(task.task_id)),
    ...field("From", `${nameOf(task.author)}, ${format.date(task.created_at_ms)}`),
    ...field("Holder", task.holder && nameOf(task.holder)),
    ...field("Priority", String(task.priority)),
    ...field("Needs role", task.required_role && sanitiseLine(task.required_role)),
    ...field("Needs", task.required_capabilities.map((one) => sanitiseLine(one)).join(", ")),
    ...field("Due", task.deadline_ms === undefined ? undefined : relativeTime(task.deadline_ms, nowMs)),
    ...field(
      "Progress",
      progress &&
        `${progress.percent === undefined ? "" : `${Math.round(progress.percent)} %, `}${sanitiseLine(progress.text)}`,
    ),
    ...field("Waits for ask", task.blocked_on && sanitiseLine(task.blocked_on.slice(-ID_CHARACTERS))),
    ...field("Reason", task.reason && sanitiseLine(task.reason)),
    ...(task.description === "" ? [] : ["", ...sanitiseText(task.description).split("\n").map((line) => `  ${line}`)]),
    ...(task.result
      ? [
        "",
        `Result: ${sanitiseLine(task.result.summary)} (${formatDuration(task.result.duration_ms)})`,
        ...sanitiseText(task.result.output).split("\n").map((line) => `  ${line}`),
      ]
      : []),
  ];
}

/** A node's own state as lines. */
export function describeStatus(status: StatusView): string[] {
  const { node, mesh, peers, journal } = status;
  const tasks = Object.entries(status.tasks).filter(([, count]) => count > 0).map(([state, count]) =>
    `${count} ${state}`
  );
  return [
    `${sanitiseLine(node.agent_id)} is ${status.state}${
      status.reasons.length > 0 ? `: ${status.reasons.join("; ")}` : ""
    }`,
    `Mesh: ${sanitiseLine(mesh.name)} (${mesh.id})${status.is_insecure ? ", development mode: insecure" : ""}`,
    `Role: ${sanitiseLine(node.role)} (${sanitiseLine(node.level)}), ${node.binary_type}`,
    `Peer: ${node.peer_id}`,
    `Peers: ${peers.connected} connected of ${peers.known} known`,
    `Journal: ${journal.entries} entries of ${journal.authors} authors`,
    `Tasks: ${tasks.length === 0 ? "none" : tasks.join(", ")}`,
    `Asks: ${status.requests.pending} waiting`,
    `Up: ${formatDuration(status.uptime_ms)}, version ${sanitiseLine(status.version)}`,
    ...status.addresses.map((address) => `Address: ${sanitiseLine(address)}`),
  ];
}

/** One entry as one line without its time: "agent-7f3a finished task X7KQ2A: done". */
export function describeEntry(entry: EntryView): string {
  return `${nameOf(entry.author)} ${describeBody(entry)}`;
}

function describeBody(entry: EntryView): string {
  const { body } = entry;
  if (body === null) return `${sanitiseLine(entry.kind)} (its content is no longer kept)`;
  const line = (key: string) => typeof body[key] === "string" ? sanitiseLine(body[key], LINE_CHARACTERS) : "";
  const id = (key: string) => typeof body[key] === "string" ? sanitiseLine(body[key].slice(-ID_CHARACTERS)) : "?";
  const then = (text: string) => text === "" ? "" : `: ${text}`;
  const percent = typeof body["percent"] === "number" ? ` ${Math.round(body["percent"])} %` : "";
  switch (entry.kind) {
    case "message_posted":
      return body["type"] === "message" ? `says: ${line("text")}` : `writes ${line("type")}: ${line("text")}`;
    case "task_posted":
      return `posted task ${id("task_id")}: ${line("title")}`;
    case "task_claimed":
      return `took task ${id("task_id")}`;
    case "task_progress":
      return `task ${id("task_id")}${percent}${then(line("text"))}`;
    case "task_blocked":
      return `task ${id("task_id")} waits for ask ${id("request_id")}`;
    case "task_resumed":
      return `task ${id("task_id")} goes on`;
    case "task_completed":
      return `finished task ${id("task_id")}${then(line("summary"))}`;
    case "task_failed":
      return `failed task ${id("task_id")}${then(line("reason"))}`;
    case "task_released":
      return `gave back task ${id("task_id")}${then(line("reason"))}`;
    case "task_cancelled":
      return `cancelled task ${id("task_id")}${then(line("reason"))}`;
    case "request_opened":
      return `asks (${id("request_id")}): ${line("title")}`;
    case "request_answered":
      return `answered ask ${id("request_id")}: ${line("decision")}${
        then(line("text") || line("choice") || line("reason"))
      }`;
    case "request_withdrawn":
      return `withdrew ask ${id("request_id")}${then(line("reason"))}`;
    case "agent_record":
      return `is here as ${line("role")}, ${line("binary_type")}`;
    case "grant_issued":
      return "issued a grant";
    case "grant_revoked":
      return "revoked a grant";
    case "fork_proved":
      return "proved that someone wrote two histories";
    default:
      return sanitiseLine(entry.kind, LINE_CHARACTERS);
  }
}
