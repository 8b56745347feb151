import { BzzzError, type Clock, utf8Decode } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import { openTextIndex, type TextIndex } from "@bzzz/store";
import { type Address, formatAddress } from "@bzzz/ucxl";
import type { ContextStore } from "./context_store.ts";
import type { ContentSealer, Version } from "./types.ts";
import type { VersionIndex } from "./version_index.ts";

/** Versions read at once from the index while texts are collected. */
const CHUNK = 200;
/** Time that collecting may hold the event loop before others have their turn. */
const TURN_MS = 10;
/** A search waits so long for texts to be collected, then answers with what there is. */
const WAIT_MS = 2_000;
/** Text of one version that is searched. */
const MAX_TEXT_CHARACTERS = 256 * 1024;
/** Hits looked through for those that fit pattern and newest-only; beyond it a search says that there may be more. */
const MAX_CANDIDATES = 1_000;

/** What a search stands on. */
export interface ContextSearchDeps {
  readonly index: VersionIndex;
  readonly context: Pick<ContextStore, "open">;
  readonly sealer: Pick<ContentSealer, "revocations">;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What is looked for, and where. */
export interface SearchQuery {
  readonly text: string;
  readonly pattern: Address;
  readonly limit: number;
  /** Old versions, too. */
  readonly isHistoric?: boolean;
  readonly accepts?: (version: Version) => boolean;
}

/** A version whose text fits; words that fit stand between U+0002 and U+0003. */
export interface SearchHit {
  readonly version: Version;
  readonly snippet: string;
}

/** The answer to a search. */
export interface SearchResult {
  readonly hits: readonly SearchHit[];
  /** False when texts are still collected, had to go for want of room, or too many hits had to be looked through. */
  readonly isComplete: boolean;
  /** Versions that were looked at, of how many. */
  readonly seen: number;
  readonly total: number;
}

/**
 * Full-text search over what this node may read. The texts are in memory alone: what is on a node's disk is sealed, and an index of
 * words would not be. They are collected with the first search, and go on with each, from contents that lie on this node.
 */
export class ContextSearch {
  readonly #deps: ContextSearchDeps;
  readonly #options: { readonly maxTextBytes: number };
  readonly #stopped = new AbortController();
  #texts: TextIndex | undefined;
  /** Versions up to this cursor were looked at. */
  #newest = 0;
  #seen = 0;
  #collecting: Promise<void> | undefined;
  #revocations = 0;
  /** Contents that were not on this node when they were looked for. */
  readonly #missing = new Set<number>();

  constructor(deps: ContextSearchDeps, options: { readonly maxTextBytes: number }) {
    this.#deps = deps;
    this.#options = options;
  }

  /** Ends collecting and forgets every text. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#collecting;
    this.#texts?.[Symbol.dispose]();
    this.#texts = undefined;
  }

  /** Texts in memory, and how many bytes of them there may be. */
  stats(): { readonly texts: number; readonly bytes: number; readonly maxBytes: number } {
    const { texts = 0, bytes = 0 } = this.#texts?.stats() ?? {};
    return { texts, bytes, maxBytes: this.#options.maxTextBytes };
  }

  /**
   * Waits at most two seconds for texts. Best first; of words that are in more than a thousand texts the newest of them, newest
   * first.
   */
  async search(query: SearchQuery): Promise<SearchResult> {
    this.#forgetWhatMayNoLongerBeRead();
    const isCaughtUp = await this.#collected();
    const hits: SearchHit[] = [];
    const { ids, isRanked } = this.#texts?.search({ text: query.text, limit: MAX_CANDIDATES }) ??
      { ids: [], isRanked: true };
    for (const id of ids) {
      if (hits.length === query.limit) break;
      const version = this.#deps.index.candidate(id, query);
      if (version && (query.accepts?.(version) ?? true)) {
        hits.push({ version, snippet: this.#texts?.snippet(query.text, id) ?? "" });
      }
    }
    const { dropped = 0 } = this.#texts?.stats() ?? {};
    return {
      hits,
      isComplete: isCaughtUp && dropped === 0 && this.#missing.size === 0 &&
        (isRanked || hits.length === query.limit),
      seen: this.#seen,
      total: this.#seen + this.#deps.index.countAfter(this.#newest),
    };
  }

  #forgetWhatMayNoLongerBeRead(): void {
    const revocations = this.#deps.sealer.revocations ?? 0;
    if (revocations === this.#revocations) return;
    this.#revocations = revocations;
    this.#texts?.clear();
    this.#missing.clear();
    this.#newest = 0;
    this.#seen = 0;
  }

  /** Whether everything there is was looked at, after a bounded wait. */
  async #collected(): Promise<boolean> {
    if (this.#stopped.signal.aborted) return false;
    this.#texts ??= openTextIndex({ maxBytes: this.#options.maxTextBytes });
    this.#collecting ??= this.#collect().catch((error: unknown) => {
      this.#deps.logger.warn("The texts for searching could not be collected; the next search goes on", {}, error);
    }).finally(() => this.#collecting = undefined);
    const { promise: waited, resolve } = Promise.withResolvers<void>();
    const timer = this.#deps.clock.setTimer(WAIT_MS, resolve, { unref: true });
    await Promise.race([this.#collecting, waited]);
    timer.cancel();
    return this.#newest >= this.#deps.index.lastCursor();
  }

  async #collect(): Promise<void> {
    const { clock, index } = this.#deps;
    let turnMs = clock.monotonicMs();
    for (const cursor of [...this.#missing]) {
      const version = index.after(cursor - 1, 1)[0];
      if (version && await this.#add(version)) this.#missing.delete(cursor);
    }
    for (;;) {
      const chunk = index.after(this.#newest, CHUNK);
      if (chunk.length === 0) return;
      for (const version of chunk) {
        if (this.#stopped.signal.aborted) return;
        if (!await this.#add(version)) this.#missing.add(version.cursor);
        this.#newest = version.cursor;
        this.#seen++;
        if (clock.monotonicMs() - turnMs < TURN_MS) continue;
        await new Promise<void>((resolve) => clock.setTimer(0, resolve));
        turnMs = clock.monotonicMs();
      }
    }
  }

  /** False when the content is not on this node now. */
  async #add(version: Version): Promise<boolean> {
    if (!version.content) return true;
    try {
      const { bytes } = await this.#deps.context.open(version, { isLocal: true });
      const text = textIn(bytes);
      if (text !== undefined) {
        this.#texts?.add(version.cursor, `${formatAddress(version.address)}\n${text.slice(0, MAX_TEXT_CHARACTERS)}`);
      }
      return true;
    } catch (error) {
      if (!(error instanceof BzzzError)) throw error;
      // sealed for others, or damaged: there is nothing to search in it
      return error.code !== "content_unavailable";
    }
  }
}

function textIn(bytes: Uint8Array): string | undefined {
  try {
    return utf8Decode(bytes);
  } catch {
    return undefined; // no text, so no words
  }
}
