import { mayAuthor } from "@bzzz/agentid";
import {
  afterThisTurn,
  CounterMap,
  type EntryId,
  type MeshId,
  type PeerId,
  type Timer,
  TypedEventTarget,
} from "@bzzz/base";
import { peerIdFromPublicKey } from "@bzzz/crypto";
import { StoreError } from "@bzzz/store";
import {
  type EntryKind,
  type Envelope,
  HlcClock,
  isEntryKind,
  MAX_ENVELOPE_BYTES,
  sealEnvelope,
  type SignalKind,
  TOPICS,
} from "@bzzz/wire";
import { AuthorQuota } from "./author_quota.ts";
import { Chains } from "./chains.ts";
import { type CheckContext, type CheckedEntry, checkEntry } from "./check.ts";
import { type Append, Committer } from "./committer.ts";
import { MAX_CLOCK_AHEAD_MS, RETENTION_PERIOD_MS, VERIFY_SLICE } from "./constants.ts";
import { EntryReader } from "./entry_reader.ts";
import { JournalError } from "./errors.ts";
import { ForkTeller } from "./fork_teller.ts";
import { Intake } from "./intake.ts";
import { OutboxPublisher } from "./outbox.ts";
import { OwnLog, stoppedError } from "./own_log.ts";
import { AuthorProtocols } from "./protocols.ts";
import { SeqReservation } from "./reservation.ts";
import { checkRetention, LostBodies, pruneOld } from "./retention.ts";
import { untoldForks } from "./untold_forks.ts";
import type {
  BatchResult,
  EntryQuery,
  IngestPath,
  IngestReason,
  IngestResult,
  Journal,
  JournalDeps,
  JournalDraft,
  JournalEvents,
  JournalOptions,
  JournalState,
  JournalStats,
  SignalDraft,
  StoredEntry,
  StoredEntryOf,
  VectorEntry,
} from "./types.ts";

/**
 * Creates the journal over an open store and compares it with the reservation file; no timer runs before `start`.
 *
 * @throws RangeError when the retention policy would prune the audit topic
 */
export function createJournal(deps: JournalDeps, options: JournalOptions): Journal {
  checkRetention(options.retention ?? {});
  return new StoreJournal(deps, options);
}

class StoreJournal implements Journal {
  readonly self: PeerId;
  readonly mesh: MeshId;
  readonly events = new TypedEventTarget<JournalEvents>();
  readonly #deps: JournalDeps;
  readonly #schedule: (flush: () => void) => void;
  readonly #context: CheckContext;
  readonly #counters = new CounterMap();
  readonly #chains: Chains;
  readonly #hlc: HlcClock;
  readonly #reservation: SeqReservation;
  readonly #ownLog: OwnLog;
  readonly #outbox: OutboxPublisher;
  readonly #committer: Committer;
  readonly #intake: Intake;
  readonly #quota: AuthorQuota;
  readonly #forkTeller: ForkTeller;
  readonly #reader: EntryReader;
  #retentionTimer: Timer | undefined;
  #pruning: Promise<number> | undefined;

