import type { Clock, EntryId, PeerId, TaskId } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";

/** What `openStore` needs. */
export interface StoreDeps {
  readonly clock: Pick<Clock, "nowMs" | "monotonicMs" | "setTimer">;
  readonly logger: Logger;
  /** Brings what was written to a file to its disk, beside the event loop. Default: `FsFile.syncData`. For tests. */
  readonly syncFile?: (file: Deno.FsFile) => Promise<void>;
}

/** Plain settings of a store. */
export interface StoreOptions {
  /** The database file; its directory is created (0700) when missing, the file is 0600. */
  readonly path: string;
  /** The file is not grown beyond this; more is `store_full`. Default: until the disk is full. */
  readonly maxBytes?: number;
}

/** `full`: writes are refused, reads work, the next try is due within a second. `failing`: the same after an I/O error. */
export type StoreState = "ok" | "full" | "failing" | "corrupt" | "closed";

/** What a health check shows. */
export interface StoreHealth {
  readonly state: StoreState;
  /** What went wrong and what to do; undefined when `ok`. */
  readonly message: string | undefined;
  /** Size of the database file without its write-ahead log. */
  readonly bytes: number;
}

/** One entry as the journal hands it over; `frame` is the envelope's bytes on the wire. */
export interface NewEntry {
  readonly id: EntryId;
  readonly author: PeerId;
  /** Dense from 1 per author. */
  readonly seq: number;
  readonly prev: EntryId | undefined;
  readonly hlcMs: number;
  readonly hlcCounter: number;
  readonly topic: string;
  readonly kind: string;
  readonly thread: string | undefined;
  readonly task: TaskId | undefined;
  readonly frame: Uint8Array;
  readonly storedAtMs: number;
  /** True when the frame carries no body any more. */
  readonly isPruned: boolean;
}

/** An entry on disk; `cursor` grows in the order of storing and is local to this file. */
export interface EntryRow extends NewEntry {
  readonly cursor: number;
}

/** The last entry of an author that is stored. */
export interface Head {
  readonly author: PeerId;
  readonly seq: number;
  readonly id: EntryId;
  readonly hlcMs: number;
  readonly hlcCounter: number;
}

/** Which entries a reader wants; absent means all. */
export interface EntryFilter {
  readonly limit: number;
  readonly topics?: readonly string[];
  readonly kinds?: readonly string[];
  readonly task?: TaskId;
  readonly thread?: string;
}

/** The logs of all authors. Callers keep the chain rule; the tables refuse a second entry at one (author, seq). */
export interface EntryStore {
  /** Stores `entries` in order, with the heads, in one transaction; the cursors in the same order. */
  insertAll(entries: readonly NewEntry[]): number[];
  get(id: EntryId): EntryRow | undefined;
  at(author: PeerId, seq: number): EntryRow | undefined;
  /** Id of the entry at (author, seq), without reading its frame. */
  idAt(author: PeerId, seq: number): EntryId | undefined;
  /** Up to `limit` entries stored after `cursor`, oldest first. */
  after(cursor: number, filter: EntryFilter): EntryRow[];
  /** Frames of `author` from `fromSeq` on, at least one when there is one, together at most `maxBytes` otherwise. */
  frames(author: PeerId, fromSeq: number, options: { maxBytes: number; limit: number }): Uint8Array[];
  heads(): Head[];
  /** Entries of `topic` stamped before `beforeMs` that still have a body, oldest first, but none of `exceptKinds`. */
  prunable(topic: string, beforeMs: number, options: { limit: number; exceptKinds?: readonly string[] }): EntryRow[];
  /** Replaces frames by their pruned form, in one transaction. */
  replacePruned(frames: readonly { readonly cursor: number; readonly frame: Uint8Array }[]): void;
  lastCursor(): number;
}

