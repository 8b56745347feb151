import { type EntryId, heapBytesOf, type PeerId, type TaskId } from "@bzzz/base";
import { compareHlc } from "@bzzz/wire";
import { MAX_RESULTS_PER_AUTHOR, MAX_TASK_DECISIONS } from "./constants.ts";
import { carriesAuthor } from "./task_id.ts";
import { recordUse, type UseRecord } from "./task_use.ts";
import type { DecidedEntry, EntryStamp, TaskEntry } from "./types.ts";

/** An entry of one kind. */
export type EntryOf<K extends TaskEntry["kind"]> = Extract<TaskEntry, { kind: K }>;

/** Entries that tell how a try ended. */
export type EndEntry = EntryOf<
  "task_completed" | "task_failed" | "task_released" | "task_cancelled" | "task_reviewed" | "task_retried"
>;

/**
 * What the entries of one task come to, whatever their order: of each part the best by an order that all nodes share. It
 * grows with members and decisions, not with entries.
 */
export interface TaskRecord {
  readonly taskId: TaskId;
  /** Posts under this id: a second one is another's, or a fork's. */
  readonly posts: EntryOf<"task_posted">[];
  /** By version of the value. */
  readonly decisions: Map<number, DecidedEntry>;
  /** How tries ended, the newest `MAX_RESULTS_PER_AUTHOR` of each author. */
  readonly ends: Map<PeerId, EndEntry[]>;
  /** The newest report of each author. */
  readonly progress: Map<PeerId, EntryOf<"task_progress">>;
  readonly uses: UseRecord;
}

/** Two honest posts of one id do not exist; a few more are kept so that the rightful one is among them. */
const MAX_POSTS = 8;

/** A record without entries. */
export function createTaskRecord(taskId: TaskId): TaskRecord {
  return { taskId, posts: [], decisions: new Map(), ends: new Map(), progress: new Map(), uses: new Map() };
}

/** The order of all entries, the same on every node: HLC, then author, then seq; the id parts the branches of a fork. */
export function compareEntries(a: EntryStamp, b: EntryStamp): number {
  return compareHlc(a.hlc, b.hlc) || compareText(a.author, b.author) || a.seq - b.seq || compareText(a.id, b.id);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Takes an entry into the record, changing it; false when it makes no difference. Any order gives the same record. */
export function addToRecord(record: TaskRecord, entry: TaskEntry): boolean {
  const isUseNew = addUseOf(record, entry);
  return addWord(record, entry) || isUseNew;
}

function addUseOf(record: TaskRecord, entry: TaskEntry): boolean {
  if (!("used" in entry.body) || entry.body.used === undefined || entry.body.token === undefined) return false;
  return recordUse(record.uses, entry.author, entry.body.token, { ...entry.body.used, at: entry.hlc });
}

function addWord(record: TaskRecord, entry: TaskEntry): boolean {
  switch (entry.kind) {
    case "task_posted":
      return addPost(record, entry);
    case "task_decided":
      return addDecision(record, entry);
    case "task_progress": {
      const known = record.progress.get(entry.author);
      if (known && compareEntries(known, entry) >= 0) return false;
      record.progress.set(entry.author, entry);
      return true;
    }
    case "task_blocked":
    case "task_resumed":
      return false; // which answer was taken is told to the request; what the task waits for is in its register
    default:
      return addEnd(record, entry);
  }
}

function addPost(record: TaskRecord, entry: EntryOf<"task_posted">): boolean {
  if (record.posts.some(({ id }) => id === entry.id)) return false;
  record.posts.push(entry);
  record.posts.sort((a, b) => rankOfPost(record, a) - rankOfPost(record, b) || compareEntries(a, b));
  return record.posts.splice(MAX_POSTS).every(({ id }) => id !== entry.id);
}

/** Stamps are their author's word; the post of the peer whose id it is comes before those that were dated back. */
function rankOfPost({ taskId }: TaskRecord, { author }: EntryStamp): number {
  return carriesAuthor(taskId, author) ? 0 : 1;
}

/** Of entries that carry the same decision the earliest counts: it says when it was made known. */
function addDecision(record: TaskRecord, entry: DecidedEntry): boolean {
  const known = record.decisions.get(entry.value.version);
  if (known && compareEntries(known, entry) <= 0) return false;
  record.decisions.set(entry.value.version, entry);
  if (record.decisions.size <= MAX_TASK_DECISIONS) return true;
  // the newest are kept: what they say of the task is true without the old ones
  const oldest = Math.min(...record.decisions.keys());
  record.decisions.delete(oldest);
  return oldest !== entry.value.version;
}

function addEnd(record: TaskRecord, entry: EndEntry): boolean {
  const known = record.ends.get(entry.author) ?? [];
  if (known.some(({ id }) => id === entry.id)) return false;
  known.push(entry);
  known.sort((a, b) => compareEntries(b, a));
  record.ends.set(entry.author, known);
  return known.splice(MAX_RESULTS_PER_AUTHOR).every(({ id }) => id !== entry.id);
}

/** What each author has in a record, in bytes of the heap; decisions are `owner`'s, whoever told them. */
export function bytesByAuthor(record: TaskRecord, owner: PeerId | undefined): ReadonlyMap<PeerId, number> {
  const bytesOf = new Map<PeerId, number>();
  const add = (author: PeerId, value: unknown) => bytesOf.set(author, (bytesOf.get(author) ?? 0) + heapBytesOf(value));
  for (const post of record.posts) add(post.author, post);
  for (const [author, ends] of record.ends) add(author, ends);
  for (const [author, entry] of record.progress) add(author, entry);
  for (const [author, uses] of record.uses) add(author, [...uses.values()]);
  for (const decision of record.decisions.values()) add(owner ?? decision.author, decision);
  return bytesOf;
}

/** Takes out what `author` told, changing the record; also decisions while nobody knows whose task it is. */
export function dropAuthor(record: TaskRecord, author: PeerId, owner: PeerId | undefined): void {
  record.posts.splice(0, record.posts.length, ...record.posts.filter((post) => post.author !== author));
  record.ends.delete(author);
  record.progress.delete(author);
  record.uses.delete(author);
  if (owner !== undefined) return;
  for (const [version, decision] of record.decisions) if (decision.author === author) record.decisions.delete(version);
}

/** The end that a decision names, or undefined while it has not come. */
export function findEnd(record: TaskRecord, id: EntryId | undefined): EndEntry | undefined {
  if (id === undefined) return undefined;
  for (const ends of record.ends.values()) {
    const found = ends.find((end) => end.id === id);
    if (found) return found;
  }
  return undefined;
}
