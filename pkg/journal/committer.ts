import type { Clock, CounterMap, MeshId, PeerId } from "@bzzz/base";
import type { SigningKey } from "@bzzz/crypto";
import type { Logger } from "@bzzz/logging";
import { type JournalStore, type NewEntry, StoreError } from "@bzzz/store";
import { decodeBody, type Envelope, type HlcClock, sealEnvelope } from "@bzzz/wire";
import type { Chains } from "./chains.ts";
import type { CheckedEntry, EntryBody } from "./check.ts";
import { MAX_PENDING, MAX_PENDING_BYTES } from "./constants.ts";
import { JournalError } from "./errors.ts";
import type { OutboxPublisher } from "./outbox.ts";
import type { SeqReservation } from "./reservation.ts";
import type { JournalDraft, StoredEntry } from "./types.ts";

/** What the committer stands on. */
export interface CommitterDeps {
  readonly store: JournalStore;
  readonly chains: Chains;
  readonly key: SigningKey;
  readonly self: PeerId;
  readonly mesh: MeshId;
  readonly hlc: HlcClock;
  readonly reservation: SeqReservation;
  readonly outbox: OutboxPublisher;
  readonly clock: Pick<Clock, "nowMs" | "monotonicMs">;
  readonly logger: Logger;
  readonly counters: CounterMap;
  readonly schedule: (flush: () => void) => void;
  /** False while this node's own log is not known to be whole: then appends go back through `defer`. */
  readonly mayAppend: () => boolean;
  readonly defer: (append: Append) => void;
  /** After a commit that failed: what was counted for it is not on disk. */
  readonly onFailed: () => void;
  /** Within each transaction, for every entry of it, in order: what must be on the disk whenever the entry is. */
  readonly onStoring: (entry: CheckedEntry) => void;
  /** After each commit, for every entry of it, in order. */
  readonly onStored: (entry: CheckedEntry, stored: StoredEntry | undefined) => void;
}

/** An append that waits for its commit. */
export interface Append {
  readonly draft: JournalDraft;
  readonly resolve: (entry: StoredEntry) => void;
  readonly reject: (error: unknown) => void;
}

type Work = { readonly type: "append"; readonly append: Append } | {
  readonly type: "entry";
  readonly entry: CheckedEntry;
};

interface Prepared {
  readonly entry: CheckedEntry;
  readonly append: Append | undefined;
}

/** What one transaction has stored and nobody was told yet. */
interface Group {
  readonly prepared: readonly Prepared[];
  readonly cursors: readonly number[];
  isDurable: boolean;
}

/**
 * Group commit: everything that arrives in one turn of the event loop shares one transaction. Own entries are sealed at
 * that moment, so a failed commit leaves no gap and no signed frame behind, and are told (acknowledged, published, shown to
 * peers) when they are on the disk; the fsync runs beside the event loop. All entries are told in the order of their
 * cursors, so that who remembers a cursor has missed nothing before it. At most 4096 entries or 16 MiB wait for the
 * transaction, and as many for the disk.
 */
export class Committer {
  readonly #deps: CommitterDeps;
  readonly #maxFrameBytes: number;
  #work: Work[] = [];
  #bytes = 0;
  #isScheduled = false;
  /** In the order of their cursors; the first one waits for the disk. */
  readonly #untold: Group[] = [];
  #untoldEntries = 0;
  #settling: Promise<void> = Promise.resolve();
  #commits = 0;
  #lastCommitMs = 0;

  constructor(deps: CommitterDeps, options: { maxFrameBytes: number }) {
    this.#deps = deps;
    this.#maxFrameBytes = options.maxFrameBytes;
  }

  get isFull(): boolean {
    return this.#work.length + this.#untoldEntries >= MAX_PENDING || this.#bytes >= MAX_PENDING_BYTES;
  }