/** Membership certificates: opaque signed bytes, in the order they were learned. */
export interface GrantStore {
  /** False when these very bytes are stored already. */
  addGrant(bytes: Uint8Array): boolean;
  addRevocation(bytes: Uint8Array): boolean;
  grants(): Uint8Array[];
  revocations(): Uint8Array[];
}

/** Small named values. */
export interface KeyValueStore {
  get(key: string): Uint8Array | undefined;
  set(key: string, value: Uint8Array): void;
  delete(key: string): boolean;
  keys(prefix: string): string[];
}

/** Own entries that are committed and not yet handed to the network. */
export interface OutboxStore {
  /** Part of the transaction that stores the entries. */
  addAll(cursors: readonly number[]): void;
  /** Waiting frames with a cursor above `afterCursor`, oldest first. */
  next(afterCursor: number, limit: number): { cursor: number; topic: string; frame: Uint8Array }[];
  removeAll(cursors: readonly number[]): void;
  size(): number;
}

/** Two entries of one author at one seq. */
export interface ForkRecord {
  readonly author: PeerId;
  readonly seq: number;
  readonly first: Uint8Array;
  readonly second: Uint8Array;
  readonly provedAtMs: number;
}

/** Proofs of forks; the first proof of an author stands, a later one counts only for an earlier seq. */
export interface ForkStore {
  /** False when a proof at the same or an earlier seq is stored. */
  add(fork: ForkRecord): boolean;
  list(): ForkRecord[];
}

/** What owns a list of versions: the parts of a UCXL address that have no wildcard. */
export interface ContextPlace {
  readonly project: string;
  readonly task: string;
  readonly agent: string;
  readonly role: string;
  readonly path: string;
}

/** The content of a version: hashes as 64 hexadecimal digits, sizes in bytes. */
export interface ContextContent {
  readonly revision: string;
  readonly sealed: string;
  readonly sealedBytes: number;
  readonly size: number;
  readonly mediaType: string;
  readonly audience: readonly string[];
}

/** One version of what is at a place. */
export interface ContextRow extends ContextPlace {
  /** Cursor of its entry. */
  readonly cursor: number;
  readonly entry: EntryId;
  readonly author: PeerId;
  readonly hlcMs: number;
  readonly hlcCounter: number;
  /** The version that its author saw as the latest. */
  readonly previous: EntryId | undefined;
  /** Undefined in the version that says that the thing was deleted. */
  readonly content: ContextContent | undefined;
}

/** Which places a reader looks for; absent means all. */
export interface ContextPlaceFilter {
  readonly project?: string;
  readonly task?: string;
  readonly agent?: string;
  readonly role?: string;
  /** The path itself, or one below it. */
  readonly pathPrefix?: string;
}

/**
 * Versions by place, an index made from the entries: it can be cleared and made again. Within a place versions are ordered by
 * stamp, then author, the same on every node; the first has number 1.
 */
export interface ContextTable {
  /** False when it is there already. */
  insert(row: ContextRow): boolean;
  count(place: ContextPlace): number;
  /** The version of that number, or undefined past an end. */
  at(place: ContextPlace, n: number): ContextRow | undefined;
  /** Versions from number `from` on, at most `limit`. */
  list(place: ContextPlace, options: { readonly from: number; readonly limit: number }): ContextRow[];
  /** The number of a version. */
  numberOf(row: ContextRow): number;
  byEntry(entry: EntryId): ContextRow | undefined;
  byCursor(cursor: number): ContextRow | undefined;
  /** The last version at a place, or undefined when there is none. */
  latest(place: ContextPlace): ContextRow | undefined;
  byRevision(place: ContextPlace, revision: string): ContextRow | undefined;
  /** Places in order of project, task, agent, role and path, behind `after`. */
  places(
    filter: ContextPlaceFilter,
    options: { readonly after?: ContextPlace; readonly limit: number },
  ): ContextPlace[];
  /** Projects with their tasks in order, behind `after`. */
  subjects(
    options: { readonly after?: Pick<ContextPlace, "project" | "task">; readonly limit: number },
  ): Pick<ContextPlace, "project" | "task">[];
  /** Versions with a cursor above `cursor`, in order of cursor. */
  after(cursor: number, limit: number): ContextRow[];
  /** Cursor of the newest version; 0 when there is none. */
  lastCursor(): number;
  /** Versions in all; looks at each of them. */
  size(): number;
  /** Versions with a cursor above `cursor`; looks at each of these. */
  countAfter(cursor: number): number;
  clear(): void;
}

