/**
 * Views of the API as text for people. Everything that came from another member is sanitised here, once more, where it meets the
 * sentence around it.
 *
 * @module
 */
import { MIN_SHORT_ID_CHARACTERS } from "@bzzz/api";
import type { AuthorView, ElectionView, RequestView, StatusView, TaskView } from "@bzzz/api";
import { LruMap } from "@bzzz/base";
import { describeKey } from "./render_key.ts";
import { sanitiseLine, sanitiseText } from "./sanitise.ts";
import type { TimeFormat } from "./types.ts";
import { formatDuration } from "./values.ts";

/** Characters of a peer's text in a line of a list. */
export const LINE_CHARACTERS = 200;
/** Characters of an id that people see: enough to be the only one in a mesh. */
const ID_CHARACTERS = 6;

/** The end of a request's id as lists show it, unless another pending one ends alike. */
export function shortRequestId(requestId: string): string {
  return sanitiseLine(requestId.slice(-MIN_SHORT_ID_CHARACTERS));
}

/** Minutes whose text is kept: a screen shows the same ones ten times a second, and making one costs memory outside the heap. */
const KNOWN_MINUTES = 256;

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
  // made when the first time is written: it takes milliseconds, and most commands write none
  let parts: Intl.DateTimeFormat | undefined;
  const format = (atMs: number) => (parts ??= createParts(timeZone)).format(atMs);
  // Times of other members may be nonsense.
  const known = new LruMap<number, string>(KNOWN_MINUTES);
  const date = (atMs: number) => {
    if (!(Math.abs(atMs) <= 8.64e15)) return "unknown time";
    const minute = Math.floor(atMs / 60_000);
    const text = known.get(minute) ?? format(atMs);
    known.set(minute, text);
    return text;
  };
  return { date, time: (atMs) => date(atMs).slice(-5) };
}

/** "sv-SE" writes "2026-11-22 18:03". */
function createParts(timeZone: string | undefined): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat("sv-SE", {
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    ...(timeZone === undefined ? {} : { timeZone }),
  });
}

/** How long until, or since: "in 10 min", "3 h ago". */
export function relativeTime(atMs: number, nowMs: number): string {
  const deltaMs = atMs - nowMs;
  if (Math.abs(deltaMs) < 1_000) return "now";
  return deltaMs > 0 ? `in ${formatDuration(deltaMs)}` : `${formatDuration(-deltaMs)} ago`;
}

/** How a list names a request: as the person's own library puts it, else in the asker's words, marked where those stand in for a wording. */
export function titleOf({ title, wording }: Pick<RequestView, "title" | "wording">): string {
  return wording?.listed?.title ?? (wording ? `${title} (unlisted wording)` : title);
}

/** One ask as one line, as it is announced: "ask 7KQ2, high, from agent-7f3a: push 3 commits to main". */
export function describeAsk(request: RequestView): string {
  return `ask ${sanitiseLine(request.short_id)}, ${request.stakes}, from ${nameOf(request.from)}: ${
    sanitiseLine(titleOf(request), LINE_CHARACTERS)
  }`;
}

const MILLION = 1_000_000;

/** One task as lines. */
export function describeTask(task: TaskView, format: TimeFormat, nowMs: number): string[] {
  const field = (label: string, value: string | undefined) =>
    value === undefined || value === "" ? [] : [`${label}: ${value}`];
  const progress = task.progress;
  return [
    `Task ${shortTaskId(task.task_id)}: ${sanitiseLine(task.title)}`,
    `State: ${task.state}${task.attempt > 0 ? `, attempt ${task.attempt}, token ${task.token}` : ""}`,
    ...field("Id", sanitiseLine(task.task_id)),
    ...field("Client id", task.client_id && sanitiseLine(task.client_id)),
    ...field("From", `${nameOf(task.author)}, ${format.date(task.created_at_ms)}`),
    ...field("Holder", task.holder && nameOf(task.holder)),
    ...field("Priority", String(task.priority)),
    ...field("Needs role", task.required_role && sanitiseLine(task.required_role)),
    ...field("Needs", task.required_capabilities.map((one) => sanitiseLine(one)).join(", ")),
    ...field("After", task.dependencies?.map(shortTaskId).join(", ")),
    ...field("Part of", task.parent && shortTaskId(task.parent)),
    ...field("Rights", task.rights?.map((one) => sanitiseLine(one)).join(", ")),
    ...field("Budgets", task.budgets && describeBudgets(task.budgets)),
    ...field("Used", describeUse(task)),
    ...field("Plan first", task.plan && `${formatDuration(task.plan.window_ms)} for objections`),
    ...field(
      "Review",
      task.review && (task.review.role === undefined ? "yes" : `by ${sanitiseLine(task.review.role)}`),
    ),
    ...field("Due", task.deadline_ms === undefined ? undefined : relativeTime(task.deadline_ms, nowMs)),
    ...field(
      "Progress",
      progress &&
        `${progress.percent === undefined ? "" : `${Math.round(progress.percent)} %, `}${sanitiseLine(progress.text)}`,
    ),
    ...field("Waits for ask", task.blocked_on && shortRequestId(task.blocked_on)),
    ...field("Reason", task.reason && sanitiseLine(task.reason)),
    ...task.attempts.map(({ attempt, holder, outcome = "goes on", reason, used }) =>
      `Attempt ${attempt}: ${nameOf(holder)}, ${sanitiseLine(outcome)}${used ? ` (${amounts(used)})` : ""}${
        reason === undefined ? "" : `: ${sanitiseLine(reason, LINE_CHARACTERS)}`
      }`
    ),
    ...field("Superseded results", task.superseded.map(({ author }) => nameOf(author)).join(", ")),
    ...(task.description === "" ? [] : ["", ...sanitiseText(task.description).split("\n").map((line) => `  ${line}`)]),
    ...(task.result
      ? [
        "",
        `Result: ${sanitiseLine(task.result.summary)} (${formatDuration(task.result.duration_ms)})`,
        ...field("Result entry", sanitiseLine(task.result.entry_id)),
        ...sanitiseText(task.result.output).split("\n").map((line) => `  ${line}`),
      ]
      : []),
  ];
}

