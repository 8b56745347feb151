import { type EntryId, FairShare, heapBytesOf, type PeerId } from "@bzzz/base";
import type { Hlc } from "@bzzz/wire";
import { MAX_KEPT_MESSAGES, MAX_THREADS, MAX_THREADS_BYTES } from "./constants.ts";
import {
  checkMessage,
  EMPTY_THREAD,
  type GuardedMessage,
  type MessageRefusal,
  needsEscalation,
  type ThreadUse,
  useThread,
} from "./safeguards.ts";
import { compareStamps, type MessageEntry } from "./types.ts";

/** A thread as its messages tell it; the same on every node that has the same messages. */
export interface ThreadView {
  readonly thread: string;
  /** Let in, in order; the newest `MAX_KEPT_MESSAGES`. */
  readonly messages: readonly MessageEntry[];
  readonly use: ThreadUse;
  readonly people: readonly PeerId[];
  /** Agents have used up their messages: a person must speak. */
  readonly needsEscalation: boolean;
  /** A blocking objection that no agreement of its author followed. */
  readonly blockingObjections: readonly EntryId[];
  /** How many messages the safeguards kept out, by reason. */
  readonly refusals: Readonly<Partial<Record<MessageRefusal, number>>>;
  readonly updatedAt: Hlc;
}

/** What the safeguards see of an entry. */
export function guardedMessage(entry: MessageEntry): GuardedMessage {
  const { type, hop, ttlMs } = entry.body;
  const isPerson = entry.authority?.binaryType === "hap";
  return { author: entry.author, isPerson, type, hop, ttlMs, sentAtMs: entry.hlc.ms };
}

/** The thread that a SET of messages tells: any order of arrival, any duplicates, the same view. */
export function foldThread(thread: string, entries: Iterable<MessageEntry>): ThreadView | undefined {
  const byId = new Map<string, MessageEntry>();
  for (const entry of entries) if (entry.thread === thread) byId.set(entry.id, entry);
  let view: ThreadView | undefined;
  for (const entry of [...byId.values()].sort(compareStamps)) view = applyMessage(view, entry);
  return view;
}

function applyMessage(before: ThreadView | undefined, entry: MessageEntry): ThreadView {
  const view = before ?? emptyThread(entry);
  const message = guardedMessage(entry);
  const refusal = checkMessage(view.use, message);
  if (refusal !== undefined) {
    return { ...view, refusals: { ...view.refusals, [refusal]: (view.refusals[refusal] ?? 0) + 1 } };
  }
  const use = useThread(view.use, message);
  return {
    ...view,
    messages: [...view.messages, entry].slice(-MAX_KEPT_MESSAGES),
    use,
    people: message.isPerson && !view.people.includes(entry.author) ? [...view.people, entry.author] : view.people,
    needsEscalation: needsEscalation(use),
    blockingObjections: objectionsAfter(view, entry),
    updatedAt: entry.hlc,
  };
}

function emptyThread(entry: MessageEntry): ThreadView {
  return {
    thread: entry.thread,
    messages: [],
    use: EMPTY_THREAD,
    people: [],
    needsEscalation: false,
    blockingObjections: [],
    refusals: {},
    updatedAt: entry.hlc,
  };
}

/** Structured, never words in a text: an objection says that it blocks, and its author takes it back by agreeing. */
function objectionsAfter(view: ThreadView, entry: MessageEntry): readonly EntryId[] {
  if (entry.body.type === "objection" && entry.body.severity === "blocking") {
    return [...view.blockingObjections, entry.id];
  }
  if (entry.body.type !== "agreement" || view.blockingObjections.length === 0) return view.blockingObjections;
  const own = new Set(view.messages.filter((m) => m.author === entry.author).map((m) => m.id));
  return view.blockingObjections.filter((id) => !own.has(id));
}