  get stats(): { readonly commits: number; readonly lastCommitMs: number } {
    return { commits: this.#commits, lastCommitMs: this.#lastCommitMs };
  }

  append(append: Append): void {
    if (this.isFull) {
      const waiting = this.#work.length + this.#untoldEntries;
      append.reject(new JournalError("journal_busy", `Cannot append: ${waiting} entries wait for the disk`));
      return;
    }
    this.#add({ type: "append", append });
  }

  /** Takes an entry that was placed "next"; the caller has advanced the chain. */
  add(entry: CheckedEntry): void {
    this.#bytes += entry.envelope.frame.byteLength;
    this.#add({ type: "entry", entry });
  }

  /** Commits what waits. The error of a commit that failed, after which the chains are as on disk. */
  flush(): unknown {
    this.#isScheduled = false;
    const work = this.#work;
    this.#work = [];
    this.#bytes = 0;
    const prepared: Prepared[] = [];
    const mayAppend = this.#deps.mayAppend();
    const obstacle = mayAppend ? this.#reserve(work.filter(({ type }) => type === "append").length) : undefined;
    for (const item of work) {
      if (item.type === "entry") prepared.push({ entry: item.entry, append: undefined });
      else if (!mayAppend) this.#deps.defer(item.append);
      else if (obstacle) item.append.reject(obstacle);
      else this.#seal(item.append, prepared);
    }
    if (prepared.length === 0) return undefined;
    const startedMs = this.#deps.clock.monotonicMs();
    let cursors: number[];
    try {
      cursors = this.#commit(prepared);
    } catch (error) {
      this.#deps.chains.reset(this.#deps.self);
      this.#deps.onFailed();
      this.#deps.counters.add("commit.failed");
      this.#deps.logger.debug("Commit failed", { entries: prepared.length }, error);
      for (const { append } of prepared) append?.reject(error);
      return error;
    }
    this.#commits++;
    this.#lastCommitMs = this.#deps.clock.monotonicMs() - startedMs;
    this.#tell({ prepared, cursors, isDurable: prepared.every(({ append }) => append === undefined) });
    return undefined;
  }

  /** Resolves when everything that is committed was told. */
  async settled(): Promise<void> {
    while (this.#untold.length > 0) await this.#settling;
  }

  #tell(group: Group): void {
    // what others have written is on their disks, and part of our history as soon as it is stored
    const others = group.prepared.filter(({ append }) => append === undefined);
    this.#deps.chains.commit(others.map(({ entry }) => entry.envelope));
    if (group.isDurable && this.#untold.length === 0) return this.#announce(group);
    this.#untold.push(group);
    this.#untoldEntries += group.prepared.length;
    if (!group.isDurable) this.#settling = this.#settle(group);
  }

  async #settle(group: Group): Promise<void> {
    try {
      await this.#deps.store.synced();
      group.isDurable = true;
    } catch (error) {
      this.#fail(group, error);
    }
    for (let next = this.#untold[0]; next?.isDurable; next = this.#untold[0]) {
      this.#untold.shift();
      this.#untoldEntries -= next.prepared.length;
      this.#announce(next);
    }
  }

  /** The disk did not take this node's entries: nobody is told of them, and nothing more is written until a restart. */
  #fail(group: Group, error: unknown): void {
    this.#deps.counters.add("commit.failed");
    this.#untold.splice(this.#untold.indexOf(group), 1);
    this.#untoldEntries -= group.prepared.length;
    for (const { append } of group.prepared) append?.reject(error);
  }

