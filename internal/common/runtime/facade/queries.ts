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
/**
 * Bytes of entries in one answer, but for a single one that has more. A member may write its quota in long texts, and JSON may
 * have six characters for each of their bytes: a thousand of them took half a gigabyte of memory.
 */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
/** Entries read at once. */
const PAGE = 50;

/** Entries behind a cursor, in order. @throws FacadeError "invalid_topic", "invalid_kind", "invalid_request" */
export function queryJournal(journal: Journal, query: JournalQuery): StoredEntry[] {
  const task = query.task === undefined ? undefined : parseTaskId(query.task);
  if (query.task !== undefined && !task) {
    throw new FacadeError("invalid_request", `Cannot read the journal: "${query.task}" is no task id`);
  }
  return firstAfter(journal, query.after, {
    ...(query.topic === undefined ? {} : { topics: [requireTopic(query.topic)] }),
    ...(query.kind === undefined ? {} : { kinds: requireKinds(query.kind) }),
    ...(task ? { task } : {}),
  }, query.limit);
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
    : firstAfter(journal, query.after, filter, query.limit);
}

/** What is told about one task, in the order of all nodes: how it began, and of much the newest. */
export function queryHistory(journal: Journal, task: TaskId): StoredEntry[] {
  const posted = journal.entriesAfter(0, { limit: 1, task, kinds: ["task_posted"] });
  const { newest } = lastAfter(journal, 0, { task }, MAX_HISTORY);
  const isThere = newest.some(({ cursor }) => cursor === posted[0]?.cursor);
  return (isThere ? newest : [...posted, ...newest]).sort(compareEntries);
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

/** The first behind `cursor` that match, as many as one answer has. */
function firstAfter(
  journal: Journal,
  cursor: number,
  filter: Omit<EntryQuery, "limit">,
  limit: number,
): StoredEntry[] {
  const found: StoredEntry[] = [];
  let bytes = 0;
  for (let from = cursor; found.length < limit;) {
    const wanted = Math.min(PAGE, limit - found.length);
    const page = journal.entriesAfter(from, { ...filter, limit: wanted });
    for (const entry of page) {
      bytes += entry.envelope.frame.byteLength;
      if (found.length > 0 && bytes > MAX_ANSWER_BYTES) return found;
      found.push(entry);
    }
    const last = page.at(-1);
    if (!last || page.length < wanted) break;
    from = last.cursor;
  }
  return found;
}

/** The last `limit` that match, or as many as one answer has: looks back in growing windows, so that a long journal costs little. */
function newestEntries(journal: Journal, filter: Omit<EntryQuery, "limit">, limit: number): StoredEntry[] {
  const { entries: last } = journal.stats();
  for (let window = limit * 4;; window *= 4) {
    const { newest, isFull } = lastAfter(journal, Math.max(0, last - window), filter, limit);
    if (isFull || window >= last) return newest;
  }
}

/** The last `limit` behind `cursor` that match, or as many as one answer has; holds no more than a page beside them. */
function lastAfter(
  journal: Journal,
  cursor: number,
  filter: Omit<EntryQuery, "limit">,
  limit: number,
): { readonly newest: StoredEntry[]; readonly isFull: boolean } {
  let newest: StoredEntry[] = [];
  let isFull = false;
  for (let from = cursor;;) {
    const page = journal.entriesAfter(from, { ...filter, limit: PAGE });
    const all = [...newest, ...page];
    newest = lastWithin(all, limit);
    isFull ||= newest.length < all.length || newest.length === limit;
    const last = page.at(-1);
    if (!last || page.length < PAGE) return { newest, isFull };
    from = last.cursor;
  }
}

function lastWithin(entries: readonly StoredEntry[], limit: number): StoredEntry[] {
  let bytes = 0;
  const tooOld = entries.findLastIndex(({ envelope }, at) =>
    (bytes += envelope.frame.byteLength) > MAX_ANSWER_BYTES && at < entries.length - 1
  );
  return entries.slice(Math.max(tooOld + 1, entries.length - limit));
}

function compareEntries(a: StoredEntry, b: StoredEntry): number {
  const [x, y] = [a.envelope.header, b.envelope.header];
  return compareHlc(x.hlc, y.hlc) || (x.author < y.author ? -1 : x.author > y.author ? 1 : (x.seq ?? 0) - (y.seq ?? 0));
}
