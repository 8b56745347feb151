import { type Clock, CounterMap, errorMessage, LruMap, type PeerId, TokenBucket } from "@bzzz/base";
import { assertAgeFile, CryptoError } from "@bzzz/crypto";
import type { Logger } from "@bzzz/logging";
import type { PeerStream, StreamOpener } from "@bzzz/p2p";
import { CHUNK_BYTES, CONTENT_PROTOCOL, MAX_ASKED_HASHES, MAX_CONTENT_STREAMS } from "./constants.ts";
import type { ContentHash } from "./content_hash.ts";
import { type ContentAnswer, decodeAnswer, decodeRequest, encodeAnswer, encodeRequest } from "./content_messages.ts";
import type { DiskContent } from "./disk_content.ts";
import { DhtError } from "./errors.ts";
import type { PartialContent } from "./partial_content.ts";

/** What the exchange stands on. */
export interface ContentExchangeDeps {
  readonly streams: StreamOpener;
  readonly content: DiskContent;
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly logger: Logger;
  readonly penalise: (peer: PeerId, reason: string) => void;
}

/** Why a transfer ended without the content. */
export type TransferFault = "none" | "failed" | "wrong_bytes" | "refused";

/** Bytes that one peer may have this node keep, in the long run and at once; more is refused, not punished. */
const OFFERED_BYTES_PER_SECOND = 4 * 1024 * 1024;
const OFFERED_BURST_BYTES = 256 * 1024 * 1024;
const MAX_OFFERERS = 1024;

/**
 * `/bzzz/content/1.0.0`, both sides: asks which contents a peer has, fetches them in pieces from where an earlier fetch
 * ended, offers them to peers, and answers all that. Every content is verified against its name before it counts; the
 * stream's own back-pressure is the pace. Members only.
 */
export class ContentExchange {
  /** "served", "fetched", "offered", "kept", "refused", "wrong_bytes". */
  readonly counters = new CounterMap();
  readonly #deps: ContentExchangeDeps;
  /** Contents that are on their way here: each into one file, by one stream at a time. */
  readonly #arriving = new Set<ContentHash>();
  readonly #offerers = new LruMap<PeerId, TokenBucket>(MAX_OFFERERS);

  constructor(deps: ContentExchangeDeps) {
    this.#deps = deps;
  }

