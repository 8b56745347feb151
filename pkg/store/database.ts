import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { errorMessage } from "@bzzz/base";
import { StoreError, storeError, toStoreError } from "./errors.ts";
import { noRoomFor } from "./no_room.ts";
import { APPLICATION_ID, MIGRATIONS, SCHEMA_VERSION } from "./schema.ts";
import type { StoreDeps, StoreState } from "./types.ts";
import { WalKeeper } from "./wal_keeper.ts";

/** After a failed write the next try waits this long: a full disk must not cost an fsync per message. */
const RETRY_WRITE_MS = 1_000;
/** SQLite waits synchronously for another process's lock, so this is short: it stops the event loop. */
const BUSY_TIMEOUT_MS = 250;
/**
 * Pages in the write-ahead log at which a commit folds it into the file: 32 MiB. SQLite's own 1,000 are met every 200
 * entries, and each time the event loop waits for two more fsyncs.
 */
const CHECKPOINT_PAGES = 8_000;
/** Dynamic filters have 16 shapes; everything else is fixed text. */
const MAX_STATEMENTS = 256;

/** A value of a STRICT table. */
export type Row = Record<string, null | number | bigint | string | Uint8Array>;

/** One connection: prepared statements, transactions, and the state that health shows. */
export class Database {
  readonly path: string;
  readonly #deps: StoreDeps;
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #state: StoreState = "ok";
  #failure: StoreError | undefined;
  #retryAtMs = 0;
  #depth = 0;
  #isSyncFull = true;
  readonly #wal: WalKeeper;

