import { abortable, type Clock, createDeadline, type PeerId } from "@bzzz/base";
import {
  MAX_BATCH_FRAMES,
  MAX_USELESS_BATCHES,
  SYNC_BATCH_BYTES,
  SYNC_MIN_BYTES_PER_SECOND,
  SYNC_PATIENCE_MS,
  SYNC_STEP_TIMEOUT_MS,
} from "./constants.ts";
import { SyncError } from "./errors.ts";
import { decodeSyncMessage, encodeSyncMessage, type SyncMessage, type VectorItem } from "./sync_codec.ts";
import type { PeerStream } from "./sync_types.ts";
import type { IngestReason, Journal } from "./types.ts";

/** What both sides of an exchange need. */
export interface ExchangeDeps {
  readonly journal: Pick<
    Journal,
    "self" | "mesh" | "vector" | "frozen" | "envelopeAt" | "framesFrom" | "ingestBatch" | "notePulled"
  >;
  readonly clock: Clock;
}

/** What one pull brought. */
export interface PullResult {
  readonly stored: number;
  /** Bytes of frames received. */
  readonly bytes: number;
  /** Why frames were not stored, counted. */
  readonly refused: ReadonlyMap<IngestReason, number>;
  /** Authors without a valid grant here. */
  readonly refusedAuthors: ReadonlySet<PeerId>;
}

/** This node's vector; logs that stopped at a fork, and those named in `unwanted`, are closed. */
export function createVector(
  journal: ExchangeDeps["journal"],
  unwanted: ReadonlySet<PeerId> = new Set(),
): VectorItem[] {
  const vector = journal.vector();
  const frozen = journal.frozen();
  const items: VectorItem[] = [];
  for (const [author, { seq, id }] of vector) {
    // A log is closed once everything below the fork is here.
    const isClosed = unwanted.has(author) || seq + 1 >= (frozen.get(author) ?? Infinity);
    items.push({ author, seq, id, isClosed });
  }
  for (const author of new Set([...unwanted, ...frozen.keys()])) {
    if (vector.has(author)) continue;
    if (unwanted.has(author) || frozen.get(author) === 1) {
      items.push({ author, seq: 0, id: "" as VectorItem["id"], isClosed: true }); // seq 0 has no id
    }
  }
  return items;
}

/**
 * The requester's half: sends the vector, verifies and stores each message of frames before it reads the next (which is
 * the back-pressure), and ends with the responder's vector.
 *
 * @throws SyncError "sync_bad_frames" and "sync_protocol" (the peer's fault), "sync_too_slow", "sync_busy"; TimeoutError when a step
 *   takes over 10 s; StoreError when nothing can be stored
 */
export async function pull(
  deps: ExchangeDeps,
  stream: PeerStream,
  options: { unwanted: ReadonlySet<PeerId>; signal: AbortSignal },
): Promise<PullResult> {
  const { journal } = deps;
  const refused = new Map<IngestReason, number>();
  const refusedAuthors = new Set<PeerId>();
  let stored = 0;
  let bytes = 0;
  let usefulBytes = 0;
  let useless = 0;
  const startedMs = deps.clock.monotonicMs();
  await send(
    deps,
    stream,
    { type: "pull", mesh: journal.mesh, vector: createVector(journal, options.unwanted) },
    options,
  );
  await stream.closeWrite();
  while (true) {
    const message = await receive(deps, stream, options);
    if (message.type === "busy") throw new SyncError("sync_busy", "Cannot sync: the peer serves enough others");
    if (message.type === "pull") throw new SyncError("sync_protocol", "Cannot sync: a responder sent a request");
    if (message.type === "done") {
      journal.notePulled(message.vector.find(({ author }) => author === journal.self)?.seq ?? 0);
      return { stored, bytes, refused, refusedAuthors };
    }
    const batch = await journal.ingestBatch(message.frames, { peer: stream.remote });
    stored += batch.stored;
    const messageBytes = message.frames.reduce((sum, frame) => sum + frame.byteLength, 0);
    bytes += messageBytes;
    if (batch.stored > 0) usefulBytes += messageBytes;
    for (const [reason, count] of batch.refused) refused.set(reason, (refused.get(reason) ?? 0) + count);
    for (const author of batch.refusedAuthors) refusedAuthors.add(author);
    if (batch.offence) {
      throw new SyncError("sync_bad_frames", `Cannot sync: the peer sent an entry that is refused (${batch.offence})`, {
        details: { reason: batch.offence },
      });
    }
    if (batch.stored === 0 && ++useless > MAX_USELESS_BATCHES) {
      // a peer whose policy keeps bodies for a shorter time, or that has more of an author than its quota here, acts in good faith
      const isHonest = refused.has("pruned_too_early") || refused.has("over_quota");
      const code = isHonest ? "sync_ended" : "sync_protocol";
      throw new SyncError(code, `Cannot sync: ${useless} messages of the peer held nothing new`);
    }
    const lastedMs = deps.clock.monotonicMs() - startedMs;
    if (lastedMs > SYNC_PATIENCE_MS && usefulBytes < lastedMs / 1000 * SYNC_MIN_BYTES_PER_SECOND) {
      throw new SyncError("sync_too_slow", `Cannot sync: the peer brought ${usefulBytes} bytes in ${lastedMs} ms`);
    }
  }
}

