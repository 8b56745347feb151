import type { EntryId, PeerId } from "@bzzz/base";
import { BUDGET_EXHAUSTED, MAX_ATTEMPTS, MAX_SUPERSEDED } from "./constants.ts";
import {
  addToRecord,
  compareEntries,
  createTaskRecord,
  type EndEntry,
  type EntryOf,
  findEnd,
  type TaskRecord,
} from "./task_record.ts";
import type { TaskValue } from "./task_value.ts";
import { isFinished, isHeld } from "./transitions.ts";
import type {
  AttemptOutcome,
  AttemptView,
  DecidedEntry,
  SupersededResult,
  TaskEntry,
  TaskView,
  UndecidedResult,
} from "./types.ts";

/**
 * The task that a SET of entries tells: any order of arrival, any duplicates, the same view. Undefined while the set has
 * no `task_posted`.
 */
export function foldTask(entries: Iterable<TaskEntry>): TaskView | undefined {
  let record: TaskRecord | undefined;
  for (const entry of entries) {
    record ??= createTaskRecord(entry.body.taskId);
    addToRecord(record, entry);
  }
  return record && viewOf(record);
}

/**
 * Entries tell, registers decide: state, holder, token and attempt are those of the newest certified value; texts are
 * those of the entries that decisions name, and of the holder under its token.
 */
export function viewOf(record: TaskRecord): TaskView | undefined {
  const decisions = [...record.decisions.values()].sort((a, b) => a.value.version - b.value.version);
  const newest = decisions.at(-1);
  // the voters have seen the post that they name; before there is a decision the rightful one counts
  const post = record.posts.find(({ id }) => id === newest?.value.post) ?? (newest ? undefined : record.posts[0]);
  if (!post) return undefined;
  const told = findEnd(record, newest?.value.told);
  return {
    ...post.body,
    ...(newest?.value.deadlineMs === undefined ? {} : { deadlineMs: newest.value.deadlineMs }),
    post: post.id,
    postedBy: post.author,
    ...(post.authority ? { postedAuthority: post.authority } : {}),
    postedAt: post.hlc,
    ...registerMembers(newest?.value),
    isExhausted: isExhausted(newest?.value, told),
    ...renewalOf(decisions),
    attempts: attemptsOf(record, decisions),
    ...progressOf(record, newest?.value),
    ...resultOf(record, newest?.value),
    ...undecidedOf(record, newest?.value),
    ...reasonOf(newest?.value, told),
    superseded: supersededOf(record, decisions),
    updatedAt: newest?.hlc ?? post.hlc,
  };
}

function registerMembers(
  value: TaskValue | undefined,
): Pick<
  TaskView,
  "version" | "state" | "token" | "attempt" | "spent" | "holder" | "value" | "waitingFor"
> {
  if (!value) {
    return { version: 0, state: "announced", token: 0, attempt: 0, spent: 0, waitingFor: [] };
  }
  const { version, state, token, attempt, spent, holder, waitingFor } = value;
  return {
    version,
    state,
    token,
    attempt,
    spent,
    ...(holder === undefined ? {} : { holder }),
    value,
    waitingFor,
  };
}

function isExhausted(value: TaskValue | undefined, told: EndEntry | undefined): boolean {
  return value?.state === "failed" && (value.spent >= MAX_ATTEMPTS || isOverBudget(told));
}

function isOverBudget(told: EndEntry | undefined): boolean {
  return told?.kind === "task_failed" && told.body.cause === BUDGET_EXHAUSTED;
}

/** Only a retry leaves a task that was claimed before without a try. */
function renewalOf(decisions: readonly DecidedEntry[]): Pick<TaskView, "renewedAt"> {
  const renewal = decisions.findLast(({ value }) => value.attempt === 0 && value.token > 0);
  return renewal ? { renewedAt: renewal.hlc } : {};
}

/** The claims, as far as their decisions are known: a decision whose entry is missing leaves a gap, never a wrong line. */
function attemptsOf(record: TaskRecord, decisions: readonly DecidedEntry[]): AttemptView[] {
  const attempts: AttemptView[] = [];
  let before: TaskValue | undefined;
  for (const { value, hlc } of decisions) {
    const open = attempts.at(-1);
    if (open && open.outcome === undefined && before?.holder !== undefined && isOver(before, value)) {
      attempts[attempts.length - 1] = ended(open, outcomeOf(before, value), record, value);
    } else if (open?.outcome === "submitted" && before?.state === "review" && value.state !== "review") {
      const outcome = value.state === "completed" ? "completed" : "rejected";
      attempts[attempts.length - 1] = ended(open, outcome, record, value);
    }
    if (value.holder !== undefined && attempts.at(-1)?.token !== value.token) {
      const { token, attempt, holder } = value;
      const used = record.uses.get(holder)?.get(token);
      attempts.push({ token, attempt, holder, claimedAt: hlc, ...(used ? { used } : {}) });
    }
    before = value;
  }
  return attempts;
}

