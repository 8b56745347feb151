import type { EntryId } from "@bzzz/base";
import type { EntryRow, JournalStore } from "@bzzz/store";
import { type BodyOf, decodeBody, decodeFrame, isEntryKind } from "@bzzz/wire";
import type { EntryBody } from "./check.ts";
import { toStoredEntry } from "./committer.ts";
import type { EntryQuery, StoredEntry } from "./types.ts";

/** Rows read at once where those before could not be shown; one has at most 64 KiB then, as its body is gone or unknown. */
const MAX_SKIPPED_AT_ONCE = 256;

/** Stored entries as consumers read them; what this version does not know is passed over. */
export class EntryReader {
  readonly #rows: JournalStore["entries"];

  constructor(rows: JournalStore["entries"]) {
    this.#rows = rows;
  }

  /** Those behind a cursor, at most `limit`, in the order in which they were stored. */
  after(cursor: number, query: EntryQuery): StoredEntry[] {
    const entries: StoredEntry[] = [];
    let from = cursor;
    for (let limit = query.limit; entries.length < query.limit;) {
      const rows = this.#rows.after(from, { ...query, limit });
      for (const row of rows) {
        from = row.cursor;
        const entry = readRow(row);
        if (entry && entries.length < query.limit) entries.push(entry);
      }
      if (rows.length < limit) break;
      // retention leaves long runs that cannot be shown: one by one they would stop the node for seconds
      limit = Math.max(limit, Math.min(2 * limit, MAX_SKIPPED_AT_ONCE));
    }
    return entries;
  }

  /** The proofs of forks that are in some log. */
  *forkProofs(): Generator<BodyOf<"fork_proved">> {
    for (let cursor = 0;;) {
      const entries = this.after(cursor, { limit: 256, kinds: ["fork_proved"] });
      for (const entry of entries) if (entry.kind === "fork_proved") yield entry.body;
      const last = entries.at(-1);
      if (!last) return;
      cursor = last.cursor;
    }
  }

  get(id: EntryId): StoredEntry | undefined {
    const row = this.#rows.get(id);
    return row && readRow(row);
  }
}

function readRow(row: EntryRow): StoredEntry | undefined {
  const decoded = decodeFrame(row.frame);
  if (!decoded.ok || !isEntryKind(row.kind)) return undefined;
  const body = decodeBody(decoded.envelope);
  return body.ok ? toStoredEntry(row.cursor, decoded.envelope, body as EntryBody) : undefined; // isEntryKind(kind) holds
}
