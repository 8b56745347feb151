import type { PeerId } from "@bzzz/base";
import type { Database } from "./database.ts";
import type { ForkRecord, ForkStore, GrantStore, KeyValueStore, OutboxStore } from "./types.ts";

/** `GrantStore` on SQLite. */
export class SqliteGrantStore implements GrantStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  addGrant(bytes: Uint8Array): boolean {
    return this.#db.run("INSERT INTO grants (bytes) VALUES (?) ON CONFLICT DO NOTHING", bytes).changes > 0;
  }

  addRevocation(bytes: Uint8Array): boolean {
    return this.#db.run("INSERT INTO revocations (bytes) VALUES (?) ON CONFLICT DO NOTHING", bytes).changes > 0;
  }

  grants(): Uint8Array[] {
    return this.#db.all<{ bytes: Uint8Array }>("SELECT bytes FROM grants ORDER BY position").map(({ bytes }) => bytes);
  }

  revocations(): Uint8Array[] {
    return this.#db.all<{ bytes: Uint8Array }>("SELECT bytes FROM revocations ORDER BY position")
      .map(({ bytes }) => bytes);
  }
}

/** `KeyValueStore` on SQLite. */
export class SqliteKeyValueStore implements KeyValueStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  get(key: string): Uint8Array | undefined {
    return this.#db.get<{ value: Uint8Array }>("SELECT value FROM kv WHERE key = ?", key)?.value;
  }

  set(key: string, value: Uint8Array): void {
    this.#db.run(
      "INSERT INTO kv (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
      key,
      value,
    );
  }

  delete(key: string): boolean {
    return this.#db.run("DELETE FROM kv WHERE key = ?", key).changes > 0;
  }

  keys(prefix: string): string[] {
    return this.#db.all<{ key: string }>(
      "SELECT key FROM kv WHERE substr(key, 1, length(?1)) = ?1 ORDER BY key",
      prefix,
    ).map(({ key }) => key);
  }
}

/** `OutboxStore` on SQLite. */
export class SqliteOutboxStore implements OutboxStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  addAll(cursors: readonly number[]): void {
    this.#db.transaction(() => {
      for (const cursor of cursors) this.#db.run("INSERT INTO outbox (cursor) VALUES (?)", cursor);
    });
  }

  next(afterCursor: number, limit: number): { cursor: number; topic: string; frame: Uint8Array }[] {
    return this.#db.all(
      "SELECT outbox.cursor AS cursor, topic, frame FROM outbox JOIN entries ON entries.cursor = outbox.cursor " +
        "WHERE outbox.cursor > ? ORDER BY outbox.cursor LIMIT ?",
      afterCursor,
      limit,
    );
  }

  removeAll(cursors: readonly number[]): void {
    this.#db.transaction(() => {
      for (const cursor of cursors) this.#db.run("DELETE FROM outbox WHERE cursor = ?", cursor);
    });
  }

  size(): number {
    return this.#db.get<{ n: number }>("SELECT count(*) AS n FROM outbox")?.n ?? 0;
  }
}

/** `ForkStore` on SQLite. */
export class SqliteForkStore implements ForkStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  add(fork: ForkRecord): boolean {
    return this.#db.run(
      "INSERT INTO forks (author, seq, first, second, proved_at_ms) VALUES (?, ?, ?, ?, ?) " +
        "ON CONFLICT (author) DO UPDATE SET seq = excluded.seq, first = excluded.first, second = excluded.second, " +
        "proved_at_ms = excluded.proved_at_ms WHERE excluded.seq < seq",
      fork.author,
      fork.seq,
      fork.first,
      fork.second,
      fork.provedAtMs,
    ).changes > 0;
  }

  list(): ForkRecord[] {
    return this.#db.all<
      { author: string; seq: number; first: Uint8Array; second: Uint8Array; proved_at_ms: number }
    >("SELECT * FROM forks ORDER BY proved_at_ms, author").map((row) => ({
      author: row.author as PeerId, // written by `add` from a ForkRecord
      seq: row.seq,
      first: row.first,
      second: row.second,
      provedAtMs: row.proved_at_ms,
    }));
  }
}