function isOver(before: TaskValue, value: TaskValue): boolean {
  return value.holder === undefined || value.token !== before.token;
}

function outcomeOf(before: TaskValue, value: TaskValue): AttemptOutcome {
  if (value.token !== before.token) return "lost";
  switch (value.state) {
    case "completed":
      return "completed";
    case "review":
      return "submitted";
    case "cancelled":
      return "cancelled";
    case "expired":
      return "expired";
    case "failed":
      return "failed";
    default:
      return value.spent > before.spent ? "failed" : "released";
  }
}

function ended(attempt: AttemptView, outcome: AttemptOutcome, record: TaskRecord, value: TaskValue): AttemptView {
  const told = outcome === "lost" ? undefined : findEnd(record, value.told);
  const reason = told && "reason" in told.body ? told.body.reason : undefined;
  const named = outcome === "failed" && isOverBudget(told) ? "budget_exhausted" : outcome;
  return { ...attempt, outcome: named, ...(reason === undefined ? {} : { reason }) };
}

/** What the holder reports under its token; after the end what it reported last. */
function progressOf(record: TaskRecord, value: TaskValue | undefined): Pick<TaskView, "progress"> {
  const who = value?.holder ?? value?.worker;
  const entry = who === undefined ? undefined : record.progress.get(who);
  if (!entry || entry.body.token !== value?.token) return {};
  const { percent, text } = entry.body;
  return { progress: { ...(percent === undefined ? {} : { percent }), text, atMs: entry.hlc.ms } };
}

function resultOf(record: TaskRecord, value: TaskValue | undefined): Pick<TaskView, "result"> {
  const entry = findEnd(record, value?.result);
  if (!value || entry?.kind !== "task_completed") return {};
  const { summary, durationMs } = entry.body;
  return { result: { entry: entry.id, by: entry.author, attempt: value.attempt, summary, durationMs } };
}

/** What the holder wrote last under its token while the register still says that it holds the task. */
function undecidedOf(record: TaskRecord, value: TaskValue | undefined): { undecided?: UndecidedResult } {
  if (value?.holder === undefined || !isHeld(value.state)) return {};
  const entry = record.ends.get(value.holder)?.find((end) => isEndOfTry(end) && end.body.token === value.token);
  if (!entry || !isEndOfTry(entry)) return {};
  const isFinal = entry.kind === "task_failed" && !entry.body.retryable;
  return { undecided: { entry: entry.id, kind: entry.kind, isFinal } };
}

function isEndOfTry(entry: EndEntry): entry is EntryOf<"task_completed" | "task_failed" | "task_released"> {
  return entry.kind === "task_completed" || entry.kind === "task_failed" || entry.kind === "task_released";
}

function reasonOf(value: TaskValue | undefined, told: EndEntry | undefined): Pick<TaskView, "reason"> {
  if (!value || !told || !("reason" in told.body)) return {};
  // an accepted result needs no reason, and a task that is held again has left the old one behind
  return value.state === "completed" || isHeld(value.state) ? {} : { reason: told.body.reason };
}

/** Results that no decision names, unless they may still be decided. */
function supersededOf(record: TaskRecord, decisions: readonly DecidedEntry[]): SupersededResult[] {
  const newest = decisions.at(-1)?.value;
  const named = new Set<EntryId | undefined>(decisions.flatMap(({ value }) => [value.told, value.result]));
  const late: SupersededResult[] = [];
  for (const entry of [...record.ends.values()].flat().sort(compareEntries)) {
    if ((entry.kind !== "task_completed" && entry.kind !== "task_failed") || named.has(entry.id)) continue;
    if (!newest || isOpenFor(newest, entry.author, entry.body.token)) continue;
    late.push({ entry: entry.id, author: entry.author, kind: entry.kind, token: entry.body.token, hlc: entry.hlc });
  }
  return late.slice(0, MAX_SUPERSEDED);
}

/** The author may still have this decided: it holds the task under this token, or a decision that says so is on its way. */
function isOpenFor(value: TaskValue, author: PeerId, token: number | undefined): boolean {
  if (token === undefined || isFinished(value.state)) return false;
  return token > value.token || (token === value.token && value.holder === author);
}

/** Peers that held a try that has ended. */
export function earlierHoldersOf(view: Pick<TaskView, "attempts">): ReadonlySet<PeerId> {
  return new Set(view.attempts.filter((a) => a.outcome !== undefined).map((a) => a.holder));
}
