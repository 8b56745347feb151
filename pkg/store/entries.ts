import { type EntryId, hexDecode, hexEncode, type PeerId } from "@bzzz/base";
import type { Database } from "./database.ts";
import type { EntryFilter, EntryRow, EntryStore, Head, NewEntry } from "./types.ts";

const COLUMNS =
  "cursor, id, author, seq, prev, hlc_ms, hlc_counter, topic, kind, thread, task, pruned, stored_at_ms, frame";

const INSERT_ENTRY =
  "INSERT INTO entries (id, author, seq, prev, hlc_ms, hlc_counter, topic, kind, thread, task, pruned, " +
  "stored_at_ms, frame) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

const MOVE_HEAD = "INSERT INTO heads (author, seq, id, hlc_ms, hlc_counter) VALUES (?, ?, ?, ?, ?) " +
  "ON CONFLICT (author) DO UPDATE SET seq = excluded.seq, id = excluded.id, hlc_ms = excluded.hlc_ms, " +
  "hlc_counter = excluded.hlc_counter WHERE excluded.seq > seq";

interface SqlEntry {
  cursor: number;
  id: Uint8Array;
  author: string;
  seq: number;
  prev: Uint8Array | null;
  hlc_ms: number;
  hlc_counter: number;
  topic: string;
  kind: string;
  thread: string | null;
  task: string | null;
  pruned: number;
  stored_at_ms: number;
  frame: Uint8Array;
}

interface SqlHead {
  author: string;
  seq: number;
  id: Uint8Array;
  hlc_ms: number;
  hlc_counter: number;
}

function toRow(row: SqlEntry): EntryRow {
  return {
    cursor: row.cursor,
    // The branded texts were parsed before they were stored.
    id: hexEncode(row.id) as EntryId,
    author: row.author as PeerId,
    seq: row.seq,
    prev: row.prev === null ? undefined : hexEncode(row.prev) as EntryId,
    hlcMs: row.hlc_ms,
    hlcCounter: row.hlc_counter,
    topic: row.topic,
    kind: row.kind,
    thread: row.thread ?? undefined,
    task: row.task === null ? undefined : row.task as NonNullable<EntryRow["task"]>,
    isPruned: row.pruned === 1,
    storedAtMs: row.stored_at_ms,
    frame: row.frame,
  };
}

/** Bytes of an id; ids are hexadecimal by construction. */
function idBytes(id: EntryId): Uint8Array {
  const bytes = hexDecode(id);
  if (!bytes) throw new TypeError(`Not an entry id: "${id}"`);
  return bytes;
}

/** `EntryStore` on SQLite. */
export class SqliteEntryStore implements EntryStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  insertAll(entries: readonly NewEntry[]): number[] {
    const last = new Map<PeerId, NewEntry>();
    return this.#db.transaction(() => {
      const cursors: number[] = [];
      for (const entry of entries) {
        const { lastId } = this.#db.run(
          INSERT_ENTRY,
          idBytes(entry.id),
          entry.author,
          entry.seq,
          entry.prev === undefined ? null : idBytes(entry.prev),
          entry.hlcMs,
          entry.hlcCounter,
          entry.topic,
          entry.kind,
          entry.thread ?? null,
          entry.task ?? null,
          entry.isPruned ? 1 : 0,
          entry.storedAtMs,
          entry.frame,
        );
        cursors.push(lastId);
        last.set(entry.author, entry);
      }
      for (const { author, seq, id, hlcMs, hlcCounter } of last.values()) {
        this.#db.run(
          MOVE_HEAD,
          author,
          seq,
          idBytes(id),
          hlcMs,
          hlcCounter,
        );
      }
      return cursors;
    });
  }

  get(id: EntryId): EntryRow | undefined {
    const row = this.#db.get<SqlEntry>(`SELECT ${COLUMNS} FROM entries WHERE id = ?`, idBytes(id));
    return row && toRow(row);
  }

  at(author: PeerId, seq: number): EntryRow | undefined {
    const row = this.#db.get<SqlEntry>(`SELECT ${COLUMNS} FROM entries WHERE author = ? AND seq = ?`, author, seq);
    return row && toRow(row);
  }

  idAt(author: PeerId, seq: number): EntryId | undefined {
    const row = this.#db.get<{ id: Uint8Array }>("SELECT id FROM entries WHERE author = ? AND seq = ?", author, seq);
    return row && hexEncode(row.id) as EntryId;
  }

  after(cursor: number, filter: EntryFilter): EntryRow[] {
    // A fixed set of shapes, so that the statement cache stays small. Topics and kinds are filtered while walking the
    // table in order: consumers read the whole of it once, at start.
    const conditions = ["cursor > ?"];
    const params: (string | number)[] = [cursor];
    if (filter.task !== undefined) conditions.push("task = ?"), params.push(filter.task);
    if (filter.thread !== undefined) conditions.push("thread = ?"), params.push(filter.thread);
    if (filter.topics) {
      conditions.push("topic IN (SELECT value FROM json_each(?))");
      params.push(JSON.stringify(filter.topics));
    }
    if (filter.kinds) {
      conditions.push("kind IN (SELECT value FROM json_each(?))");
      params.push(JSON.stringify(filter.kinds));
    }
    params.push(filter.limit);
    const sql = `SELECT ${COLUMNS} FROM entries WHERE ${conditions.join(" AND ")} ORDER BY cursor LIMIT ?`;
    return this.#db.all<SqlEntry>(sql, ...params).map(toRow);
  }

  frames(author: PeerId, fromSeq: number, options: { maxBytes: number; limit: number }): Uint8Array[] {
    const frames: Uint8Array[] = [];
    let bytes = 0;
    const sql = "SELECT frame FROM entries WHERE author = ? AND seq >= ? ORDER BY seq LIMIT ?";
    for (const { frame } of this.#db.iterate<{ frame: Uint8Array }>(sql, author, fromSeq, options.limit)) {
      if (frames.length > 0 && bytes + frame.byteLength > options.maxBytes) break;
      frames.push(frame);
      bytes += frame.byteLength;
    }
    return frames;
  }

  heads(): Head[] {
    return this.#db.all<SqlHead>("SELECT author, seq, id, hlc_ms, hlc_counter FROM heads").map((row) => ({
      author: row.author as PeerId, // parsed before it was stored
      seq: row.seq,
      id: hexEncode(row.id) as EntryId,
      hlcMs: row.hlc_ms,
      hlcCounter: row.hlc_counter,
    }));
  }

  prunable(topic: string, beforeMs: number, options: { limit: number; exceptKinds?: readonly string[] }): EntryRow[] {
    const sql = `SELECT ${COLUMNS} FROM entries WHERE topic = ? AND hlc_ms < ? AND pruned = 0 ` +
      "AND kind NOT IN (SELECT value FROM json_each(?)) ORDER BY hlc_ms LIMIT ?";
    return this.#db.all<SqlEntry>(sql, topic, beforeMs, JSON.stringify(options.exceptKinds ?? []), options.limit)
      .map(toRow);
  }

  replacePruned(frames: readonly { readonly cursor: number; readonly frame: Uint8Array }[]): void {
    this.#db.transaction(() => {
      for (const { cursor, frame } of frames) {
        this.#db.run("UPDATE entries SET frame = ?, pruned = 1 WHERE cursor = ?", frame, cursor);
      }
    });
  }

  lastCursor(): number {
    return this.#db.get<{ cursor: number | null }>("SELECT max(cursor) AS cursor FROM entries")?.cursor ?? 0;
  }
}
