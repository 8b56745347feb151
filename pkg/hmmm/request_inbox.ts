import { type EntryId, FairShare, heapBytesOf, type PeerId, type RequestId } from "@bzzz/base";
import { MAX_INBOX_BYTES, MAX_INBOX_PARTS, MAX_PARKED_ENTRIES, MAX_REQUEST_ENTRIES } from "./constants.ts";
import { foldRequest } from "./fold_request.ts";
import { outlineOf, type RequestOutline } from "./request_outline.ts";
import { closedAs, requestStateAt } from "./request_state.ts";
import {
  type AnsweredEntry,
  compareStamps,
  type ProofOf,
  type RequestEntry,
  type RequestState,
  type RequestView,
  withProof,
} from "./types.ts";

/** Revocations of one request that a flood of other entries does not push out: one that counts is among the first. */
const MAX_KEPT_REVOCATIONS = 16;

/** In which order an author's are given up. */
const RANKS = { spare: 0, closed: 1, pending: 2, parkedClosed: 3, parkedPending: 4 } as const;

/** A request in memory. */
interface Held {
  readonly entries: Map<EntryId, RequestEntry>;
  view: RequestView | undefined;
  /** Whose parts of it are on the books. */
  authors: ReadonlySet<string>;
}

/** A request whose entries are left in the journal. */
interface Parked {
  readonly cursors: readonly number[];
  readonly outline: RequestOutline;
}

type Slot = Held | Parked;

/** Settings of an inbox. */
export interface RequestInboxOptions {
  /** Parts of requests, one of each author. Default 40,000. */
  readonly capacity?: number;
  /** Of the heap, roughly. Default 32 MiB. */
  readonly maxBytes?: number;
  /** Reads an entry again by the cursor that it came with; without it no request can be left in the journal. */
  readonly entryAt?: (cursor: number) => RequestEntry | undefined;
}

/**
 * All requests to people, folded as entries arrive in any order. Bounded in number and bytes, by author: beyond the bounds who
 * has most gives up what is its own: what it wrote on others' requests, which then counts no more here, and the texts of its
 * requests, which are left in the journal; where even outlines are too many, it is those of closed requests that are forgotten.
 */
export class RequestInbox {
  readonly #entryAt: RequestInboxOptions["entryAt"];
  readonly #slots = new Map<RequestId, Slot>();
  readonly #shares: FairShare;