  /** Answers peers from now on, until the node stops. */
  serve(): void {
    this.#deps.streams.handle(CONTENT_PROTOCOL, (stream) => this.#serve(stream), {
      maxInboundStreams: MAX_CONTENT_STREAMS,
    });
  }

  /** Which of `hashes` a peer says it has; undefined when it does not answer. */
  async which(
    peer: PeerId,
    hashes: readonly ContentHash[],
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<ContentHash[] | undefined> {
    return await this.#with(peer, options, async (stream) => {
      const has: ContentHash[] = [];
      for (let at = 0; at < hashes.length; at += MAX_ASKED_HASHES) {
        const asked = hashes.slice(at, at + MAX_ASKED_HASHES);
        await stream.send(encodeRequest({ t: "which", hashes: [...asked] }));
        const answer = await this.#answer(stream, options);
        if (answer?.t !== "these" || answer.has.byteLength !== asked.length) return undefined;
        has.push(...asked.filter((_, i) => answer.has[i] === 1));
      }
      return has;
    });
  }

  /**
   * Fetches a content from a peer onto the disk; "kept" when it is there and verified. What came before an interruption
   * is not asked for again, of whomever. One fetch of a content at a time.
   *
   * @throws DhtError "content_quota", "content_unavailable": this node cannot keep it, whoever sends
   */
  async fetch(
    peer: PeerId,
    hash: ContentHash,
    options: { readonly isPinned: boolean; readonly signal?: AbortSignal },
  ): Promise<"kept" | TransferFault> {
    if (this.#arriving.has(hash)) return "failed";
    this.#arriving.add(hash);
    try {
      return await this.#fetch(peer, hash, options) ?? "failed";
    } finally {
      this.#arriving.delete(hash);
    }
  }

  async #fetch(
    peer: PeerId,
    hash: ContentHash,
    options: { readonly isPinned: boolean; readonly signal?: AbortSignal },
  ): Promise<"kept" | TransferFault | undefined> {
    return await this.#with(peer, options, async (stream) => {
      const part = await this.#deps.content.openPart(hash);
      try {
        await stream.send(encodeRequest({ t: "want", hash, offset: part.size }));
        const answer = await this.#answer(stream, options);
        if (answer?.t !== "have") return answer?.t === "none" ? "none" : "failed";
        if (!await receiveChunks(stream, part, answer.size, options)) return await this.#wrong(peer, part);
        if (await this.#deps.content.adopt(hash, part, options)) {
          this.counters.add("fetched");
          return "kept";
        }
        return await this.#wrong(peer, part);
      } finally {
        part.close();
      }
    });
  }

  /** Gives a content to a peer to keep; "kept" when it says that it is on its disk. */
  async offer(
    peer: PeerId,
    hash: ContentHash,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<"kept" | TransferFault> {
    const result = await this.#with(peer, options, async (stream) => {
      const size = await this.#deps.content.sizeOf(hash);
      if (size === undefined) return "none";
      await stream.send(encodeRequest({ t: "offer", hash, size }));
      const answer = await this.#answer(stream, options);
      if (answer?.t === "kept") return "kept";
      if (answer?.t !== "send" || answer.offset > size) return answer?.t === "refused" ? "refused" : "failed";
      await this.#sendFrom(stream, hash, answer.offset, size);
      const last = await this.#answer(stream, options);
      if (last?.t !== "kept") return last?.t === "refused" ? "refused" : "failed";
      this.counters.add("offered");
      return "kept";
    });
    return result ?? "failed";
  }

  async #serve(stream: PeerStream): Promise<void> {
    for (let frame = await stream.receive(); frame; frame = await stream.receive()) {
      const request = decodeRequest(frame);
      if (!request) {
        this.#deps.penalise(stream.remote, "content_request");
        throw new DhtError("request_malformed", "Cannot answer a request for content: it is malformed");
      }
      switch (request.t) {
        case "which": {
          const has = new Uint8Array(request.hashes.length);
          for (const [i, hash] of request.hashes.entries()) has[i] = await this.#deps.content.has(hash) ? 1 : 0;
          await stream.send(encodeAnswer({ t: "these", has }));
          break;
        }
        case "want":
          await this.#send(stream, request.hash, request.offset);
          break;
        case "offer":
          await this.#keep(stream, request.hash, request.size);
          break;
      }
    }
  }

  async #send(stream: PeerStream, hash: ContentHash, offset: number): Promise<void> {
    const size = await this.#deps.content.sizeOf(hash);
    if (size === undefined || offset > size) return await stream.send(encodeAnswer({ t: "none" }));
    await stream.send(encodeAnswer({ t: "have", size }));
    await this.#sendFrom(stream, hash, offset, size);
    this.counters.add("served");
  }

  async #sendFrom(stream: PeerStream, hash: ContentHash, offset: number, size: number): Promise<void> {
    const row = this.#deps.content.row(hash); // a small content is one piece
    if (!row) return await sendChunks(stream, this.#deps.content.pathOf(hash), offset, size);
    if (row.byteLength !== size) throw new Error("the content is not as long as it was");
    if (offset < size) await stream.send(row.subarray(offset));
  }

  async #keep(stream: PeerStream, hash: ContentHash, size: number): Promise<void> {
    const { content } = this.#deps;
    const say = (answer: ContentAnswer) => stream.send(encodeAnswer(answer));
    if (await content.has(hash)) return await say({ t: "kept" });
    if (this.#arriving.has(hash) || !this.#mayOffer(stream.remote, size)) {
      this.counters.add("refused");
      return await say({ t: "refused" });
    }
    this.#arriving.add(hash);
    const part = await content.openPart(hash).catch((error) => {
      this.#arriving.delete(hash);
      throw error;
    });
    try {
      await say({ t: "send", offset: part.size });
      const isWhole = await receiveChunks(stream, part, size, {}) &&
        await content.adopt(hash, part, { isPinned: false });
      if (!isWhole) {
        await this.#wrong(stream.remote, part);
        return await say({ t: "refused" });
      }
      this.counters.add("kept");
      await say({ t: "kept" });
    } catch (error) {
      if (!(error instanceof DhtError)) throw error;
      this.counters.add("refused");
      await say({ t: "refused" }); // no room here: the other asks somebody else
    } finally {
      part.close();
      this.#arriving.delete(hash);
    }
  }

  #mayOffer(peer: PeerId, bytes: number): boolean {
    const nowMs = this.#deps.clock.monotonicMs();
    let bucket = this.#offerers.get(peer);
    if (!bucket) {
      bucket = new TokenBucket({ perSecond: OFFERED_BYTES_PER_SECOND, burst: OFFERED_BURST_BYTES, nowMs });
      this.#offerers.set(peer, bucket);
    }
    return bucket.take(nowMs, bytes);
  }

  async #wrong(peer: PeerId, part: PartialContent): Promise<"wrong_bytes"> {
    this.counters.add("wrong_bytes");
    this.#deps.penalise(peer, "content_wrong_bytes");
    await part.discard();
    return "wrong_bytes";
  }

  async #answer(stream: PeerStream, options: { readonly signal?: AbortSignal }): Promise<ContentAnswer | undefined> {
    const frame = await stream.receive(options.signal ? { signal: options.signal } : {});
    return frame && decodeAnswer(frame);
  }

  /** One stream for `work`; undefined when it could not be opened or broke. */
  async #with<T>(
    peer: PeerId,
    options: { readonly signal?: AbortSignal },
    work: (stream: PeerStream) => Promise<T>,
  ): Promise<T | undefined> {
    let stream: PeerStream | undefined;
    try {
      stream = await this.#deps.streams.open(peer, CONTENT_PROTOCOL, options);
      const result = await work(stream);
      await stream.close();
      return result;
    } catch (error) {
      stream?.abort(error instanceof Error ? error : new Error(String(error)));
      options.signal?.throwIfAborted();
      if (error instanceof DhtError) throw error;
      this.#deps.logger.debug("A transfer of content broke off", { peer, reason: errorMessage(error) });
      return undefined;
    }
  }
}

