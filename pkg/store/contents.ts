import type { Database } from "./database.ts";
import type { ContentTable, NewContent, StoredContent } from "./types.ts";

const LAZY = { isLazy: true };

/** `ContentTable` on SQLite. */
export class SqliteContentTable implements ContentTable {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  add({ hash, sealed, isPinned, storedAtMs }: NewContent): void {
    this.#db.transaction(
      () =>
        this.#db.run(
          "INSERT INTO contents (hash, sealed, pinned, stored_at_ms) VALUES (?, ?, ?, ?) ON CONFLICT (hash) DO NOTHING",
          hash,
          sealed,
          Number(isPinned),
          storedAtMs,
        ),
      LAZY,
    );
  }

  get(hash: string): Uint8Array | undefined {
    return this.#db.get<{ sealed: Uint8Array }>("SELECT sealed FROM contents WHERE hash = ?", hash)?.sealed;
  }

  setPinned(hash: string, isPinned: boolean): void {
    this.#db.transaction(
      () => this.#db.run("UPDATE contents SET pinned = ? WHERE hash = ?", Number(isPinned), hash),
      LAZY,
    );
  }

  removeAll(hashes: readonly string[]): void {
    this.#db.transaction(() => {
      for (const hash of hashes) this.#db.run("DELETE FROM contents WHERE hash = ?", hash);
    }, LAZY);
  }

  list(): StoredContent[] {
    return this.#db.all<{ hash: string; bytes: number; pinned: number; storedAtMs: number }>(
      "SELECT hash, length(sealed) AS bytes, pinned, stored_at_ms AS storedAtMs FROM contents ORDER BY position",
    ).map(({ pinned, ...row }) => ({ ...row, isPinned: pinned === 1 }));
  }
}