  constructor(options: RequestInboxOptions = {}) {
    this.#entryAt = options.entryAt;
    this.#shares = new FairShare({
      maxItems: options.capacity ?? MAX_INBOX_PARTS,
      maxBytes: options.maxBytes ?? MAX_INBOX_BYTES,
    });
  }

  /** Requests the inbox knows something of. */
  get size(): number {
    return this.#slots.size;
  }

  /** Takes one verified entry; returns the views it changed (two when a request supersedes another). */
  add(entry: RequestEntry): RequestView[] {
    const changed: RequestView[] = [];
    const superseded = entry.kind === "request_opened" ? entry.body.supersedes : undefined;
    for (const requestId of [entry.body.requestId, superseded]) {
      const view = requestId === undefined ? undefined : this.#addTo(requestId, entry);
      if (view) changed.push(view);
    }
    this.#makeRoom();
    return changed;
  }

  /**
   * Looks again who stands behind the answers that `isAbout` picks, because what is known of a person has changed; returns
   * the views that this changed. What is left in the journal is judged when it is read.
   */
  rejudge(proofOf: ProofOf, isAbout: (entry: AnsweredEntry) => boolean): RequestView[] {
    const changed: RequestView[] = [];
    for (const [requestId, slot] of this.#slots) {
      if (isParked(slot)) continue;
      let isChanged = false;
      for (const entry of slot.entries.values()) {
        if (entry.kind !== "request_answered" || !isAbout(entry)) continue;
        const judged = withProof(entry, proofOf);
        if (isSameProof(judged, entry)) continue;
        slot.entries.set(entry.id, judged);
        isChanged = true;
      }
      if (!isChanged) continue;
      slot.view = foldRequest(requestId, slot.entries.values());
      this.#note(requestId, slot);
      if (slot.view) changed.push(slot.view);
    }
    return changed;
  }

  /** The view of a request, read from the journal if need be; undefined when its `request_opened` has not come. */
  get(requestId: RequestId): RequestView | undefined {
    const slot = this.#slots.get(requestId);
    return slot && isParked(slot) ? this.#read(requestId, slot).view : slot?.view;
  }

  /**
   * Outlines of the requests in `state` at `nowMs` (all states when left out; "open": all that can be answered), the ones
   * that end first in front, then the older. `get` has all of each.
   */
  list(nowMs: number, state?: RequestState | "open"): RequestOutline[] {
    const isWanted = (view: RequestOutline): boolean =>
      state === "open" ? closedAs(view, nowMs) === undefined : requestStateAt(view, nowMs) === state;
    const found: RequestOutline[] = [];
    for (const slot of this.#slots.values()) {
      const outline = isParked(slot) ? slot.outline : slot.view;
      if (outline && (state === undefined || isWanted(outline))) found.push(outline);
    }
    return found.sort((a, b) =>
      (a.deadlineMs ?? Infinity) === (b.deadlineMs ?? Infinity)
        ? a.openedAt.ms - b.openedAt.ms || (a.requestId < b.requestId ? -1 : 1)
        : (a.deadlineMs ?? Infinity) - (b.deadlineMs ?? Infinity)
    );
  }

  #addTo(requestId: RequestId, entry: RequestEntry): RequestView | undefined {
    const known = this.#slots.get(requestId);
    if (known && isParked(known) && known.cursors.some((cursor) => cursor === entry.cursor)) return undefined;
    const slot: Held = known === undefined
      ? { entries: new Map(), view: undefined, authors: new Set() }
      : isParked(known)
      ? this.#read(requestId, known)
      : known;
    if (slot.entries.has(entry.id)) return undefined;
    if (slot.entries.size >= MAX_REQUEST_ENTRIES && !makeRoom(slot.entries, entry)) return undefined;
    slot.entries.set(entry.id, entry);
    slot.view = foldRequest(requestId, slot.entries.values());
    if (known && isParked(known)) this.#shares.delete(keyOf(requestId, known.outline.openedBy));
    this.#slots.set(requestId, slot);
    this.#note(requestId, slot);
    return slot.view;
  }

  #read(requestId: RequestId, { cursors }: Parked): Held {
    const entries = new Map<EntryId, RequestEntry>();
    for (const cursor of cursors) {
      const entry = this.#entryAt?.(cursor);
      if (entry) entries.set(entry.id, entry);
    }
    return { entries, view: foldRequest(requestId, entries.values()), authors: new Set() };
  }

  /** Puts down what each author has in a request. */
  #note(requestId: RequestId, slot: Held): void {
    const bytesOf = new Map<PeerId, number>();
    for (const entry of slot.entries.values()) {
      bytesOf.set(entry.author, (bytesOf.get(entry.author) ?? 0) + heapBytesOf(entry));
    }
    for (const author of slot.authors) this.#shares.delete(keyOf(requestId, author));
    for (const [owner, bytes] of bytesOf) {
      const isPending = slot.view?.recordedState === "pending";
      const ownRank = owner === slot.view?.openedBy ? RANKS.closed : RANKS.spare;
      const rank = isPending ? RANKS.pending : ownRank; // also votes: without them a request would seem to wait for more
      this.#shares.set(keyOf(requestId, owner), { owner, bytes, rank });
    }
    slot.authors = new Set(bytesOf.keys());
  }

  #makeRoom(): void {
    for (let key = this.#shares.excess(); key !== undefined; key = this.#shares.excess()) {
      const [requestId, author] = key.split(" ") as [RequestId, string]; // as `keyOf` put them together
      const slot = this.#slots.get(requestId);
      if (!slot || isParked(slot)) this.#forget(requestId, key);
      else if (author === slot.view?.openedBy) this.#park(requestId, slot);
      else this.#dropWords(requestId, slot, author);
    }
  }

  /** The outline stays; what cannot be read again is forgotten. */
  #park(requestId: RequestId, slot: Held): void {
    const { view, entries } = slot;
    const cursors = [...entries.values()].flatMap(({ cursor }) => cursor ?? []);
    this.#forget(requestId);
    const isReadable = this.#entryAt !== undefined && cursors.length === entries.size;
    if (!view || !isReadable || cursors.length > MAX_PARKED_ENTRIES) return;
    const parked: Parked = { cursors, outline: outlineOf(view) };
    this.#slots.set(requestId, parked);
    this.#shares.set(keyOf(requestId, view.openedBy), {
      owner: view.openedBy,
      bytes: heapBytesOf(parked),
      rank: view.recordedState === "pending" ? RANKS.parkedPending : RANKS.parkedClosed,
    });
  }

  /** Takes what `author` wrote out of another's request. Where that makes it another one, it is forgotten: never a wrong view. */
  #dropWords(requestId: RequestId, slot: Held, author: string): void {
    const before = slot.view;
    for (const { id, author: by } of slot.entries.values()) if (by === author) slot.entries.delete(id);
    slot.view = foldRequest(requestId, slot.entries.values());
    const isSame = slot.view?.recordedState === before?.recordedState &&
      slot.view?.answer?.entry === before?.answer?.entry && slot.view?.revoked?.by === before?.revoked?.by;
    if (slot.entries.size === 0 || !isSame) this.#forget(requestId);
    else this.#note(requestId, slot);
  }

  #forget(requestId: RequestId, key?: string): void {
    const slot = this.#slots.get(requestId);
    this.#slots.delete(requestId);
    if (key !== undefined) this.#shares.delete(key);
    if (slot && !isParked(slot)) { for (const author of slot.authors) this.#shares.delete(keyOf(requestId, author)); }
  }
}

function isParked(slot: Slot): slot is Parked {
  return "outline" in slot;
}

/** Neither has a space in it. */
function keyOf(requestId: RequestId, author: string): string {
  return `${requestId} ${author}`;
}

function isSameProof(a: AnsweredEntry, b: AnsweredEntry): boolean {
  return a.human?.person === b.human?.person && a.human?.certificate.id === b.human?.certificate.id;
}

/**
 * A flood of answers keeps the earliest: those decide. False when `entry` itself is the latest. That an approval is taken back
 * is heard over any flood of other things: the first `MAX_KEPT_REVOCATIONS` of it take the place of something else.
 */
function makeRoom(entries: Map<EntryId, RequestEntry>, entry: RequestEntry): boolean {
  const kept = [...entries.values()].filter(({ kind }) => kind === "request_revoked").length;
  const isKept = ({ kind }: RequestEntry) =>
    kind === "request_opened" || (kind === "request_revoked" && kept <= MAX_KEPT_REVOCATIONS);
  let latest: RequestEntry | undefined = entry.kind === "request_revoked" && kept < MAX_KEPT_REVOCATIONS
    ? undefined
    : entry;
  for (const other of entries.values()) {
    if (!isKept(other) && (latest === undefined || compareStamps(other, latest) > 0)) latest = other;
  }
  return latest !== undefined && latest !== entry && entries.delete(latest.id);
}