  constructor(deps: StoreDeps, path: string) {
    this.#deps = deps;
    this.path = path;
    this.#wal = new WalKeeper(deps, {
      path,
      fold: () => this.#foldLog(),
      onFailure: (error) => this.#giveUp(error),
    });
    try {
      this.#db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    } catch (error) {
      throw toStoreError(error, path);
    }
    try {
      this.#prepareFile();
    } catch (error) {
      this.#db.close();
      const failure = toStoreError(error, path);
      const isRefused = failure instanceof StoreError && failure.code === "store_unavailable";
      throw (isRefused && noRoomFor(path, error)) || failure;
    }
  }

  get state(): StoreState {
    return this.#state;
  }

  get failure(): StoreError | undefined {
    return this.#failure;
  }

  /** Every row of a query. The caller names the row's type: STRICT tables guarantee the column types. */
  all<T = Row>(sql: string, ...params: SQLInputValue[]): T[] {
    return this.#guard(() => this.#prepare(sql).all(...params) as T[]); // STRICT columns, see above
  }

  get<T = Row>(sql: string, ...params: SQLInputValue[]): T | undefined {
    return this.#guard(() => this.#prepare(sql).get(...params) as T | undefined); // STRICT columns, see above
  }

  /** Rows one by one; breaking out of the loop releases the statement. */
  *iterate<T = Row>(sql: string, ...params: SQLInputValue[]): Generator<T> {
    // A statement of its own: a cached one would be reset by a query made inside the loop.
    const statement = this.#guard(() => this.#db.prepare(sql));
    for (const row of statement.iterate(...params)) yield row as T; // STRICT columns, see above
  }

  /** A write; joins the transaction that is open, or is one. */
  run(sql: string, ...params: SQLInputValue[]): { changes: number; lastId: number } {
    // Inside a transaction, which is where the many come, this is the statement and nothing else.
    if (this.#depth > 0) return this.#run(sql, params);
    return this.transaction(() => this.#run(sql, params));
  }

  /** A nested one has the durability of the outermost. */
  transaction<T>(work: () => T, options: { readonly isLazy?: boolean } = {}): T {
    if (this.#depth > 0) return work();
    this.#refuseIfFailing();
    const isLazy = options.isLazy ?? false;
    this.#depth++;
    try {
      this.#syncFully(!isLazy);
      this.#prepare("BEGIN IMMEDIATE").run();
      const result = work();
      this.#prepare("COMMIT").run();
      this.#wal.committed({ isLazy });
      this.#succeeded();
      return result;
    } catch (error) {
      this.#rollBack();
      throw this.#failed(error);
    } finally {
      this.#depth--;
    }
  }

  /** Resolves when all that is committed now is on the disk. @throws StoreError "store_unavailable" */
  async synced(): Promise<void> {
    try {
      await this.#wal.synced();
    } catch (error) {
      throw this.#failure ?? toStoreError(error, this.path);
    }
  }

  pragma(name: string): number | string | null {
    const row = this.get<Record<string, number | string | null>>(`PRAGMA ${name}`);
    return row ? Object.values(row)[0] ?? null : null;
  }

  close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#wal.close();
    this.#statements.clear();
    this.#db.close();
  }

  /** Whether commits wait for the disk. Not within a transaction. */
  #syncFully(isFull: boolean): void {
    if (isFull === this.#isSyncFull) return;
    this.#db.exec(`PRAGMA synchronous = ${isFull ? "FULL" : "NORMAL"}`);
    this.#isSyncFull = isFull;
  }

  #foldLog(): void {
    try {
      this.pragma("wal_checkpoint(PASSIVE)");
    } catch (error) {
      // Nothing is lost: the next commits try again, and say so when the disk is full.
      this.#deps.logger.debug("The write-ahead log could not be folded", { reason: errorMessage(error) });
    }
  }

  #run(sql: string, params: SQLInputValue[]): { changes: number; lastId: number } {
    const { changes, lastInsertRowid } = this.#prepare(sql).run(...params);
    return { changes: Number(changes), lastId: Number(lastInsertRowid) };
  }

  #prepareFile(): void {
    // quick_check comes first: it is what notices a damaged file before anything is written to it.
    const verdict = this.pragma("quick_check(1)");
    if (verdict !== "ok") {
      const found = String(verdict).replaceAll(/\s+/g, " ");
      throw storeError("store_corrupt", this.path, `the integrity check found ${found}`);
    }
    const applicationId = this.pragma("application_id");
    const version = Number(this.pragma("user_version"));
    const tables = Number(this.get<{ n: number }>("SELECT count(*) AS n FROM sqlite_schema")?.n ?? 0);
    if (applicationId !== APPLICATION_ID && tables > 0) {
      throw storeError("store_corrupt", this.path, "it is a database of another program");
    }
    if (version > SCHEMA_VERSION) {
      const found = `its format is version ${version} and this program knows up to ${SCHEMA_VERSION}`;
      throw storeError("store_newer_version", this.path, found);
    }
    this.pragma("journal_mode = WAL");
    this.#db.exec("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA journal_size_limit = 67108864");
    this.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    if (version < SCHEMA_VERSION || applicationId !== APPLICATION_ID) this.#migrate(version);
  }

  #migrate(from: number): void {
    this.transaction(() => {
      for (const step of MIGRATIONS.slice(from)) this.#db.exec(step);
      this.#db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}; PRAGMA application_id = ${APPLICATION_ID}`);
    });
    if (from > 0) {
      this.#deps.logger.info("Database format upgraded", { path: this.path, from, to: SCHEMA_VERSION });
    }
  }

  #prepare(sql: string): StatementSync {
    if (this.#state === "closed") throw storeError("store_closed", this.path, "it was closed");
    let statement = this.#statements.get(sql);
    if (!statement) {
      if (this.#statements.size >= MAX_STATEMENTS) this.#statements.clear();
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      const mapped = toStoreError(error, this.path);
      if (mapped instanceof StoreError && mapped.code === "store_corrupt") this.#enter("corrupt", mapped);
      throw mapped;
    }
  }

  #refuseIfFailing(): void {
    if (this.#state === "closed") throw storeError("store_closed", this.path, "it was closed");
    if (this.#state === "ok" || !this.#failure) return;
    if (this.#state === "corrupt" || this.#deps.clock.monotonicMs() < this.#retryAtMs) throw this.#failure;
  }

  #rollBack(): void {
    // Some failures (a full disk among them) make SQLite roll back by itself.
    if (this.#state === "closed" || !this.#db.isTransaction) return;
    try {
      this.#db.exec("ROLLBACK");
    } catch (error) {
      this.#deps.logger.error("Transaction could not be rolled back", { path: this.path }, error);
    }
  }

  #failed(error: unknown): unknown {
    const mapped = toStoreError(error, this.path);
    if (!(mapped instanceof StoreError)) return mapped;
    this.#retryAtMs = this.#deps.clock.monotonicMs() + RETRY_WRITE_MS;
    if (mapped.code === "store_full") this.#enter("full", mapped);
    if (mapped.code === "store_unavailable") this.#enter("failing", mapped);
    if (mapped.code === "store_corrupt") this.#enter("corrupt", mapped);
    return mapped;
  }

  /** What is on the disk is not known any more: nothing is written until the next start has looked. */
  #giveUp(error: unknown): void {
    const found = `the disk did not take what was written (${errorMessage(error)}); restart this program`;
    this.#retryAtMs = Infinity;
    this.#enter("failing", storeError("store_unavailable", this.path, found, error));
  }

  #enter(state: "full" | "failing" | "corrupt", failure: StoreError): void {
    const isNew = this.#state !== state;
    this.#state = state;
    this.#failure = failure;
    if (isNew) {
      this.#deps.logger.error("Database refuses writes", { state, path: this.path, reason: errorMessage(failure) });
    }
  }

  #succeeded(): void {
    if (this.#state === "ok") return;
    this.#deps.logger.info("Database accepts writes again", { path: this.path });
    this.#state = "ok";
    this.#failure = undefined;
  }
}