/** False when what comes cannot be the content: too much of it, or no sealed file. */
async function receiveChunks(
  stream: PeerStream,
  part: PartialContent,
  size: number,
  options: { readonly signal?: AbortSignal },
): Promise<boolean> {
  if (part.size > size) return false;
  while (part.size < size) {
    const chunk = await stream.receive(options.signal ? { signal: options.signal } : {});
    if (!chunk) throw new Error("the stream ended before the content"); // what came is kept for the next try
    if (chunk.byteLength === 0 || part.size + chunk.byteLength > size) return false;
    if (part.size === 0 && !isSealed(chunk)) return false;
    await part.append(chunk);
  }
  return true;
}

/** Whether a first piece is that of an age file: nothing else is ever kept. */
function isSealed(chunk: Uint8Array): boolean {
  try {
    assertAgeFile(chunk);
    return true;
  } catch (error) {
    if (error instanceof CryptoError) return false;
    throw error;
  }
}

async function sendChunks(stream: PeerStream, path: string, offset: number, size: number): Promise<void> {
  using file = await Deno.open(path, { read: true });
  await file.seek(offset, Deno.SeekMode.Start);
  for (let at = offset; at < size;) {
    const chunk = new Uint8Array(Math.min(CHUNK_BYTES, size - at));
    let filled = 0;
    while (filled < chunk.byteLength) {
      const count = await file.read(chunk.subarray(filled));
      if (count === null) throw new Error("the content is shorter than it was");
      filled += count;
    }
    await stream.send(chunk);
    at += chunk.byteLength;
  }
}
