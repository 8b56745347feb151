import { type CounterMap, LruMap, type PeerId, type TypedEventTarget } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import { type ForkRecord, type JournalStore, StoreError } from "@bzzz/store";
import { type Envelope, type HlcClock, isBundle, pruneFrame } from "@bzzz/wire";
import { OutOfOrderBuffer } from "./buffer.ts";
import type { AuthorQuota } from "./author_quota.ts";
import { judgeBundle, openBundle } from "./bundle.ts";
import type { Chains } from "./chains.ts";
import { type CheckContext, type Checked, type CheckedEntry, checkEntry, checkSignal, openFrame } from "./check.ts";
import type { Committer } from "./committer.ts";
import { MAX_CLOCK_AHEAD_MS } from "./constants.ts";
import type { ForkTeller } from "./fork_teller.ts";
import { type ForkProof, proveFork, readForkProof } from "./forks.ts";
import type { OwnLog } from "./own_log.ts";
import { SignalGuard } from "./signals.ts";
import type { IngestPath, IngestReason, IngestResult, JournalEvents, ReceivedSignal } from "./types.ts";

/** A peer with a wrong clock is warned about this often. */
const SKEW_WARNING_PERIOD_MS = 10 * 60_000;
const SKEW_WARNINGS = 256;
/** Proofs of forks of one author that this node tells between two starts, each of an earlier place. */
const MAX_PROOFS_PER_AUTHOR = 16;

/** Who handed a frame over, and how. */
export interface Source {
  readonly peer: PeerId;
  readonly path: IngestPath;
}

/** What the intake stands on. */
export interface IntakeDeps {
  readonly self: PeerId;
  readonly context: CheckContext;
  readonly events: TypedEventTarget<JournalEvents>;
  readonly store: JournalStore;
  readonly chains: Chains;
  readonly committer: Committer;
  readonly hlc: HlcClock;
  readonly ownLog: OwnLog;
  readonly quota: AuthorQuota;
  readonly counters: CounterMap;
  readonly logger: Logger;
  readonly forkTeller: ForkTeller;
}

const accept = (reason: IngestReason): IngestResult => ({ verdict: "accept", reason });
const ignore = (reason: IngestReason): IngestResult => ({ verdict: "ignore", reason });

/** Judges frames, finds their place, and gives them to the committer. */
export class Intake {
  readonly #deps: IntakeDeps;
  readonly #buffer = new OutOfOrderBuffer();
  readonly #signals: SignalGuard;
  /** Since the start; an author that is forgotten here may have as many again. */
  readonly #proofsTold = new LruMap<PeerId, number>(SKEW_WARNINGS);
  readonly #skewWarnings = new LruMap<PeerId, number>(SKEW_WARNINGS);

  constructor(deps: IntakeDeps) {
    this.#deps = deps;
    this.#signals = new SignalGuard(deps.context.clock);
  }

  /** Entries that wait for their predecessors. */
  get buffered(): number {
    return this.#buffer.size;
  }

  /** The whole way of one live message: a frame, or a bundle of them. Counts each. */
  judge(message: Uint8Array, from: Source): IngestResult {
    const { context } = this.#deps;
    if (from.path !== "live" || !isBundle(message)) {
      return this.#count(this.#judgeOpened(openFrame(context, message), from));
    }
    const bundle = openBundle(context, message);
    if (!bundle.ok) return this.#count(bundle.refusal);
    return judgeBundle(bundle.value, (one) => this.#count(this.#judgeOpened(one, from)));
  }

  #count(result: IngestResult): IngestResult {
    this.#deps.counters.add(`ingest.${result.reason}`);
    return result;
  }