  #add(work: Work): void {
    this.#work.push(work);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#deps.schedule(() => {
      if (this.#isScheduled) this.flush();
    });
  }

  /** Reserves numbers for all appends of a commit at once: the error when the disk refuses. */
  #reserve(appends: number): StoreError | undefined {
    if (appends === 0) return undefined;
    const { chains, self, reservation } = this.#deps;
    try {
      reservation.cover(chains.committed.get(self)?.seq ?? 0, (chains.head(self)?.seq ?? 0) + appends);
      return undefined;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      return error;
    }
  }

  /** The entries are on disk: what is told to their authors must not hang on the mark, which only lags behind. */
  #follow(): void {
    const { chains, self, reservation, logger } = this.#deps;
    try {
      reservation.follow(chains.committed.get(self)?.seq ?? 0);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      logger.warn("The mark of used sequence numbers could not be moved; the next commit tries again", {}, error);
    }
  }

  #seal(append: Append, prepared: Prepared[]): void {
    try {
      const entry = this.#sealNext(append.draft);
      this.#deps.chains.advance(entry.envelope, entry.seq);
      prepared.push({ entry, append });
    } catch (error) {
      append.reject(error);
    }
  }

  #sealNext(draft: JournalDraft): CheckedEntry {
    const { chains, key, self, mesh, hlc } = this.#deps;
    const head = chains.head(self);
    const seq = (head?.seq ?? 0) + 1;
    const { kind, body, ...fields } = draft;
    let envelope: Envelope;
    try {
      const header = { ...fields, mesh, author: self, seq, ...(head ? { prev: head.id } : {}), hlc: hlc.tick() };
      envelope = sealEnvelope(key, header, kind, body);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new JournalError("journal_entry_too_large", error.message, { cause: error });
    }
    if (envelope.frame.byteLength > this.#maxFrameBytes) {
      throw new JournalError(
        "journal_entry_too_large",
        `Cannot append: the entry has ${envelope.frame.byteLength} bytes and this node may send ${this.#maxFrameBytes}`,
      );
    }
    // Sealed a moment ago by the very schema that decodes it; readers see what a peer would see.
    return { envelope, seq, content: decodeBody(envelope) as { ok: true } & EntryBody };
  }

  #commit(prepared: readonly Prepared[]): number[] {
    const { store, outbox, clock, onStoring } = this.#deps;
    const storedAtMs = clock.nowMs();
    const published = [...outbox.published];
    const cursors = store.transaction(() => {
      const inserted = store.entries.insertAll(prepared.map(({ entry }) => toRow(entry, storedAtMs)));
      store.outbox.addAll(inserted.filter((_, index) => prepared[index]?.append !== undefined));
      if (published.length > 0) store.outbox.removeAll(published);
      for (const { entry } of prepared) onStoring(entry);
      return inserted;
    }, { isLazy: true }); // own entries are told after `synced`
    outbox.forget(published.length);
    return cursors;
  }

  #announce({ prepared, cursors }: Group): void {
    const own = prepared.filter(({ append }) => append !== undefined);
    this.#deps.chains.commit(own.map(({ entry }) => entry.envelope));
    if (own.length > 0) this.#follow();
    for (const [index, { entry, append }] of prepared.entries()) {
      const stored = toStoredEntry(cursors[index] ?? 0, entry.envelope, entry.content);
      this.#deps.onStored(entry, stored);
      if (stored) append?.resolve(stored);
    }
    if (own.length > 0) this.#deps.outbox.kick(cursors.at(-1) ?? 0);
  }
}

/** An entry as consumers see it, or undefined when there is no body to show. */
export function toStoredEntry(
  cursor: number,
  envelope: Envelope,
  content: EntryBody | undefined,
): StoredEntry | undefined {
  // `content` pairs kind and body; spreading a union loses the pairing for the compiler, not in fact.
  return content && { cursor, envelope, kind: content.kind, body: content.body } as StoredEntry;
}

function toRow({ envelope, seq }: CheckedEntry, storedAtMs: number): NewEntry {
  const { header } = envelope;
  return {
    id: envelope.id,
    author: header.author,
    seq,
    prev: header.prev,
    hlcMs: header.hlc.ms,
    hlcCounter: header.hlc.counter,
    topic: header.topic,
    kind: header.kind,
    thread: header.thread,
    task: header.task,
    frame: envelope.frame,
    storedAtMs,
    isPruned: envelope.body === undefined,
  };
}
