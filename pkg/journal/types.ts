import type { AuthorClaim, AuthorFault, Grant } from "@bzzz/agentid";
import type { Clock, EntryId, MeshId, PeerId, Random, TaskId, TypedEventTarget } from "@bzzz/base";
import type { SigningKey } from "@bzzz/crypto";
import type { Logger } from "@bzzz/logging";
import type { JournalStore } from "@bzzz/store";
import type { BodyOf, EntryKind, Envelope, SignalKind, Topic } from "@bzzz/wire";
import type { WholeFile } from "./whole_file.ts";

/** The way a frame came: gossip, or an answer of the sync protocol. */
export type IngestPath = "live" | "sync";

/** Who may write; `Membership` of `@bzzz/agentid` is one. What a role may write is `mayAuthor`'s to say. */
export interface AuthorGate {
  checkAuthor(peer: PeerId, claim: AuthorClaim):
    | { readonly ok: true; readonly grant: AuthorGrant }
    | { readonly ok: false; readonly reason: AuthorFault };
  /**
   * Takes a grant that the root signed, from an entry of its very holder: proof enough by itself, whoever brings it. Without it such
   * an entry waits until the grant comes another way.
   */
  learnRootGrant?(grant: Uint8Array): void;
}

/** The part of a grant that decides what its holder may write. */
export type AuthorGrant = Pick<Grant, "role" | "level" | "binaryType">;

/** How long bodies are kept, by topic; a topic that is not named is kept for ever. `agents` cannot be named. */
export type RetentionPolicy = Readonly<Partial<Record<Topic, { readonly keepMs: number }>>>;

/** What a journal needs. */
export interface JournalDeps {
  readonly store: JournalStore;
  readonly key: SigningKey;
  readonly gate: AuthorGate;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Hands a frame, or a bundle of them, to the network and resolves when it took it; the number of peers it went to. */
  readonly publish: (topic: Topic, message: Uint8Array) => Promise<number>;
  /**
   * Runs `flush` soon, after what else arrived in this turn of the event loop. Default: `setImmediate`.
   * Tests give `queueMicrotask`.
   */
  readonly schedule?: (flush: () => void) => void;
  /** The disk that keeps the reservation file. Default: the real one. For the simulator. */
  readonly reservationFile?: WholeFile;
}

/** Plain settings of a journal. */
export interface JournalOptions {
  readonly mesh: MeshId;
  /** The file beside the database that remembers how far this node's seqs were used. */
  readonly reservationPath: string;
  readonly retention?: RetentionPolicy;
  /** Bytes of frames that are taken of one author a day, in the long run; the author is paused beyond. Default: no limit. */
  readonly authorBytesPerDay?: number;
  /** What this node may send; receiving is bounded by the mesh's maximum. Default 1 MiB. */
  readonly maxFrameBytes?: number;
}

/** What an author decides about an entry; the journal adds seq, prev, time and signature. */
export interface JournalDraft<K extends EntryKind = EntryKind> {
  readonly kind: K;
  readonly topic: Topic;
  readonly body: BodyOf<K>;
  readonly thread?: string;
  readonly parent?: EntryId;
  readonly task?: TaskId;
  readonly toRoles?: readonly string[];
  readonly trace?: string;
}

/** What an author decides about a signal. */
export interface SignalDraft<K extends SignalKind = SignalKind> {
  readonly kind: K;
  readonly topic: Topic;
  readonly body: BodyOf<K>;
}

/** An entry of one kind on disk. */
export interface StoredEntryOf<K extends EntryKind> {
  /** Grows in the order of storing; local to this node. */
  readonly cursor: number;
  readonly envelope: Envelope;
  readonly kind: K;
  readonly body: BodyOf<K>;
}

/** An entry on disk whose kind this program knows and whose body is there; narrows by `kind`. */
export type StoredEntry = { [K in EntryKind]: StoredEntryOf<K> }[EntryKind];

/** A verified, fresh signal; narrows by `kind`. */
export type ReceivedSignal = {
  [K in SignalKind]: { readonly envelope: Envelope; readonly kind: K; readonly body: BodyOf<K> };
}[SignalKind];

/** Why a frame was not taken, or what it was taken as. Also the names of the counters ("ingest.<reason>"). */
export type IngestReason =
  // accept
  | "stored"
  | "stored_opaque"
  | "buffered"
  | "buffer_full"
  | "signal"
  // ignore: honest peers may send it
  | "duplicate"
  | "unknown_version"
  | "unknown_signal"
  | "no_grant"
  | "expired"
  | "revoked"
  | "not_yet_valid"
  | "future"
  | "stale"
  | "replayed"
  | "broken_chain"
  | "frozen"
  | "fork"
  | "pruned_too_early"
  | "busy"
  | "throttled"
  | "over_quota"
  | "stopped"
  // reject: no honest peer sends it
  | "oversize"
  | "malformed"
  | "wrong_mesh"
  | "bad_signature"
  | "not_permitted"
  | "bad_body"
  | "pruned";

/** The answer to gossip: spread it, drop it, or drop it and hold it against the sender. */
export interface IngestResult {
  readonly verdict: "accept" | "ignore" | "reject";
  readonly reason: IngestReason;
  /** Who wrote it: there with everything that is accepted. */
  readonly author?: PeerId;
}