  #judgeOpened(opened: Checked<Envelope>, from: Source): IngestResult {
    const admitted = opened.ok ? this.#admit(opened.value) : opened;
    if (!admitted.ok) return admitted.refusal;
    const result = this.#judge(admitted.value, from);
    return result.verdict === "accept" ? { ...result, author: admitted.value.header.author } : result;
  }

  #judge(envelope: Envelope, from: Source): IngestResult {
    if (envelope.header.seq === undefined) return this.#judgeSignal(envelope, from);
    if (this.#deps.committer.isFull) return ignore("busy");
    const checked = checkEntry(this.#deps.context, envelope, from.path);
    if (checked.ok) return this.place(checked.value, from);
    const { reason } = checked.refusal;
    if (reason === "future") this.#warnOfSkew(envelope);
    // others may pass it on in good faith, knowing another grant; its author knows its own
    if (reason === "not_permitted" && from.peer === envelope.header.author) return { verdict: "reject", reason };
    return checked.refusal;
  }

  /** Size, version, mesh; and what is known already needs no signature check. */
  open(frame: Uint8Array): Checked<Envelope> {
    const opened = openFrame(this.#deps.context, frame);
    return opened.ok ? this.#admit(opened.value) : opened;
  }

  #admit(envelope: Envelope): Checked<Envelope> {
    const { id, header: { author, seq } } = envelope;
    const admitted = { ok: true, value: envelope } as const;
    if (seq === undefined) return admitted;
    // before its signature is checked: who floods costs no more than this
    if (this.#deps.quota.isPaused(author, this.#deps.context.clock.nowMs())) {
      return { ok: false, refusal: ignore("over_quota") };
    }
    if (this.#buffer.at(author, seq)?.envelope.id === id) return { ok: false, refusal: ignore("duplicate") };
    const placement = this.#deps.chains.place(envelope, seq);
    return placement === "duplicate" || placement === "frozen" ? { ok: false, refusal: ignore(placement) } : admitted;
  }

  #judgeSignal(envelope: Envelope, from: Source): IngestResult {
    const fault = this.#signals.fault(envelope);
    if (fault) return ignore(fault);
    const checked = checkSignal(this.#deps.context, envelope);
    if (!checked.ok) return checked.refusal;
    if (!this.#signals.admit(envelope)) return ignore("throttled");
    // A node whose clock is behind goes by the mesh's time, within bounds.
    if (this.#isSane(envelope)) this.#deps.hlc.observe(envelope.header.hlc);
    const { kind, body } = checked.value;
    this.#deps.events.emit("signal:received", { signal: { envelope, kind, body } as ReceivedSignal, peer: from.peer }); // kind and body belong together
    return accept("signal");
  }

  /** A checked entry: taken, held for its predecessors, or not wanted. */
  place(entry: CheckedEntry, from: Source): IngestResult {
    const { envelope, seq } = entry;
    const { author } = envelope.header;
    const placement = this.#deps.chains.place(envelope, seq);
    if (this.#deps.quota.isPaused(author, this.#deps.context.clock.nowMs())) return ignore("over_quota");
    switch (placement) {
      case "duplicate":
      case "frozen":
        return ignore(placement);
      case "fork": {
        const known = this.#deps.chains.envelopeAt(author, seq);
        if (known) this.#learnFork(proveFork(this.#deps.context.mesh, known, envelope), { isOurs: true });
        return ignore("fork");
      }
      case "broken_chain":
        if (from.path === "live") this.#deps.events.emit("gap:found", { author, peer: from.peer, cause: "conflict" });
        return ignore("broken_chain");
      case "gap":
        return this.#hold(entry, from);
      case "next":
        if (author === this.#deps.self) this.#deps.ownLog.noteRemote(seq, this.#deps.chains.head(author)?.seq ?? 0);
        if (!this.#hasQuotaFor(entry)) return ignore("over_quota");
        this.#take(entry);
        this.#takeBuffered(author, seq + 1);
        return accept(entry.content ? "stored" : "stored_opaque");
    }
  }

  #take(entry: CheckedEntry): void {
    const { header } = entry.envelope;
    const isSane = this.#isSane(entry.envelope);
    if (isSane || header.author === this.#deps.self) this.#deps.hlc.observe(header.hlc);
    if (!isSane) this.#warnOfSkew(entry.envelope);
    this.#deps.chains.advance(entry.envelope, entry.seq);
    this.#deps.committer.add(entry);
  }

  /** Not so far ahead that this node's own stamps would run away with it. */
  #isSane({ header }: Envelope): boolean {
    return header.hlc.ms <= this.#deps.context.clock.nowMs() + MAX_CLOCK_AHEAD_MS;
  }

  #takeBuffered(author: PeerId, fromSeq: number): void {
    for (let seq = fromSeq;; seq++) {
      const entry = this.#buffer.take(author, seq);
      if (!entry || this.#deps.chains.place(entry.envelope, seq) !== "next" || !this.#hasQuotaFor(entry)) return;
      this.#take(entry);
    }
  }

  /** This node's own log comes back whole. Whoever is over its quota is paused, so that its log has no hole. */
  #hasQuotaFor({ envelope: { header, frame } }: CheckedEntry): boolean {
    const { self, quota, context, logger } = this.#deps;
    const { author } = header;
    if (author === self) return true;
    const nowMs = context.clock.nowMs();
    if (quota.take({ author, stampMs: header.hlc.ms, bytes: frame.byteLength, nowMs })) return true;
    logger.warn("A member writes more than its quota; its entries are taken later", { author });
    return false;
  }

  #hold(entry: CheckedEntry, from: Source): IngestResult {
    const { envelope, seq } = entry;
    const { author } = envelope.header;
    if (author === this.#deps.self) this.#deps.ownLog.noteRemote(seq, this.#deps.chains.head(author)?.seq ?? 0);
    const other = this.#buffer.at(author, seq);
    if (other) {
      this.#learnFork(proveFork(this.#deps.context.mesh, other.envelope, envelope), { isOurs: true });
      return ignore("fork");
    }
    const isHeld = this.#buffer.add(entry);
    if (from.path === "live") this.#deps.events.emit("gap:found", { author, peer: from.peer, cause: "missing" });
    return accept(isHeld ? "buffered" : "buffer_full");
  }

  /** Part of the entry's transaction: a crash between the two would leave a log going on here that has stopped elsewhere. */
  storeProof(entry: CheckedEntry): void {
    if (entry.content?.kind !== "fork_proved") return;
    const proof = readForkProof(this.#deps.context.mesh, entry.content.body);
    if (proof) this.#deps.store.forks.add(this.#recordOf(proof));
  }

  /** An entry was committed: a proof among them stops the log it is about. */
  committed(entry: CheckedEntry): void {
    if (entry.content?.kind !== "fork_proved") return;
    const proof = readForkProof(this.#deps.context.mesh, entry.content.body);
    if (!proof) return this.#deps.counters.add("fork_proof.invalid");
    this.#deps.forkTeller.told({ author: proof.first.header.author, seq: proof.seq });
    this.#learnFork(proof, { isOurs: false });
  }

  /** Keeps the proof, stops the log, and tells the mesh unless the mesh told us. */
  #learnFork(proof: ForkProof | undefined, options: { isOurs: boolean }): void {
    if (!proof) return;
    const { first, second, seq } = proof;
    const { author } = first.header;
    if (this.#deps.chains.isFrozen(author, seq)) return;
    const isNew = !this.#deps.chains.frozen.has(author);
    this.#deps.chains.freeze(author, seq);
    this.#buffer.drop(author);
    const record = this.#recordOf(proof);
    try {
      this.#deps.store.forks.add(record);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#deps.logger.warn("Proof of a fork could not be stored yet", { author, seq }, error);
    }
    this.#deps.logger.warn("Two entries of one author at one place: its log stops there", { author, seq });
    if (author === this.#deps.self) this.#deps.ownLog.fork();
    if (isNew) this.#deps.events.emit("fork:proved", { author, seq, first, second });
    if (!options.isOurs || author === this.#deps.self) return;
    // an earlier fork stops the log earlier, for everybody; a key that forks at every place is not repeated for ever
    const told = this.#proofsTold.get(author) ?? 0;
    if (told >= MAX_PROOFS_PER_AUTHOR) return;
    this.#proofsTold.set(author, told + 1);
    this.#deps.forkTeller.tell(record);
  }

  /** Without the bodies. */
  #recordOf({ first, second, seq }: ForkProof): ForkRecord {
    const { author } = first.header;
    const frames = { first: pruneFrame(first), second: pruneFrame(second) };
    return { author, seq, ...frames, provedAtMs: this.#deps.context.clock.nowMs() };
  }

  #warnOfSkew({ header: { author, hlc } }: Envelope): void {
    const nowMs = this.#deps.context.clock.nowMs();
    if (nowMs - (this.#skewWarnings.get(author) ?? -Infinity) < SKEW_WARNING_PERIOD_MS) return;
    this.#skewWarnings.set(author, nowMs);
    this.#deps.logger.warn("A peer's clock is ahead; its entries arrive late until the clocks agree", {
      author,
      aheadMs: hlc.ms - nowMs,
    });
  }
}