  constructor(deps: JournalDeps, options: JournalOptions) {
    this.#deps = deps;
    this.self = peerIdFromPublicKey(deps.key.publicKey);
    this.mesh = options.mesh;
    this.#schedule = deps.schedule ?? afterThisTurn;
    this.#context = {
      mesh: options.mesh,
      gate: deps.gate,
      clock: deps.clock,
      retention: options.retention ?? {},
      protocols: new AuthorProtocols(deps.store.entries),
      lostBodies: new LostBodies(deps.clock),
    };
    this.#chains = new Chains(deps.store);
    this.#reader = new EntryReader(deps.store.entries);
    this.#hlc = this.#restoreClock();
    this.#quota = new AuthorQuota(options.authorBytesPerDay);
    this.#reservation = new SeqReservation(options.reservationPath, this.self, deps.reservationFile);
    this.#ownLog = new OwnLog(deps, this.#reservation, (state) => this.events.emit("state:changed", { state }));
    this.#outbox = new OutboxPublisher({ ...deps, counters: this.#counters });
    this.#committer = new Committer({
      ...deps,
      self: this.self,
      mesh: this.mesh,
      chains: this.#chains,
      hlc: this.#hlc,
      reservation: this.#reservation,
      outbox: this.#outbox,
      counters: this.#counters,
      schedule: this.#schedule,
      mayAppend: () => this.state === "ready",
      defer: (append) => this.#admit(append),
      onFailed: () => this.#quota.reset(),
      onStoring: (entry) => this.#intake.storeProof(entry),
      onStored: (entry, stored) => {
        if (stored) this.events.emit("entry:stored", { entry: stored });
        this.#intake.committed(entry);
      },
    }, { maxFrameBytes: options.maxFrameBytes ?? MAX_ENVELOPE_BYTES });
    this.#forkTeller = new ForkTeller({
      ...deps,
      append: (body) => this.append({ kind: "fork_proved", topic: TOPICS.agents, body }),
    });
    this.#intake = new Intake({
      ...deps,
      self: this.self,
      context: this.#context,
      events: this.events,
      chains: this.#chains,
      committer: this.#committer,
      hlc: this.#hlc,
      ownLog: this.#ownLog,
      quota: this.#quota,
      counters: this.#counters,
      forkTeller: this.#forkTeller,
    });
    this.#ownLog.open(this.#ownSeq, {
      isForked: this.#chains.frozen.has(this.self),
      hasOthers: this.#chains.committed.size > (this.#ownSeq > 0 ? 1 : 0),
    });
  }

  get state(): JournalState {
    return this.#ownLog.state;
  }

  start(): void {
    if (this.state === "ready") this.#tryReserve(() => this.#reservation.begin(this.#ownSeq));
    this.#ownLog.start();
    this.#outbox.start();
    this.#tellForks();
    this.#retentionTimer ??= this.#deps.clock.setPeriodic(RETENTION_PERIOD_MS, () => {
      this.prune().catch((error) => this.#deps.logger.warn("Retention failed; it runs again in an hour", {}, error));
    }, { unref: true });
  }

  async stop(): Promise<void> {
    if (this.state === "stopped") return;
    const wasReady = this.state === "ready";
    this.#committer.flush();
    this.#ownLog.stop();
    await this.#committer.settled();
    this.#retentionTimer?.cancel();
    this.#forkTeller.stop();
    await this.#outbox.stop();
    await this.#pruning?.catch(() => 0); // whoever called prune() has the error
    if (wasReady) this.#tryReserve(() => this.#reservation.end(this.#ownSeq));
  }

  append<K extends EntryKind>(draft: JournalDraft<K>): Promise<StoredEntryOf<K>> {
    const refusal = this.#ownRefusal(draft.kind);
    if (refusal) return Promise.reject(refusal);
    const { promise, resolve, reject } = Promise.withResolvers<StoredEntry>();
    // A JournalDraft<K> is one of the union's members; the compiler does not follow K through it.
    this.#admit({ draft: draft as unknown as JournalDraft, resolve, reject });
    return promise as Promise<unknown> as Promise<StoredEntryOf<K>>; // the entry has the draft's kind
  }

  async sendSignal<K extends SignalKind>(draft: SignalDraft<K>): Promise<number> {
    if (this.state === "stopped") throw stoppedError();
    const refusal = this.#ownRefusal(draft.kind);
    if (refusal) throw refusal;
    const { kind, topic, body } = draft;
    const header = { mesh: this.mesh, author: this.self, hlc: this.#hlc.tick(), topic };
    const envelope = sealEnvelope(this.#deps.key, header, kind, body);
    this.#counters.add("signal.sent");
    return await this.#deps.publish(topic, envelope.frame);
  }

  ingest(message: Uint8Array, from: { readonly peer: PeerId; readonly path: IngestPath }): IngestResult {
    if (this.state === "stopped") {
      this.#counters.add("ingest.stopped");
      return { verdict: "ignore", reason: "stopped" };
    }
    const result = this.#intake.judge(message, from);
    if (result.verdict === "reject") this.events.emit("entry:rejected", { reason: result.reason, peer: from.peer });
    return result;
  }

  async ingestBatch(frames: readonly Uint8Array[], from: { readonly peer: PeerId }): Promise<BatchResult> {
    const source = { peer: from.peer, path: "sync" } as const;
    const refused = new Map<IngestReason, number>();
    const refusedAuthors = new Set<PeerId>();
    const checked: CheckedEntry[] = [];
    let offence: IngestReason | undefined;
    for (const [index, frame] of frames.entries()) {
      // Verifying is the costly part and needs no state, so the event loop may run in between.
      if (index > 0 && index % VERIFY_SLICE === 0) await this.#pause();
      const outcome = this.#intake.open(frame);
      const result = outcome.ok ? checkEntry(this.#context, outcome.value, "sync") : outcome;
      if (result.ok) {
        checked.push(result.value);
        continue;
      }
      const { verdict, reason } = result.refusal;
      this.#counters.add(`ingest.${reason}`);
      refused.set(reason, (refused.get(reason) ?? 0) + 1);
      if (outcome.ok) {
        const { author, seq = 0 } = outcome.value.header;
        if (isGrantFault(reason)) refusedAuthors.add(author);
        // its signature was checked: this node did write it
        if (author === this.self && reason === "pruned_too_early") this.#ownLog.noteRemote(seq, this.#ownSeq);
      }
      if (verdict === "reject") {
        offence = reason;
        this.events.emit("entry:rejected", { reason, peer: from.peer });
        break;
      }
    }
    if (this.state === "stopped") throw stoppedError();
    let stored = 0;
    for (const entry of checked) {
      const { reason } = this.#intake.place(entry, source);
      this.#counters.add(`ingest.${reason}`);
      if (reason === "stored" || reason === "stored_opaque") stored++;
      else refused.set(reason, (refused.get(reason) ?? 0) + 1);
    }
    const error = this.#committer.flush();
    if (error !== undefined) throw error;
    return { stored, refused, refusedAuthors, offence };
  }

  vector(): Map<PeerId, VectorEntry> {
    return new Map(this.#chains.committed);
  }

  frozen(): ReadonlyMap<PeerId, number> {
    return this.#chains.frozen;
  }

  pausedAuthors(): readonly PeerId[] {
    return this.#quota.paused(this.#deps.clock.nowMs());
  }

  hasGaps(): boolean {
    return this.#intake.buffered > 0;
  }

  entriesAfter(cursor: number, query: EntryQuery): StoredEntry[] {
    return this.#reader.after(cursor, query);
  }

  get(id: EntryId): StoredEntry | undefined {
    return this.#reader.get(id);
  }

  envelopeAt(author: PeerId, seq: number): Envelope | undefined {
    return this.#chains.envelopeAt(author, seq);
  }

  framesFrom(author: PeerId, fromSeq: number, options: { maxBytes: number; limit: number }): Uint8Array[] {
    // of the own log what is on the disk: the rest is not acknowledged, and may be lost
    const limit = author === this.self ? Math.min(options.limit, this.#ownSeq - fromSeq + 1) : options.limit;
    return limit <= 0 ? [] : this.#deps.store.entries.frames(author, fromSeq, { ...options, limit });
  }

  notePulled(ownSeq: number): void {
    this.#ownLog.notePulled(ownSeq, this.#ownSeq);
  }

  async prune(): Promise<number> {
    if (this.state === "stopped") return 0;
    this.#pruning ??= pruneOld(
      { store: this.#deps.store, pause: () => this.#pause(), isStopped: () => this.state === "stopped" },
      this.#context.retention,
      this.#deps.clock.nowMs(),
    ).finally(() => this.#pruning = undefined);
    const pruned = await this.#pruning;
    this.#counters.add("pruned", pruned);
    return pruned;
  }

  stats(): JournalStats {
    return {
      state: this.state,
      entries: this.#deps.store.entries.lastCursor(),
      authors: this.#chains.committed.size,
      forks: this.#chains.frozen.size,
      buffered: this.#intake.buffered,
      outbox: this.#deps.store.outbox.size(),
      ownSeq: this.#ownSeq,
      ...this.#committer.stats,
      counters: this.#counters.entries(),
    };
  }

  get #ownSeq(): number {
    return this.#chains.committed.get(this.self)?.seq ?? 0;
  }

  /** Stamps go on after the newest known one; a stranger's stamp far in the future does not drag the clock along. */
  #restoreClock(): HlcClock {
    const hlc = new HlcClock(this.#deps, this.#chains.committed.get(this.self)?.hlc);
    const limitMs = this.#deps.clock.nowMs() + MAX_CLOCK_AHEAD_MS;
    for (const head of this.#chains.committed.values()) {
      if (head.hlc.ms <= limitMs) hlc.observe(head.hlc);
    }
    return hlc;
  }

  /** An entry that peers must refuse would end this node's log for them, so it is refused here first. */
  #ownRefusal(kind: EntryKind | SignalKind): JournalError | undefined {
    const nowMs = this.#deps.clock.nowMs();
    const seq = isEntryKind(kind) ? { seq: (this.#chains.head(this.self)?.seq ?? 0) + 1 } : {};
    const check = this.#deps.gate.checkAuthor(this.self, { hlcMs: nowMs, nowMs, path: "live", ...seq });
    const reason = check.ok ? undefined : `this node's grant is missing or not valid (${check.reason})`;
    const decision = check.ok ? mayAuthor(kind, check.grant) : undefined;
    if (decision?.allow) return undefined;
    return new JournalError("journal_not_allowed", `Cannot append "${kind}": ${reason ?? decision?.reason}`, {
      details: { kind },
    });
  }

  /** Into the next commit, as soon as this node's own log is known to be whole. */
  #admit(append: Append): void {
    this.#ownLog.admit(() => this.#committer.append(append), append.reject);
  }

  /** What a crash kept from being told; again once appends work, when they do not yet. */
  #tellForks(): void {
    if (this.state === "must_catch_up") {
      const once = new AbortController();
      this.events.on("state:changed", () => {
        once.abort();
        this.#tellForks();
      }, { signal: once.signal });
      return;
    }
    if (this.state !== "ready") return;
    for (const fork of untoldForks(this.self, this.mesh, this.#deps.store.forks.list(), this.#reader.forkProofs())) {
      this.#forkTeller.tell(fork);
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => this.#schedule(resolve));
  }

  #tryReserve(write: () => void): void {
    try {
      write();
    } catch (error) {
      // The file keeps its older content, which only makes it stricter; the next append tries again.
      if (!(error instanceof StoreError)) throw error;
      this.#deps.logger.warn("Sequence numbers could not be reserved", {}, error);
    }
  }
}

function isGrantFault(reason: IngestReason): boolean {
  return reason === "no_grant" || reason === "expired" || reason === "revoked" || reason === "not_yet_valid" ||
    reason === "not_permitted";
}
