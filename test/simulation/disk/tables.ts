import type { EntryId, PeerId } from "@bzzz/base";
import type { EntryFilter, EntryRow, EntryStore, ForkRecord, Head, NewEntry } from "@bzzz/store";

/** One change of the tables; a list of them is the write-ahead log. */
export type TableChange =
  | { readonly type: "insert"; readonly entry: NewEntry }
  | { readonly type: "prune"; readonly cursor: number; readonly frame: Uint8Array }
  | { readonly type: "grant" | "revocation"; readonly bytes: Uint8Array }
  | { readonly type: "set"; readonly key: string; readonly value: Uint8Array | undefined }
  | { readonly type: "queue" | "unqueue"; readonly cursor: number }
  | { readonly type: "fork"; readonly fork: ForkRecord }
  | { readonly type: "register"; readonly key: string; readonly record: Uint8Array }
  | { readonly type: "clear_registers" };

/** The tables of `@bzzz/store` in memory, changed by `apply` alone, so that a log of changes gives the same tables. */
export class Tables {
  readonly rows: EntryRow[] = [];
  readonly #byId = new Map<EntryId, number>();
  readonly #byPlace = new Map<string, number>();
  readonly #logs = new Map<PeerId, number[]>();
  readonly heads = new Map<PeerId, Head>();
  readonly grants: Uint8Array[] = [];
  readonly revocations: Uint8Array[] = [];
  readonly values = new Map<string, Uint8Array>();
  readonly outbox = new Set<number>();
  readonly forks = new Map<PeerId, ForkRecord>();
  readonly registers = new Map<string, Uint8Array>();

  /** @throws Error as a constraint of the real table does */
  apply(change: TableChange): void {
    switch (change.type) {
      case "insert":
        return this.#insert(change.entry);
      case "prune": {
        const row = this.rows[change.cursor - 1];
        if (row) this.rows[change.cursor - 1] = { ...row, frame: change.frame, isPruned: true };
        return;
      }
      case "grant":
        return void this.grants.push(change.bytes);
      case "revocation":
        return void this.revocations.push(change.bytes);
      case "set":
        if (change.value === undefined) this.values.delete(change.key);
        else this.values.set(change.key, change.value);
        return;
      case "queue":
        return void this.outbox.add(change.cursor);
      case "unqueue":
        return void this.outbox.delete(change.cursor);
      case "fork":
        return void this.forks.set(change.fork.author, change.fork);
      case "register":
        return void this.registers.set(change.key, change.record);
      case "clear_registers":
        return this.registers.clear();
    }
  }

  byId(id: EntryId): EntryRow | undefined {
    const cursor = this.#byId.get(id);
    return cursor === undefined ? undefined : this.rows[cursor - 1];
  }

  at(author: PeerId, seq: number): EntryRow | undefined {
    const cursor = this.#byPlace.get(`${author}/${seq}`);
    return cursor === undefined ? undefined : this.rows[cursor - 1];
  }

  /** Rows of an author from `fromSeq` on, in order of seq. */
  *log(author: PeerId, fromSeq: number): Generator<EntryRow> {
    const cursors = this.#logs.get(author) ?? [];
    const rows = cursors.map((cursor) => this.rows[cursor - 1]).filter((row) => row !== undefined);
    yield* rows.filter((row) => row.seq >= fromSeq).sort((a, b) => a.seq - b.seq);
  }

  #insert(entry: NewEntry): void {
    const place = `${entry.author}/${entry.seq}`;
    if (this.#byPlace.has(place) || this.#byId.has(entry.id)) throw new Error(`UNIQUE constraint failed: ${place}`);
    const cursor = this.rows.length + 1;
    this.rows.push({ ...entry, cursor });
    this.#byId.set(entry.id, cursor);
    this.#byPlace.set(place, cursor);
    const log = this.#logs.get(entry.author);
    if (log) log.push(cursor);
    else this.#logs.set(entry.author, [cursor]);
    if (entry.seq <= (this.heads.get(entry.author)?.seq ?? 0)) return;
    const { author, seq, id, hlcMs, hlcCounter } = entry;
    this.heads.set(author, { author, seq, id, hlcMs, hlcCounter });
  }
}

/** `EntryStore` over tables that `tables()` gives and `change` changes. */
export function createEntryStore(
  tables: () => Tables,
  change: (changes: readonly TableChange[]) => void,
): EntryStore {
  return {
    insertAll: (entries) => {
      const first = tables().rows.length + 1;
      change(entries.map((entry) => ({ type: "insert", entry })));
      return entries.map((_, index) => first + index);
    },
    get: (id) => tables().byId(id),
    at: (author, seq) => tables().at(author, seq),
    idAt: (author, seq) => tables().at(author, seq)?.id,
    after: (cursor, filter) => take(tables().rows.slice(cursor).filter((row) => isWanted(row, filter)), filter.limit),
    frames: (author, fromSeq, { maxBytes, limit }) => {
      const frames: Uint8Array[] = [];
      let bytes = 0;
      for (const { frame } of tables().log(author, fromSeq)) {
        if (frames.length >= limit || (frames.length > 0 && bytes + frame.byteLength > maxBytes)) break;
        frames.push(frame);
        bytes += frame.byteLength;
      }
      return frames;
    },
    heads: () => [...tables().heads.values()].sort((a, b) => a.author < b.author ? -1 : 1),
    prunable: (topic, beforeMs, { limit, exceptKinds = [] }) => {
      const rows = tables().rows.filter((row) =>
        row.topic === topic && row.hlcMs < beforeMs && !row.isPruned && !exceptKinds.includes(row.kind)
      );
      return take(rows.sort((a, b) => a.hlcMs - b.hlcMs), limit);
    },
    replacePruned: (frames) => change(frames.map(({ cursor, frame }) => ({ type: "prune", cursor, frame }))),
    lastCursor: () => tables().rows.length,
  };
}

function isWanted(row: EntryRow, { topics, kinds, task, thread }: EntryFilter): boolean {
  return (topics?.includes(row.topic) ?? true) && (kinds?.includes(row.kind) ?? true) &&
    (task === undefined || row.task === task) && (thread === undefined || row.thread === thread);
}

function take<T>(items: readonly T[], limit: number): T[] {
  return items.slice(0, limit);
}