interface Slot {
  readonly entries: Map<EntryId, MessageEntry>;
  /** Whose message came first. */
  readonly begunBy: PeerId;
  /** The newest message by `compareStamps`; later ones need no fold from the start. */
  last: MessageEntry | undefined;
  view: ThreadView | undefined;
}

/** In which order an author's messages are given up: an objection that stands holds work up. */
const RANKS = { message: 0, objection: 1 } as const;

/**
 * All threads, folded as messages arrive in any order; exact while a thread has at most twice `MAX_KEPT_MESSAGES`. Bounded
 * by author: beyond `capacity` threads who began most loses the one of them that was silent for longest, beyond `maxBytes` who
 * said most loses its oldest messages, blocking objections last.
 */
export class ThreadIndex {
  readonly #threads = new Map<string, Slot>();
  /** By who began them. */
  readonly #begun: FairShare;
  readonly #said: FairShare;

  constructor(options: { capacity?: number; maxBytes?: number } = {}) {
    this.#begun = new FairShare({ maxItems: options.capacity ?? MAX_THREADS, maxBytes: Infinity });
    this.#said = new FairShare({ maxItems: Infinity, maxBytes: options.maxBytes ?? MAX_THREADS_BYTES });
  }

  /** Takes one verified message; undefined when it was known. */
  add(entry: MessageEntry): ThreadView | undefined {
    const slot: Slot = this.#threads.get(entry.thread) ??
      { entries: new Map(), begunBy: entry.author, last: undefined, view: undefined };
    if (slot.entries.has(entry.id)) return undefined;
    this.#threads.delete(entry.thread);
    this.#threads.set(entry.thread, slot);
    slot.entries.set(entry.id, entry);
    if (slot.last === undefined || compareStamps(entry, slot.last) > 0) {
      slot.view = applyMessage(slot.view, entry);
      slot.last = entry;
    } else {
      slot.view = foldThread(entry.thread, slot.entries.values());
    }
    const { view } = slot;
    const rank = entry.body.type === "objection" && entry.body.severity === "blocking"
      ? RANKS.objection
      : RANKS.message;
    this.#said.set(keyOf(entry), { owner: entry.author, bytes: heapBytesOf(entry), rank });
    this.#begun.set(entry.thread, { owner: slot.begunBy, bytes: 0, rank: 0 });
    for (const old of slot.entries.values()) {
      if (slot.entries.size <= 2 * MAX_KEPT_MESSAGES) break;
      slot.entries.delete(old.id);
      this.#said.delete(keyOf(old));
    }
    this.#makeRoom();
    return view;
  }

  /** The view of a thread, or undefined when nobody has spoken in it. */
  get(thread: string): ThreadView | undefined {
    return this.#threads.get(thread)?.view;
  }

  /** The threads, the one spoken in last in front. */
  list(): ThreadView[] {
    return [...this.#threads.values()].flatMap(({ view }) => view ? [view] : []).reverse();
  }

  #makeRoom(): void {
    for (let thread = this.#begun.excess(); thread !== undefined; thread = this.#begun.excess()) this.#forget(thread);
    for (let key = this.#said.excess(); key !== undefined; key = this.#said.excess()) {
      this.#said.delete(key);
      const at = key.indexOf(" ");
      const [id, thread] = [key.slice(0, at) as EntryId, key.slice(at + 1)]; // as `keyOf` put them together
      const slot = this.#threads.get(thread);
      if (!slot?.entries.delete(id)) continue;
      if (slot.entries.size === 0) this.#forget(thread);
      else if (slot.view) slot.view = { ...slot.view, messages: slot.view.messages.filter((one) => one.id !== id) };
    }
  }

  #forget(thread: string): void {
    for (const entry of this.#threads.get(thread)?.entries.values() ?? []) this.#said.delete(keyOf(entry));
    this.#threads.delete(thread);
    this.#begun.delete(thread);
  }
}

/** An id has no space in it. */
function keyOf({ id, thread }: MessageEntry): string {
  return `${id} ${thread}`;
}
