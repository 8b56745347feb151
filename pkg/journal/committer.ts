import type { Clock, CounterMap, MeshId, PeerId } from "@bzzz/base";
import type { SigningKey } from "@bzzz/crypto";
import type { Logger } from "@bzzz/logging";
import type { NewEntry, Store } from "@bzzz/store";
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
  readonly store: Store;
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

/**
 * Group commit: everything that arrives in one turn of the event loop shares one transaction, so one fsync; none when all
 * of it is others'. Own entries
 * are sealed at that moment, so a failed commit leaves no gap and no signed frame behind. At most 4096 entries or 16 MiB
 * wait.
 */
export class Committer {
  readonly #deps: CommitterDeps;
  readonly #maxFrameBytes: number;
  #work: Work[] = [];
  #bytes = 0;
  #isScheduled = false;
  #commits = 0;
  #lastCommitMs = 0;

  constructor(deps: CommitterDeps, options: { maxFrameBytes: number }) {
    this.#deps = deps;
    this.#maxFrameBytes = options.maxFrameBytes;
  }

  get isFull(): boolean {
    return this.#work.length >= MAX_PENDING || this.#bytes >= MAX_PENDING_BYTES;
  }

  get stats(): { readonly commits: number; readonly lastCommitMs: number } {
    return { commits: this.#commits, lastCommitMs: this.#lastCommitMs };
  }

  append(append: Append): void {
    if (this.isFull) {
      append.reject(new JournalError("journal_busy", `Cannot append: ${this.#work.length} entries wait for the disk`));
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
    for (const item of work) {
      if (item.type === "entry") prepared.push({ entry: item.entry, append: undefined });
      else if (this.#deps.mayAppend()) this.#seal(item.append, prepared);
      else this.#deps.defer(item.append);
    }
    if (prepared.length === 0) return undefined;
    const startedMs = this.#deps.clock.monotonicMs();
    let cursors: number[];
    try {
      cursors = this.#commit(prepared);
    } catch (error) {
      this.#deps.chains.reset();
      this.#deps.counters.add("commit.failed");
      this.#deps.logger.debug("Commit failed", { entries: prepared.length }, error);
      for (const { append } of prepared) append?.reject(error);
      return error;
    }
    this.#commits++;
    this.#lastCommitMs = this.#deps.clock.monotonicMs() - startedMs;
    this.#deps.chains.commit(prepared.map(({ entry }) => entry.envelope));
    this.#announce(prepared, cursors);
    return undefined;
  }

  #add(work: Work): void {
    this.#work.push(work);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#deps.schedule(() => {
      if (this.#isScheduled) this.flush();
    });
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
    const { chains, key, self, mesh, hlc, reservation } = this.#deps;
    const head = chains.head(self);
    const seq = (head?.seq ?? 0) + 1;
    reservation.cover(seq - 1, seq);
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
    const { store, outbox, clock } = this.#deps;
    const storedAtMs = clock.nowMs();
    const published = [...outbox.published];
    // Own entries are acknowledged and published after this, so they must be on disk. Entries of others are on their
    // authors' disks and come back by sync after a power cut; an own entry that follows from them has them before it in
    // the log. Waiting for the disk for each would stop the event loop some hundred times a second.
    const isLazy = prepared.every(({ append }) => append === undefined);
    const cursors = store.transaction(() => {
      const inserted = store.entries.insertAll(prepared.map(({ entry }) => toRow(entry, storedAtMs)));
      store.outbox.addAll(inserted.filter((_, index) => prepared[index]?.append !== undefined));
      if (published.length > 0) store.outbox.removeAll(published);
      return inserted;
    }, { isLazy });
    outbox.forget(published.length);
    return cursors;
  }

  #announce(prepared: readonly Prepared[], cursors: readonly number[]): void {
    let hasOwn = false;
    for (const [index, { entry, append }] of prepared.entries()) {
      const stored = toStoredEntry(cursors[index] ?? 0, entry.envelope, entry.content);
      this.#deps.onStored(entry, stored);
      if (!append || !stored) continue;
      hasOwn = true;
      append.resolve(stored);
    }
    if (hasOwn) this.#deps.outbox.kick();
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