/** What became of a batch of the sync protocol. */
export interface BatchResult {
  readonly stored: number;
  /** Why frames were not stored, counted. */
  readonly refused: ReadonlyMap<IngestReason, number>;
  /** Authors that have no valid grant here. */
  readonly refusedAuthors: ReadonlySet<PeerId>;
  /** The first reason that no honest peer causes; the rest of the batch was not looked at. */
  readonly offence: IngestReason | undefined;
}

/**
 * `ready`: appends work. `must_catch_up`: peers know more of this node's log than it does (a restored backup); appends
 * wait. `forked`: two entries of this node's key exist at one seq; it may not write any more.
 */
export type JournalState = "ready" | "must_catch_up" | "forked" | "stopped";

/** Past-tense facts, emitted synchronously. */
export interface JournalEvents {
  /** After the commit, in order per author, own entries included. */
  "entry:stored": { readonly entry: StoredEntry };
  /** Two signed entries of `author` at `seq`: the log stops there. Once per author. */
  "fork:proved": { readonly author: PeerId; readonly seq: number; readonly first: Envelope; readonly second: Envelope };
  /** No honest peer sends this. */
  "entry:rejected": { readonly reason: IngestReason; readonly peer: PeerId };
  /** `peer` sent an entry of `author` whose predecessors are "missing" here, or in "conflict" with ours. */
  "gap:found": { readonly author: PeerId; readonly peer: PeerId; readonly cause: "missing" | "conflict" };
  "signal:received": { readonly signal: ReceivedSignal; readonly peer: PeerId };
  "state:changed": { readonly state: JournalState };
}

/** The end of an author's log. */
export interface VectorEntry {
  readonly seq: number;
  readonly id: EntryId;
}

/** What a reader of the journal wants; absent means all. */
export interface EntryQuery {
  readonly limit: number;
  readonly topics?: readonly Topic[];
  readonly kinds?: readonly EntryKind[];
  readonly task?: TaskId;
  readonly thread?: string;
}

/** Numbers for health and metrics. */
export interface JournalStats {
  readonly state: JournalState;
  /** Cursor of the last entry = entries on disk. */
  readonly entries: number;
  readonly authors: number;
  readonly forks: number;
  /** Entries that wait for their predecessors. */
  readonly buffered: number;
  /** Own entries that no publisher took yet. */
  readonly outbox: number;
  readonly ownSeq: number;
  readonly commits: number;
  /** Duration of the last commit, milliseconds. */
  readonly lastCommitMs: number;
  /** By entries: "ingest.<reason>", "outbox.published", "outbox.failed", "commit.failed", "pruned", "signal.sent". */
  readonly counters: ReadonlyMap<string, number>;
}

/** The logs of all authors on this node. Created over an open store, which it does not close. */
export interface Journal {
  readonly self: PeerId;
  readonly mesh: MeshId;
  readonly events: TypedEventTarget<JournalEvents>;
  readonly state: JournalState;
  /** Publishes what the last run left in the outbox, and begins retention. Call once the publisher works. */
  start(): void;
  /** Commits what waits, refuses what comes later, ends timers. Idempotent. */
  stop(): Promise<void>;
  /**
   * Signs and stores an entry; resolves after the commit (fsync), before it is published.
   * @throws JournalError any code; StoreError "store_full" and its kin: nothing was stored
   * @throws TypeError when the body does not fit its schema
   */
  append<K extends EntryKind>(draft: JournalDraft<K>): Promise<StoredEntryOf<K>>;
  /** Signs and publishes a signal; resolves with the number of peers it went to. Signals may be lost. */
  sendSignal<K extends SignalKind>(draft: SignalDraft<K>): Promise<number>;
  /**
   * Judges the frame of an entry or a signal, or on the live path a bundle of entries; what it accepts is committed with the
   * turn's other work. "accept" of a bundle: some were new, and all of it may be passed on.
   */
  ingest(message: Uint8Array, from: { readonly peer: PeerId; readonly path: IngestPath }): IngestResult;
  /** Verifies frames of the sync protocol and stores them in one transaction. @throws StoreError when it cannot */
  ingestBatch(frames: readonly Uint8Array[], from: { readonly peer: PeerId }): Promise<BatchResult>;
  /** The committed end of each author's log. */
  vector(): Map<PeerId, VectorEntry>;
  /** Authors whose log stopped at a fork, with the seq of the fork. */
  frozen(): ReadonlyMap<PeerId, number>;
  /** Authors beyond their quota: nothing of them is taken now, so there is no use in asking for it. */
  pausedAuthors(): readonly PeerId[];
  /** True when entries wait for predecessors that did not come. */
  hasGaps(): boolean;
  /** Entries stored after `cursor`, oldest first; entries of unknown kinds and pruned ones are left out. */
  entriesAfter(cursor: number, query: EntryQuery): StoredEntry[];
  get(id: EntryId): StoredEntry | undefined;
  /** The envelope alone, also of pruned entries and unknown kinds; for audit. */
  envelopeAt(author: PeerId, seq: number): Envelope | undefined;
  /** Frames of an author's log for a peer that lacks them. */
  framesFrom(author: PeerId, fromSeq: number, options: { maxBytes: number; limit: number }): Uint8Array[];
  /** The sync protocol saw a peer's whole vector: `ownSeq` is how much of this node's log it has. */
  notePulled(ownSeq: number): void;
  /** Prunes bodies that the policy does not keep; how many. Runs by itself every hour after `start`. */
  prune(): Promise<number>;
  stats(): JournalStats;
}
