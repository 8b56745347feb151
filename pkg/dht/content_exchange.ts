import { type Clock, CounterMap, errorMessage, LruMap, type PeerId, TokenBucket } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import type { PeerStream, StreamOpener } from "@bzzz/p2p";
import { CHUNK_BYTES, CONTENT_PROTOCOL, MAX_ASKED_HASHES, MAX_CONTENT_STREAMS } from "./constants.ts";
import type { ContentHash } from "./content_hash.ts";
import { type ContentAnswer, decodeAnswer, decodeRequest, encodeAnswer, encodeRequest } from "./content_messages.ts";
import type { DiskContent } from "./disk_content.ts";
import { DhtError } from "./errors.ts";
import type { PartialContent } from "./partial_content.ts";
import { receiveChunks } from "./receive_chunks.ts";

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

/** How a content is fetched. */
interface FetchOptions {
  readonly isPinned: boolean;
  /** The most bytes it can have, where that is known. */
  readonly maxBytes?: number | undefined;
  readonly signal?: AbortSignal;
}

/** A content on its way here. */
interface Arrival {
  /** Of what a peer offers: ends it, resolves when it has ended. What this node has asked for gives way to nothing. */
  readonly giveWay: (() => Promise<void>) | undefined;
}

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
  /** "served", "fetched", "offered", "kept", "refused", "wrong_bytes", "mixed". */
  readonly counters = new CounterMap();
  readonly #deps: ContentExchangeDeps;
  /** Contents that are on their way here: each into one file, by one stream at a time. */
  readonly #arriving = new Map<ContentHash, Arrival>();
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
   * is not asked for again, of whomever, unless the whole then turns out to be wrong: which of the senders lied is not known,
   * so the peer is asked for all of it. One fetch of a content at a time; an offer of the same gives way. Who says that it
   * has more than `maxBytes`, as nothing that refers to it does, is passed over: its bytes would come for an hour.
   *
   * @throws DhtError "content_quota", "content_unavailable": this node cannot keep it, whoever sends
   */
  async fetch(
    peer: PeerId,
    hash: ContentHash,
    options: FetchOptions,
  ): Promise<"kept" | TransferFault> {
    for (let other = this.#arriving.get(hash); other; other = this.#arriving.get(hash)) {
      if (!other.giveWay) return "failed";
      await other.giveWay();
    }
    this.#arriving.set(hash, { giveWay: undefined });
    try {
      const first = await this.#fetch(peer, hash, options);
      const result = first === "mixed" ? await this.#fetch(peer, hash, options) : first;
      return result === undefined || result === "mixed" ? "failed" : result;
    } finally {
      this.#arriving.delete(hash);
    }
  }

  async #fetch(
    peer: PeerId,
    hash: ContentHash,
    options: FetchOptions,
  ): Promise<"kept" | TransferFault | "mixed" | undefined> {
    return await this.#with(peer, options, async (stream) => {
      const part = await this.#deps.content.openPart(hash);
      const begunBytes = part.size;
      try {
        await stream.send(encodeRequest({ t: "want", hash, offset: begunBytes }));
        const answer = await this.#answer(stream, options);
        if (answer?.t === "none") {
          // it says the same of a content that is shorter than what has come here
          const isShorter = begunBytes > 0 && await this.#hasIt(stream, hash, options);
          return isShorter ? await this.#wrong(peer, part, begunBytes) : "none";
        }
        // no fault of the peer's that is sure: an entry may name a wrong size, too
        if (answer?.t !== "have" || answer.size > (options.maxBytes ?? answer.size)) return "failed";
        const isWhole = await receiveChunks(this.#deps, stream, part, answer.size, options) &&
          await this.#deps.content.adopt(hash, part, options);
        if (!isWhole) return await this.#wrong(peer, part, begunBytes);
        this.counters.add("fetched");
        return "kept";
      } finally {
        part.close();
      }
    });
  }

  async #hasIt(
    stream: PeerStream,
    hash: ContentHash,
    options: { readonly signal?: AbortSignal },
  ): Promise<boolean> {
    await stream.send(encodeRequest({ t: "which", hashes: [hash] }));
    const answer = await this.#answer(stream, options);
    return answer?.t === "these" && answer.has[0] === 1;
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
    const say = (answer: ContentAnswer) => stream.send(encodeAnswer(answer));
    if (await this.#deps.content.has(hash)) return await say({ t: "kept" });
    if (this.#arriving.has(hash) || !this.#mayOffer(stream.remote, size)) {
      this.counters.add("refused");
      return await say({ t: "refused" });
    }
    const ending = new AbortController();
    const ended = Promise.withResolvers<void>();
    const giveWay = () => {
      ending.abort(new Error("this node asks for the content itself"));
      return ended.promise;
    };
    this.#arriving.set(hash, { giveWay });
    try {
      await this.#receiveOffer(stream, hash, { size, signal: ending.signal });
    } finally {
      this.#arriving.delete(hash);
      ended.resolve();
    }
  }

  async #receiveOffer(
    stream: PeerStream,
    hash: ContentHash,
    { size, signal }: { readonly size: number; readonly signal: AbortSignal },
  ): Promise<void> {
    const { content } = this.#deps;
    const say = (answer: ContentAnswer) => stream.send(encodeAnswer(answer));
    const part = await this.#partWithin(hash, size);
    const begunBytes = part.size;
    try {
      await say({ t: "send", offset: begunBytes });
      const isWhole = await receiveChunks(this.#deps, stream, part, size, { signal }) &&
        await content.adopt(hash, part, { isPinned: false });
      if (!isWhole) {
        await this.#wrong(stream.remote, part, begunBytes);
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
    }
  }

  /** What has come of a content that has `size` bytes: from the beginning, where that is more. */
  async #partWithin(hash: ContentHash, size: number): Promise<PartialContent> {
    const part = await this.#deps.content.openPart(hash);
    if (part.size <= size) return part;
    await part.discard();
    return await this.#deps.content.openPart(hash);
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

  /** Forgets what came. Only who sent all of it answers for it: another may have sent the first bytes. */
  async #wrong(peer: PeerId, part: PartialContent, begunBytes: number): Promise<"wrong_bytes" | "mixed"> {
    await part.discard();
    if (begunBytes > 0) {
      this.counters.add("mixed");
      return "mixed";
    }
    this.counters.add("wrong_bytes");
    this.#deps.penalise(peer, "content_wrong_bytes");
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
