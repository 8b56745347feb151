import type { EntryId, RequestId } from "@bzzz/base";
import { MAX_INBOX_REQUESTS, MAX_REQUEST_ENTRIES } from "./constants.ts";
import { foldRequest } from "./fold_request.ts";
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

interface Slot {
  readonly entries: Map<EntryId, RequestEntry>;
  view: RequestView | undefined;
}

/**
 * All requests to people, folded as entries arrive in any order. Bounded: beyond `capacity` the closed ones that were
 * touched longest ago are forgotten (the journal still has them), pending ones only when nothing else is left.
 */
export class RequestInbox {
  readonly #capacity: number;
  /** In order of last touch. */
  readonly #slots = new Map<RequestId, Slot>();

  constructor(options: { capacity?: number } = {}) {
    this.#capacity = options.capacity ?? MAX_INBOX_REQUESTS;
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
    this.#evict();
    return changed;
  }

  /**
   * Looks again who stands behind the answers that `isAbout` picks, because what is known of a person has changed; returns
   * the views that this changed.
   */
  rejudge(proofOf: ProofOf, isAbout: (entry: AnsweredEntry) => boolean): RequestView[] {
    const changed: RequestView[] = [];
    for (const [requestId, slot] of this.#slots) {
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
      if (slot.view) changed.push(slot.view);
    }
    return changed;
  }

  /** The view of a request, or undefined when its `request_opened` has not come. */
  get(requestId: RequestId): RequestView | undefined {
    return this.#slots.get(requestId)?.view;
  }

  /**
   * Requests in `state` at `nowMs` (all states when left out; "open": all that can be answered), the ones that end first
   * in front, then the older.
   */
  list(nowMs: number, state?: RequestState | "open"): RequestView[] {
    const isWanted = (view: RequestView): boolean =>
      state === "open" ? closedAs(view, nowMs) === undefined : requestStateAt(view, nowMs) === state;
    const views: RequestView[] = [];
    for (const { view } of this.#slots.values()) {
      if (view && (state === undefined || isWanted(view))) views.push(view);
    }
    return views.sort((a, b) =>
      (a.deadlineMs ?? Infinity) === (b.deadlineMs ?? Infinity)
        ? a.openedAt.ms - b.openedAt.ms || (a.requestId < b.requestId ? -1 : 1)
        : (a.deadlineMs ?? Infinity) - (b.deadlineMs ?? Infinity)
    );
  }

  #addTo(requestId: RequestId, entry: RequestEntry): RequestView | undefined {
    const slot = this.#slots.get(requestId) ?? { entries: new Map(), view: undefined };
    if (slot.entries.has(entry.id)) return undefined;
    if (slot.entries.size >= MAX_REQUEST_ENTRIES && !makeRoom(slot.entries, entry)) return undefined;
    this.#slots.delete(requestId);
    this.#slots.set(requestId, slot);
    slot.entries.set(entry.id, entry);
    slot.view = foldRequest(requestId, slot.entries.values());
    return slot.view;
  }

  #evict(): void {
    while (this.#slots.size > this.#capacity) {
      let victim: RequestId | undefined;
      for (const [requestId, { view }] of this.#slots) {
        victim ??= requestId;
        if (view && view.recordedState !== "pending") {
          victim = requestId;
          break;
        }
      }
      if (victim === undefined) return;
      this.#slots.delete(victim);
    }
  }
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