/** A register's record as it was read: its bytes, or that they are not the ones that were written. */
export type RegisterRead = { readonly record: Uint8Array } | "damaged" | undefined;

/** What this node has promised and accepted as a voter, one record a key, each with a checksum over key and record. */
export interface RegisterStore {
  get(key: string): RegisterRead;
  /** Part of the transaction that is open, if one is. */
  set(key: string, record: Uint8Array): void;
  /** Up to `limit` keys after `after` in order; damaged ones too. */
  keys(after: string, limit: number): string[];
  /** Forgets everything: the voter begins anew. */
  clear(): void;
}

/** A sealed content that is kept in the database. */
export interface StoredContent {
  /** SHA-256 of its sealed bytes in hexadecimal. */
  readonly hash: string;
  readonly bytes: number;
  /** Whether it has to stay. */
  readonly isPinned: boolean;
  readonly storedAtMs: number;
}

/** A content as it is handed over. */
export interface NewContent extends Omit<StoredContent, "bytes"> {
  readonly sealed: Uint8Array;
}

/**
 * Small sealed contents. Writes are lazy: they are on the disk with `synced` of the store, and no later than whatever is
 * committed after them.
 */
export interface ContentTable {
  /** Without effect on one that is there. */
  add(content: NewContent): void;
  /** The sealed bytes, as they are: whoever reads them compares them with their hash. */
  get(hash: string): Uint8Array | undefined;
  setPinned(hash: string, isPinned: boolean): void;
  removeAll(hashes: readonly string[]): void;
  /** All, the oldest first. */
  list(): StoredContent[];
}

/** The part of a database that a journal stands on. */
export interface JournalStore extends Disposable {
  readonly path: string;
  readonly entries: EntryStore;
  readonly grants: GrantStore;
  readonly kv: KeyValueStore;
  readonly outbox: OutboxStore;
  readonly forks: ForkStore;
  /**
   * Runs `work` as one durable unit (fsync before it returns); nested calls join the outer one.
   * A throw inside rolls all of it back. `work` must not wait: it is synchronous.
   *
   * With `isLazy` it returns without the fsync, which follows within 250 ms, with `synced`, or with the next transaction
   * that is not lazy, whichever is first: what was written survives the end of the process in any way, and a power cut
   * from then on. The log is written in order, so a transaction that is on disk has everything before it on disk. Wait
   * for `synced` before you tell anybody, unless others have it on disk and give it again.
   * @throws StoreError "store_full", "store_unavailable", "store_corrupt", "store_locked", "store_closed"
   */
  transaction<T>(work: () => T, options?: { readonly isLazy?: boolean }): T;
  /**
   * Resolves when all that was committed until now is on the disk. The fsync runs beside the event loop, one at a time:
   * who asks while it runs shares the next one, so groups grow on a slow disk.
   * @throws StoreError "store_unavailable": the disk failed; the store refuses writes until the program is restarted
   */
  synced(): Promise<void>;
  /** The state now; when writing failed before, tries a small write (at most once a second), so it recovers unasked. */
  health(): StoreHealth;
  /** A new limit of the file's size; undefined lifts it. */
  setMaxBytes(maxBytes: number | undefined): void;
  /** Folds the write-ahead log into the file and closes it; idempotent. */
  close(): void;
}

/** The database of one data directory. Whoever opened it closes it. */
export interface Store extends JournalStore {
  readonly context: ContextTable;
  readonly registers: RegisterStore;
  readonly contents: ContentTable;
}
