import { errorMessage, type Timer } from "@bzzz/base";
import type { StoreDeps } from "./types.ts";

/** What a lazy transaction wrote is on its way to the disk after this. */
const SYNC_DELAY_MS = 250;
/** Commits after which a quiet moment is used to fold the log into the file. */
const FOLD_AFTER_COMMITS = 200;

/**
 * Looks after the write-ahead log between commits: syncs beside the event loop what was written lazily, and folds the log
 * when nothing is written, so that the fold SQLite would do in the middle of a busy time seldom comes.
 */
export class WalKeeper {
  readonly #deps: StoreDeps;
  readonly #walPath: string;
  readonly #fold: () => void;
  #file: Deno.FsFile | undefined;
  #timer: Timer | undefined;
  #isUnsynced = false;
  #commits = 0;
  #commitsAtTimer = 0;

  constructor(deps: StoreDeps, options: { readonly path: string; readonly fold: () => void }) {
    this.#deps = deps;
    this.#walPath = `${options.path}-wal`;
    this.#fold = options.fold;
  }

  committed(options: { readonly isLazy: boolean }): void {
    this.#commits++;
    if (options.isLazy) this.#isUnsynced = true;
    if (!this.#timer) this.#watch();
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#file?.close();
    this.#file = undefined;
  }

  #watch(): void {
    this.#commitsAtTimer = this.#commits;
    this.#timer = this.#deps.clock.setTimer(SYNC_DELAY_MS, () => {
      this.#timer = undefined;
      if (this.#isUnsynced) this.#sync();
      if (this.#commits > this.#commitsAtTimer) this.#watch();
      else if (this.#commits >= FOLD_AFTER_COMMITS) {
        this.#commits = 0;
        this.#fold();
      }
    }, { unref: true });
  }

  #sync(): void {
    this.#isUnsynced = false;
    try {
      // A descriptor of its own: SQLite holds no lock on this file, which closing any descriptor would drop.
      this.#file ??= Deno.openSync(this.#walPath);
    } catch (error) {
      this.#deps.logger.debug("The write-ahead log could not be opened", { reason: errorMessage(error) });
      return;
    }
    const { syncFile = (file) => file.syncData() } = this.#deps;
    syncFile(this.#file).catch((error) => {
      // Closed meanwhile, which synced it; or the disk fails, which the next commit that waits for it says.
      this.#deps.logger.debug("The write-ahead log could not be synced", { reason: errorMessage(error) });
    });
  }
}
