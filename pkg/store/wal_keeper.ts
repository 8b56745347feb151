import { errorMessage, type Timer } from "@bzzz/base";
import type { StoreDeps } from "./types.ts";

/** What a lazy transaction wrote is on its way to the disk after this, unless somebody asks before. */
const SYNC_DELAY_MS = 250;
/** Commits after which a quiet moment is used to fold the log into the file. */
const FOLD_AFTER_COMMITS = 200;

/** What the keeper looks after. */
export interface WalKeeperOptions {
  /** The database file. */
  readonly path: string;
  /** Folds the log into the file. */
  readonly fold: () => void;
  /** The disk did not take what was written: what is on it is not known any more. Called once. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * Looks after the write-ahead log between commits: syncs beside the event loop what was written lazily, and folds the log
 * when nothing is written, so that the fold SQLite would do in the middle of a busy time seldom comes.
 *
 * One sync runs at a time, and all who ask meanwhile share the next one: a slow disk makes the groups larger, not the
 * waits longer. A sync that failed is not tried again, as the system may have dropped the pages it could not write and
 * would report success (Rebello et al., "Can Applications Recover from fsync Failures?", ATC 2020).
 */
export class WalKeeper {
  readonly #deps: StoreDeps;
  readonly #options: WalKeeperOptions;
  #file: Deno.FsFile | undefined;
  #timer: Timer | undefined;
  #isUnsynced = false;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #isClosed = false;
  #commits = 0;
  #commitsAtTimer = 0;

  constructor(deps: StoreDeps, options: WalKeeperOptions) {
    this.#deps = deps;
    this.#options = options;
    // an earlier run that was killed may have left what the system has and the disk has not
    this.#isUnsynced = isThere(`${options.path}-wal`);
  }

  committed(options: { readonly isLazy: boolean }): void {
    this.#commits++;
    if (options.isLazy) this.#isUnsynced = true;
    if (!this.#timer) this.#watch();
  }

  /** Resolves when all that is committed now is on the disk. Rejects when the disk does not take it. */
  synced(): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure.error);
    if (!this.#isUnsynced) return this.#next ?? this.#running ?? Promise.resolve();
    if (!this.#running) return this.#start();
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      return this.#start();
    });
    return this.#next;
  }

  /** Closing the database syncs what is left. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#file?.close();
    this.#file = undefined;
  }

  #watch(): void {
    this.#commitsAtTimer = this.#commits;
    this.#timer = this.#deps.clock.setTimer(SYNC_DELAY_MS, () => {
      this.#timer = undefined;
      // nobody waits for this one; its failure is told by `onFailure`
      if (this.#isUnsynced) this.synced().catch(() => {});
      if (this.#commits > this.#commitsAtTimer) this.#watch();
      else if (this.#commits >= FOLD_AFTER_COMMITS) {
        this.#commits = 0;
        this.#options.fold();
      }
    }, { unref: true });
  }

  #start(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#isUnsynced = false;
    const running = this.#sync().finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    this.#running = running;
    return running;
  }

  async #sync(): Promise<void> {
    const { syncFile = (file) => file.syncData() } = this.#deps;
    try {
      // A descriptor of its own: SQLite holds no lock on this file, which closing any descriptor would drop.
      this.#file ??= Deno.openSync(`${this.#options.path}-wal`);
      await syncFile(this.#file);
    } catch (error) {
      if (this.#isClosed) return; // closed meanwhile, which synced it
      this.#deps.logger.error("The write-ahead log could not be synced", { reason: errorMessage(error) });
      this.#failure = { error };
      this.#options.onFailure(error);
      throw error;
    }
  }
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).size > 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
