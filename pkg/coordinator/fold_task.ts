import { assertNever, type PeerId } from "@bzzz/base";
import { compareHlc } from "@bzzz/wire";
import { MAX_ATTEMPTS, MAX_SUPERSEDED } from "./constants.ts";
import { winsContest } from "./rendezvous.ts";
import { carriesAuthor } from "./task_id.ts";
import { TRANSITIONS } from "./transitions.ts";
import type { AttemptOutcome, AttemptView, EntryStamp, TaskEntry, TaskEvent, TaskRefusal, TaskView } from "./types.ts";

/** The order of all entries, the same on every node: HLC, then author, then seq; the id parts the branches of a fork. */
export function compareEntries(a: EntryStamp, b: EntryStamp): number {
  return compareHlc(a.hlc, b.hlc) || compareText(a.author, b.author) || a.seq - b.seq || compareText(a.id, b.id);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * The task that a SET of entries tells: any order of arrival, any duplicates, the same view. Undefined while the set has
 * no `task_posted`.
 */
export function foldTask(entries: Iterable<TaskEntry>): TaskView | undefined {
  const byId = new Map<string, TaskEntry>();
  for (const entry of entries) byId.set(entry.id, entry);
  let view: TaskView | undefined;
  for (const entry of [...byId.values()].sort(compareEntries)) view = applyTaskEntry(view, entry);
  return view;
}

/** One step of the fold; `entry` must come after everything in `view` by `compareEntries`. */
export function applyTaskEntry(view: TaskView | undefined, entry: TaskEntry): TaskView | undefined {
  if (!view) return entry.kind === "task_posted" ? announce(entry) : undefined;
  if (entry.kind === "task_posted") {
    return isUsurped(view, entry) ? announce(entry) : refused(view, entry, "task_exists");
  }
  const event = eventOf(view, entry);
  const transition = TRANSITIONS[view.state][event];
  if ("refuse" in transition) return refused(view, entry, transition.refuse);
  const refusal = guard(view, entry);
  if (refusal !== undefined) return refused(view, entry, refusal);
  return { ...effect(view, entry), state: transition.to, updatedAt: entry.hlc };
}

/** The task so far was posted under another peer's id, dated back to come before it. */
function isUsurped(view: TaskView, post: Extract<TaskEntry, { kind: "task_posted" }>): boolean {
  return view.postedBy !== post.author && carriesAuthor(view.taskId, post.author) &&
    !carriesAuthor(view.taskId, view.postedBy);
}

/** Peers that held an attempt that has ended. */
export function earlierHoldersOf(view: Pick<TaskView, "attempts">): ReadonlySet<PeerId> {
  return new Set(view.attempts.filter((a) => a.outcome !== undefined).map((a) => a.holder));
}

/** Attempts that count towards `MAX_ATTEMPTS`: failed ones and those whose holder was lost. */
export function spentAttempts(view: Pick<TaskView, "attempts">): number {
  return view.attempts.filter((a) => a.outcome === "failed" || a.outcome === "lost").length;
}

function announce(entry: Extract<TaskEntry, { kind: "task_posted" }>): TaskView {
  return {
    ...entry.body,
    postedBy: entry.author,
    ...(entry.authority ? { postedAuthority: entry.authority } : {}),
    postedAt: entry.hlc,
    state: "announced",
    attempt: 0,
    attempts: [],
    waitingFor: [],
    isExhausted: false,
    superseded: [],
    refusals: {},
    updatedAt: entry.hlc,
  };
}

type LifeEntry = Exclude<TaskEntry, { kind: "task_posted" }>;

function eventOf(view: TaskView, entry: LifeEntry): TaskEvent {
  switch (entry.kind) {
    case "task_claimed":
      return view.holder !== undefined && entry.body.attempt === view.attempt ? "contest" : "claim";
    case "task_progress":
      return "progress";
    case "task_blocked":
      return "block";
    case "task_resumed":
      return view.waitingFor.some((id) => id !== entry.body.requestId) ? "resume" : "resume_last";
    case "task_completed":
      return "complete";
    case "task_failed":
      return entry.body.retryable && spentAttempts(view) + 1 < MAX_ATTEMPTS ? "fail_retry" : "fail_final";
    case "task_released":
      return "release";
    case "task_cancelled":
      return "cancel";
    default:
      return assertNever(entry);
  }
}

function guard(view: TaskView, entry: LifeEntry): TaskRefusal | undefined {
  if (entry.kind === "task_cancelled") return mayCancel(view, entry) ? undefined : "not_allowed";
  if (entry.kind === "task_claimed") return guardClaim(view, entry);
  if (entry.body.attempt < view.attempt) return "stale_attempt";
  if (entry.body.attempt > view.attempt) return "attempt_ahead";
  if (entry.author !== view.holder) return "not_holder";
  if (entry.kind === "task_resumed" && !view.waitingFor.includes(entry.body.requestId)) return "wrong_request";
  return undefined;
}

function guardClaim(view: TaskView, entry: Extract<TaskEntry, { kind: "task_claimed" }>): TaskRefusal | undefined {
  const { attempt } = entry.body;
  if (attempt > view.attempt + 1) return "attempt_ahead";
  if (attempt < view.attempt || (attempt === view.attempt && view.holder === undefined)) return "stale_attempt";
  if (entry.author === view.holder) return "already_holder";
  if (view.requiredRole !== undefined && entry.authority?.role !== view.requiredRole) return "role_required";
  if (view.deadlineMs !== undefined && entry.hlc.ms > view.deadlineMs) return "deadline_passed";
  const isContest = attempt === view.attempt && view.holder !== undefined;
  if (isContest && !winsContest(view.taskId, entry.author, view.holder, earlierHoldersOf(view))) return "lost_contest";
  return undefined;
}

/** Levels whose holders steer other nodes' work. */
const STEERING_LEVELS: ReadonlySet<string> = new Set(["master", "decision", "coordination"]);

/** Who may cancel a task: its poster, whoever coordinates, and people whose role is more than reading. */
export function mayCancel(
  view: Pick<TaskView, "postedBy">,
  entry: Pick<EntryStamp, "author" | "authority">,
): boolean {
  if (entry.author === view.postedBy) return true;
  if (!entry.authority || entry.authority.level === "read_only") return false;
  return entry.authority.binaryType === "hap" || STEERING_LEVELS.has(entry.authority.level);
}

function effect(view: TaskView, entry: LifeEntry): TaskView {
  switch (entry.kind) {
    case "task_claimed":
      return claimed(view, entry);
    case "task_progress": {
      const { percent, text } = entry.body;
      return { ...view, progress: { ...(percent === undefined ? {} : { percent }), text, atMs: entry.hlc.ms } };
    }
    case "task_blocked":
      return { ...view, waitingFor: [...new Set([...view.waitingFor, entry.body.requestId])] };
    case "task_resumed":
      return { ...view, waitingFor: view.waitingFor.filter((id) => id !== entry.body.requestId) };
    case "task_completed": {
      const { summary, output, durationMs } = entry.body;
      const result = { by: entry.author, attempt: view.attempt, summary, output, durationMs };
      return { ...ended(view, "completed"), result };
    }
    case "task_failed": {
      const next = ended(view, "failed", entry.body.reason);
      return { ...next, reason: entry.body.reason, isExhausted: spentAttempts(next) >= MAX_ATTEMPTS };
    }
    case "task_released":
      return ended(view, "released", entry.body.reason);
    case "task_cancelled":
      return { ...ended(view, "cancelled", entry.body.reason), reason: entry.body.reason };
    default:
      return assertNever(entry);
  }
}

function claimed(view: TaskView, entry: Extract<TaskEntry, { kind: "task_claimed" }>): TaskView {
  if (view.holder !== undefined && entry.body.attempt === view.attempt) {
    const current: AttemptView = {
      attempt: view.attempt,
      holder: entry.author,
      rivals: [...rivalsOf(view), view.holder],
      claimedAt: entry.hlc,
    };
    return withoutProgress({
      ...view,
      holder: entry.author,
      waitingFor: [],
      attempts: [...view.attempts.slice(0, -1), current],
    });
  }
  const before = ended(view, "lost");
  const next: AttemptView = { attempt: entry.body.attempt, holder: entry.author, rivals: [], claimedAt: entry.hlc };
  return withoutProgress({
    ...before,
    attempt: entry.body.attempt,
    holder: entry.author,
    attempts: [...before.attempts, next],
  });
}

function rivalsOf(view: TaskView): readonly PeerId[] {
  return view.attempts.at(-1)?.rivals ?? [];
}

function withoutProgress(view: TaskView): TaskView {
  const { progress: _, ...rest } = view;
  return rest;
}

/** The running attempt, if there is one, is over. */
function ended(view: TaskView, outcome: AttemptOutcome, reason?: string): TaskView {
  const { holder, ...rest } = view;
  const last = view.attempts.at(-1);
  if (holder === undefined || !last) return { ...rest, waitingFor: [] };
  const closed: AttemptView = { ...last, outcome, ...(reason === undefined ? {} : { reason }) };
  return { ...rest, waitingFor: [], attempts: [...view.attempts.slice(0, -1), closed] };
}

function refused(view: TaskView, entry: TaskEntry, refusal: TaskRefusal): TaskView {
  const next: TaskView = { ...view, refusals: { ...view.refusals, [refusal]: (view.refusals[refusal] ?? 0) + 1 } };
  if (entry.kind === "task_claimed" && refusal === "lost_contest") return withRival(next, entry.author);
  const isResult = entry.kind === "task_completed" || entry.kind === "task_failed";
  if (!isResult || view.superseded.length >= MAX_SUPERSEDED) return next;
  const { id, author, kind, hlc } = entry;
  const late = { entry: id, author, kind, attempt: entry.body.attempt, refusal, hlc };
  return { ...next, superseded: [...view.superseded, late] };
}

function withRival(view: TaskView, rival: PeerId): TaskView {
  const last = view.attempts.at(-1);
  if (!last || last.rivals.includes(rival) || last.rivals.length >= MAX_SUPERSEDED) return view;
  return { ...view, attempts: [...view.attempts.slice(0, -1), { ...last, rivals: [...last.rivals, rival] }] };
}
