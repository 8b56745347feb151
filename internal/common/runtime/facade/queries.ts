/**
 * What readers of the API ask of the journal, in the journal's own terms.
 *
 * @module
 */
import type { JournalQuery, MessageQuery } from "@bzzz/api";
import { BzzzError, parseTaskId, type TaskId } from "@bzzz/base";
import type { EntryQuery, Journal, StoredEntry } from "@bzzz/journal";
import { compareHlc, type EntryKind, isEntryKind, resolveTopic, type Topic } from "@bzzz/wire";

/** Refusals that the API maps to a status; see the table in `@bzzz/api`. */
export class FacadeError
  extends BzzzError<"not_found" | "invalid_topic" | "invalid_kind" | "invalid_request" | "not_allowed"> {}

/** Entries of one task that the API shows at most; a task's fold keeps fewer. */
const MAX_HISTORY = 10_000;
/** Entries read at once. */
const PAGE = 500;

/** Entries behind a cursor, in order. @throws FacadeError "invalid_topic", "invalid_kind", "invalid_request" */
export function queryJournal(journal: Journal, query: JournalQuery): StoredEntry[] {
  const task = query.task === undefined ? undefined : parseTaskId(query.task);
  if (query.task !== undefined && !task) {
    throw new FacadeError("invalid_request", `Cannot read the journal: "${query.task}" is no task id`);
  }
  return journal.entriesAfter(query.after, {
    limit: query.limit,
    ...(query.topic === undefined ? {} : { topics: [requireTopic(query.topic)] }),
    ...(query.kind === undefined ? {} : { kinds: requireKinds(query.kind) }),
    ...(task ? { task } : {}),
  });
}

/** Messages behind a cursor, or the newest; oldest first. @throws FacadeError "invalid_topic" */
export function queryMessages(journal: Journal, query: MessageQuery): StoredEntry[] {
  const filter = {
    kinds: ["message_posted"] as const,
    ...(query.topic === undefined ? {} : { topics: [requireTopic(query.topic)] }),
    ...(query.thread === undefined ? {} : { thread: query.thread }),
  };
  return query.after === undefined
    ? newestEntries(journal, filter, query.limit)
    : journal.entriesAfter(query.after, { ...filter, limit: query.limit });
}

/** Everything about one task, in the order of all nodes. */
export function queryTask(journal: Journal, task: TaskId): StoredEntry[] {
  return journal.entriesAfter(0, { limit: MAX_HISTORY, task }).sort(compareEntries);
}

/** @throws FacadeError "invalid_topic" */
export function requireTopic(name: string): Topic {
  const topic = resolveTopic(name);
  if (topic) return topic;
  throw new FacadeError(
    "invalid_topic",
    `Cannot use topic "${name}": expected coordination, hmmm, agents, context, election, or a full name`,
  );
}

function requireKinds(list: string): EntryKind[] {
  return list.split(",").map((kind) => {
    if (isEntryKind(kind)) return kind;
    throw new FacadeError("invalid_kind", `Cannot read the journal: "${kind}" is no kind of entry`);
  });
}

/** The last `limit` that match: looks back in growing windows, so that a long journal costs little. */
function newestEntries(journal: Journal, filter: Omit<EntryQuery, "limit">, limit: number): StoredEntry[] {
  const { entries: last } = journal.stats();
  for (let window = limit * 4;; window *= 4) {
    const found = lastAfter(journal, Math.max(0, last - window), filter, limit);
    if (found.length >= limit || window >= last) return found;
  }
}

/** The last `limit` behind `cursor` that match; holds no more than a page beside them. */
function lastAfter(
  journal: Journal,
  cursor: number,
  filter: Omit<EntryQuery, "limit">,
  limit: number,
): StoredEntry[] {
  let kept: StoredEntry[] = [];
  for (let from = cursor;;) {
    const page = journal.entriesAfter(from, { ...filter, limit: PAGE });
    kept = [...kept, ...page].slice(-limit);
    const newest = page.at(-1);
    if (!newest || page.length < PAGE) return kept;
    from = newest.cursor;
  }
}

function compareEntries(a: StoredEntry, b: StoredEntry): number {
  const [x, y] = [a.envelope.header, b.envelope.header];
  return compareHlc(x.hlc, y.hlc) || (x.author < y.author ? -1 : x.author > y.author ? 1 : (x.seq ?? 0) - (y.seq ?? 0));
}