/** What was used, beside the budgets that it counts against: "1200 of 5000 tokens, 0.02 of money". */
function describeUse({ used, budgets }: TaskView): string | undefined {
  const { tokens, money } = budgets ?? {};
  if (!used && tokens === undefined && money === undefined) return undefined;
  return amounts(used ?? { tokens: 0, money: 0 }, { tokens, money });
}

function amounts(
  used: NonNullable<TaskView["used"]>,
  { tokens, money }: Pick<NonNullable<TaskView["budgets"]>, "tokens" | "money"> = {},
): string {
  return [
    used.tokens === 0 && tokens === undefined
      ? []
      : `${used.tokens}${tokens === undefined ? "" : ` of ${tokens}`} tokens`,
    used.money === 0 && money === undefined
      ? []
      : `${used.money / MILLION}${money === undefined ? "" : ` of ${money / MILLION}`} in money`,
  ].flat().join(", ");
}

function describeBudgets({ time_ms: timeMs, tokens, money, hops }: NonNullable<TaskView["budgets"]>): string {
  return [
    timeMs === undefined ? undefined : formatDuration(timeMs),
    tokens === undefined ? undefined : `${tokens} tokens`,
    money === undefined ? undefined : `${money / MILLION} of money`,
    hops === undefined ? undefined : `${hops} delegations`,
  ].filter((part) => part !== undefined).join(", ");
}

/** A node's own state as lines. */
export function describeStatus(status: StatusView, nowMs: number): string[] {
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
    `Leader: ${describeLeader(status.leadership)}`,
    `Journal: ${journal.entries} entries of ${journal.authors} authors`,
    `Tasks: ${tasks.length === 0 ? "none" : tasks.join(", ")}`,
    `Asks: ${status.requests.pending} waiting`,
    ...(status.person_key ? [`Your key: ${describeKey(status.person_key, nowMs)}`] : []),
    `Up: ${formatDuration(status.uptime_ms)}, version ${sanitiseLine(status.version)}`,
    ...status.addresses.map((address) => `Address: ${sanitiseLine(address)}`),
  ];
}

/** Who leads, in a few words: "basil, term 3". */
export function describeLeader({ term, leader }: StatusView["leadership"]): string {
  if (leader) return `${nameOf(leader)}, term ${term}`;
  return term === 0 ? "nobody yet" : `nobody, last term ${term}`;
}

/** Who leads, as lines. */
export function describeElection(election: ElectionView): string[] {
  const { leader, term, candidates } = election;
  const roles = {
    leader: "leads",
    candidate: "stands: it knows no leader that lives",
    follower: election.is_electable ? "follows, and would stand" : "follows, and does not stand",
    leaving: "gives its term back",
  } as const;
  const heard = election.silent_ms === undefined ? "" : `, heard ${formatDuration(election.silent_ms)} ago`;
  const ranked = candidates.map((one, at) => `  ${at + 1}. ${nameOf(one)}, score ${one.score} of 100`);
  return [
    leader
      ? `${nameOf(leader)} leads term ${term}${heard}`
      : term === 0
      ? "Nobody has led yet"
      : `Nobody leads; the last term was ${term}`,
    `This node ${roles[election.role]}`,
    `Lease: ${formatDuration(election.lease_ms)}`,
    ...(election.deposed_by ? [`The leader must go, by order of ${nameOf(election.deposed_by)}`] : []),
    ...(ranked.length === 0 ? ["Nobody stands"] : ["Candidates, the first to try in front:", ...ranked]),
  ];
}
