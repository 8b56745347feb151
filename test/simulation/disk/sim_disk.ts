import type { Clock } from "@bzzz/base";
import { type ForkRecord, type JournalStore, type RegisterStore, StoreError } from "@bzzz/store";
import { createEntryStore, type TableChange, Tables } from "./tables.ts";

/** The store brings lazy commits to the disk after this, as `pkg/store/wal_keeper.ts` does. */
const LAZY_SYNC_MS = 250;

/** What journals and registers stand on. */
export interface SimStore extends JournalStore {
  readonly registers: RegisterStore;
}

interface Commit {
  readonly changes: readonly TableChange[];
}

/** How a disk behaves. */
export interface DiskOptions extends DiskFlaws {
  /** Duration of the next sync, milliseconds. Absent: none at all. */
  readonly syncMs?: () => number;
  /** Told what is on the disk, once it is said to be, for histories. */
  readonly onSynced?: (changes: readonly TableChange[]) => void;
}

/** What a disk does wrong on purpose; for showing that the claims notice. */
export interface DiskFlaws {
  /** Commits are acknowledged and not synced. */
  readonly ignoresSync?: boolean;
}

/**
 * The disk of one machine: a write-ahead log of commits, of which a power cut keeps what was synced and perhaps a little
 * more, in order. It outlives the processes that open it; each `open` is one process's store.
 */
export class SimDisk {
  readonly #options: DiskOptions;
  #log: Commit[] = [];
  #synced = 0;
  #told = 0;
  #generation = 0;
  #isFull = false;
  #commitsUntilDeath: { left: number; die: () => void } | undefined;

  constructor(options: DiskOptions = {}) {
    this.#options = options;
  }

  /** Commits so far. */
  get commits(): number {
    return this.#log.length;
  }

  /** From now on writes are refused, or taken again. */
  setFull(isFull: boolean): void {
    this.#isFull = isFull;
  }

  /** Calls `die` in the middle of whatever makes the `count`-th commit from now, right after it. */
  dieAfterCommits(count: number, die: () => void): void {
    this.#commitsUntilDeath = { left: count, die };
  }

  /** The process is gone and the system lives: everything that was committed is there. */
  loseProcess(): void {
    this.#generation++;
    this.#commitsUntilDeath = undefined;
  }

  /** A power cut: of what was not synced a part is there, `share` of it (0 to 1), and never one without those before. */
  losePower(share: number): void {
    this.loseProcess();
    const unsynced = this.#log.length - this.#synced;
    this.#log.length = this.#synced + Math.floor(unsynced * share);
    this.#synced = this.#log.length;
    this.#told = Math.min(this.#told, this.#log.length);
  }

  /** Somebody puts a copy back that was taken `commits` commits ago. Only while no process runs. */
  restoreBackup(commits: number): void {
    this.#log.length = Math.max(0, this.#log.length - commits);
    this.#synced = Math.min(this.#synced, this.#log.length);
    this.#told = Math.min(this.#told, this.#log.length);
  }

  /** The store of a new process. */
  open(clock: Pick<Clock, "setTimer">): SimStore {
    const generation = this.#generation;
    let tables = this.#replay();
    let open: { readonly changes: TableChange[] } | undefined;
    const syncer = new Syncer(clock, {
      syncMs: this.#options.syncMs ?? (() => 0),
      commits: () => this.#log.length,
      onSynced: (commits) => this.#sync(commits),
    });
    const transaction = <T>(work: () => T, options: { readonly isLazy?: boolean } = {}): T => {
      if (open) return work();
      const current = { changes: [] as TableChange[] };
      open = current;
      try {
        const result = work();
        if (current.changes.length > 0) this.#commit(current.changes, generation);
        if (options.isLazy) syncer.later();
        else this.#sync(this.#log.length);
        return result;
      } catch (error) {
        tables = this.#replay();
        throw error;
      } finally {
        open = undefined;
      }
    };
    const change = (changes: readonly TableChange[]): void =>
      transaction(() => {
        if (this.#isFull) throw new StoreError("store_full", "Cannot use the database: the simulated disk is full");
        for (const one of changes) {
          tables.apply(one);
          open?.changes.push(one);
        }
      });
    return createStore({ tables: () => tables, change, transaction, syncer, isFull: () => this.#isFull });
  }

  #commit(changes: readonly TableChange[], generation: number): void {
    // A process that died in the middle of a turn goes on to its end without an effect.
    if (generation !== this.#generation) return;
    this.#log.push({ changes });
    const death = this.#commitsUntilDeath;
    if (!death || --death.left > 0) return;
    this.#commitsUntilDeath = undefined;
    death.die();
  }

  /** The first `commits` of the log are on the disk. */
  #sync(commits: number): void {
    const upTo = Math.min(commits, this.#log.length);
    if (!this.#options.ignoresSync) this.#synced = Math.max(this.#synced, upTo);
    for (; this.#told < upTo; this.#told++) this.#options.onSynced?.(this.#log[this.#told]?.changes ?? []);
  }

  #replay(): Tables {
    const tables = new Tables();
    for (const { changes } of this.#log) for (const change of changes) tables.apply(change);
    return tables;
  }
}

interface SyncerDeps {
  readonly syncMs: () => number;
  /** How many commits there are now. */
  readonly commits: () => number;
  readonly onSynced: (commits: number) => void;
}

/** Syncs beside the event loop, one at a time; who asks meanwhile shares the next (`pkg/store/wal_keeper.ts`). */
class Syncer {
  readonly #clock: Pick<Clock, "setTimer">;
  readonly #deps: SyncerDeps;
  #isPlanned = false;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(clock: Pick<Clock, "setTimer">, deps: SyncerDeps) {
    this.#clock = clock;
    this.#deps = deps;
  }

  later(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    this.#clock.setTimer(LAZY_SYNC_MS, () => {
      this.#isPlanned = false;
      void this.synced(); // cannot fail
    }, { unref: true });
  }

  synced(): Promise<void> {
    if (!this.#running) return this.#running = this.#run();
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      return this.#running = this.#run();
    });
    return this.#next;
  }

  #run(): Promise<void> {
    const commits = this.#deps.commits();
    return new Promise((resolve) => {
      this.#clock.setTimer(this.#deps.syncMs(), () => {
        this.#running = undefined;
        this.#deps.onSynced(commits);
        resolve();
      });
    });
  }
}

