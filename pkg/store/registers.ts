import { equalBytes } from "@bzzz/base";
import { domainMessage, sha256 } from "@bzzz/crypto";
import type { Database } from "./database.ts";
import type { RegisterRead, RegisterStore } from "./types.ts";

/** `RegisterStore` on SQLite. */
export class SqliteRegisterStore implements RegisterStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  get(key: string): RegisterRead {
    const row = this.#db.get<{ record: Uint8Array; checksum: Uint8Array }>(
      "SELECT record, checksum FROM registers WHERE key = ?",
      key,
    );
    if (!row) return undefined;
    return equalBytes(row.checksum, checksumOf(key, row.record)) ? { record: row.record } : "damaged";
  }

  set(key: string, record: Uint8Array): void {
    this.#db.run(
      "INSERT INTO registers (key, record, checksum) VALUES (?, ?, ?) " +
        "ON CONFLICT (key) DO UPDATE SET record = excluded.record, checksum = excluded.checksum",
      key,
      record,
      checksumOf(key, record),
    );
  }

  keys(after: string, limit: number): string[] {
    return this.#db.all<{ key: string }>(
      "SELECT key FROM registers WHERE key > ? ORDER BY key LIMIT ?",
      after,
      limit,
    ).map(({ key }) => key);
  }

  clear(): void {
    this.#db.run("DELETE FROM registers");
  }
}

/** SHA-256 over the key and the record: a record that strayed to another key is damaged too. */
function checksumOf(key: string, record: Uint8Array): Uint8Array {
  return sha256(domainMessage(`bzzz/register-record/1/${key}`, record));
}