/** The responder's half: streams what the requester lacks, one message of at most 256 KiB at a time, then its vector. */
export async function serve(deps: ExchangeDeps, stream: PeerStream, options: { signal: AbortSignal }): Promise<void> {
  const { journal } = deps;
  const request = await receive(deps, stream, options);
  if (request.type !== "pull") throw new SyncError("sync_protocol", "Cannot serve sync: expected a pull");
  if (request.mesh !== journal.mesh) throw new SyncError("sync_protocol", "Cannot serve sync: it is another mesh's");
  // Before the frames: what is stored meanwhile is not claimed, so the requester never believes that it has it.
  const mine = createVector(journal);
  for (const frames of missingFrames(journal, request.vector, mine)) {
    await send(deps, stream, { type: "frames", frames }, options);
  }
  await send(deps, stream, { type: "done", vector: mine }, options);
}

/** Frames that `theirs` lacks, in messages of at most 256 KiB, read from disk as they are needed. */
function* missingFrames(
  journal: ExchangeDeps["journal"],
  theirs: readonly VectorItem[],
  mine: readonly VectorItem[],
): Generator<Uint8Array[]> {
  const known = new Map(theirs.map((item) => [item.author, item]));
  let batch: Uint8Array[] = [];
  let bytes = 0;
  for (const item of mine) {
    const { author } = item;
    const { from, until } = missingRange(journal, known.get(author), item);
    let next = from;
    while (next <= until) {
      const limit = Math.min(until - next + 1, MAX_BATCH_FRAMES - batch.length);
      const frames = journal.framesFrom(author, next, { maxBytes: SYNC_BATCH_BYTES - bytes, limit });
      if (frames.length === 0) break;
      next += frames.length;
      for (const frame of frames) {
        if (batch.length > 0 && bytes + frame.byteLength > SYNC_BATCH_BYTES) {
          yield batch;
          batch = [];
          bytes = 0;
        }
        batch.push(frame);
        bytes += frame.byteLength;
      }
      if (bytes >= SYNC_BATCH_BYTES || batch.length >= MAX_BATCH_FRAMES) {
        yield batch;
        batch = [];
        bytes = 0;
      }
    }
  }
  if (batch.length > 0) yield batch;
}

/** Which seqs of an author's log to send: those that `theirs` lacks, or the one entry that proves a fork to the requester. */
function missingRange(
  journal: ExchangeDeps["journal"],
  theirs: VectorItem | undefined,
  { author, seq: last, id }: VectorItem,
): { readonly from: number; readonly until: number } {
  const has = theirs?.seq ?? 0;
  if (theirs?.isClosed) return { from: 1, until: 0 };
  // Who forked itself may write no proof, and its history may be the shorter one: its own half tells who has the other.
  const stop = journal.frozen().get(author);
  if (stop !== undefined && stop <= last && stop <= has) return { from: stop, until: stop };
  // Another entry at the same place: that one frame proves the fork to the requester, the rest would not fit.
  const ours = has === last ? id : has > 0 && has < last ? journal.envelopeAt(author, has)?.id : undefined;
  const isFork = has > 0 && ours !== undefined && ours !== theirs?.id;
  return isFork ? { from: has, until: has } : { from: has + 1, until: last };
}

async function send(
  deps: ExchangeDeps,
  stream: PeerStream,
  message: SyncMessage,
  options: { signal: AbortSignal },
): Promise<void> {
  using deadline = createDeadline(deps.clock, {
    timeoutMs: SYNC_STEP_TIMEOUT_MS,
    what: "sending to a peer in sync",
    parent: options.signal,
  });
  await abortable(stream.send(encodeSyncMessage(message)), deadline.signal);
}

async function receive(
  deps: ExchangeDeps,
  stream: PeerStream,
  options: { signal: AbortSignal },
): Promise<SyncMessage> {
  using deadline = createDeadline(deps.clock, {
    timeoutMs: SYNC_STEP_TIMEOUT_MS,
    what: "waiting for a peer in sync",
    parent: options.signal,
  });
  const bytes = await abortable(stream.receive({ signal: deadline.signal }), deadline.signal);
  if (!bytes) throw new SyncError("sync_ended", "Cannot sync: the peer ended the exchange early");
  return decodeSyncMessage(bytes);
}