interface StoreParts {
  readonly tables: () => Tables;
  readonly change: (changes: readonly TableChange[]) => void;
  readonly transaction: JournalStore["transaction"];
  readonly syncer: Syncer;
  readonly isFull: () => boolean;
}

function createStore({ tables, change, transaction, syncer, isFull }: StoreParts): SimStore {
  const learn = (type: "grant" | "revocation", known: () => readonly Uint8Array[]) => (bytes: Uint8Array): boolean => {
    if (known().some((other) => other.length === bytes.length && other.every((byte, i) => byte === bytes[i]))) {
      return false;
    }
    change([{ type, bytes }]);
    return true;
  };
  return {
    path: "simulated",
    entries: createEntryStore(tables, change),
    grants: {
      addGrant: learn("grant", () => tables().grants),
      addRevocation: learn("revocation", () => tables().revocations),
      grants: () => [...tables().grants],
      revocations: () => [...tables().revocations],
    },
    kv: {
      get: (key) => tables().values.get(key),
      set: (key, value) => change([{ type: "set", key, value }]),
      delete: (key) => {
        const had = tables().values.has(key);
        change([{ type: "set", key, value: undefined }]);
        return had;
      },
      keys: (prefix) => [...tables().values.keys()].filter((key) => key.startsWith(prefix)).sort(),
    },
    outbox: {
      addAll: (cursors) => change(cursors.map((cursor) => ({ type: "queue", cursor }))),
      next: (afterCursor, limit) =>
        [...tables().outbox].filter((cursor) => cursor > afterCursor).sort((a, b) => a - b).slice(0, limit)
          .flatMap((cursor) => {
            const row = tables().rows[cursor - 1];
            return row ? [{ cursor, topic: row.topic, frame: row.frame }] : [];
          }),
      removeAll: (cursors) => change(cursors.map((cursor) => ({ type: "unqueue", cursor }))),
      size: () => tables().outbox.size,
    },
    forks: {
      add: (fork) => addFork(tables(), change, fork),
      list: () =>
        [...tables().forks.values()].sort((a, b) => a.provedAtMs - b.provedAtMs || (a.author < b.author ? -1 : 1)),
    },
    registers: {
      get: (key) => {
        const record = tables().registers.get(key);
        return record && { record };
      },
      set: (key, record) => change([{ type: "register", key, record }]),
      keys: (after, limit) => [...tables().registers.keys()].filter((key) => key > after).sort().slice(0, limit),
      clear: () => change([{ type: "clear_registers" }]),
    },
    transaction,
    synced: () => syncer.synced(),
    health: () => ({ state: isFull() ? "full" : "ok", message: undefined, bytes: 0 }),
    setMaxBytes: () => {},
    close: () => {},
    [Symbol.dispose]: () => {},
  };
}

function addFork(tables: Tables, change: (changes: readonly TableChange[]) => void, fork: ForkRecord): boolean {
  const known = tables.forks.get(fork.author);
  if (known && known.seq <= fork.seq) return false;
  change([{ type: "fork", fork }]);
  return true;
}
