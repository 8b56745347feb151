import { backoffMs, type PeerId, type Random } from "@bzzz/base";
import {
  MAX_ADDRESSES_PER_PEER,
  MAX_HEARSAY_PER_HELLO,
  MAX_HEARSAY_PER_PEER,
  MAX_REMEMBERED_PEERS,
  MAX_STRANGER_DIALS,
  RECENTLY_SEEN_MS,
  REDIAL_BASE_MS,
  REDIAL_LONG_MAX_MS,
  REDIAL_RECENT_MAX_MS,
} from "./constants.ts";
import { dialOrder } from "./dial_order.ts";
import type { RememberedPeer } from "./types.ts";

/** One thing to dial: a peer at its addresses, or a bootstrap address whose peer may be unknown. */
export interface DialTarget {
  readonly key: string;
  readonly peer: PeerId | undefined;
  readonly addresses: readonly string[];
}

/** How a dial ended; "refused" is a hello that went wrong. */
export type DialOutcome = "admitted" | "refused" | "failed" | "self";

interface Entry {
  readonly key: string;
  readonly isBootstrap: boolean;
  /** It answered on the local network: dialled without a known grant, its hello decides. */
  isLocal: boolean;
  peer: PeerId | undefined;
  /** From the peer itself, or from the configuration. */
  addresses: readonly string[];
  /** Of answers on the local network, which anybody there can send. */
  heard: readonly string[];
  /** What neighbours say of it. */
  hearsay: readonly string[];
  lastSeenMs: number;
  lastSeenMonotonicMs: number | undefined;
  attempts: number;
  /** Dials that failed since it was admitted last. */
  turn: number;
  dueAtMs: number;
  /** When it is due for a node without any connection. */
  dueAloneAtMs: number;
  isDialing: boolean;
  wasRefused: boolean;
}

/** What the planner must know of the world at one moment. */
export interface DialConditions {
  readonly nowMs: number;
  readonly isConnected: (peer: PeerId) => boolean;
  /** Peers that were dropped: not dialled, wherever the address comes from. */
  readonly isDenied: (peer: PeerId) => boolean;
  /** Peers with a valid grant. Strangers are dialled only from the configuration and from the local network. */
  readonly isMember: (peer: PeerId) => boolean;
  /** How many more dials may start. */
  readonly slots: number;
  /** True when there are connections enough: then only bootstrap entries are dialled. */
  readonly hasEnough: boolean;
  /** True when no peer is admitted: then no known peer is left to wait for longer than one that was here lately. */
  readonly isAlone: boolean;
}

/**
 * Decides whom to dial and when; it does no I/O and reads no clock (times are monotonic milliseconds of the caller).
 * Known members are tried for ever: libp2p gives up on a peer after about a minute, and mDNS does not report a peer
 * twice (platform notes, "Partition and healing"). A peer seen within ten minutes is tried at least every 2.5 s, others
 * at least once a minute. A node that is alone (restarted during a partition, say: it has seen nobody) pauses at most
 * 2.5 s before any of them, unless it was refused there. Those that wait longest go first, so that many dead addresses
 * delay a living one but cannot starve it. Bounded: of 1,024 peers the longest unseen is forgotten.
 */
export class RedialPlan {
  readonly #random: Random;
  readonly #entries = new Map<string, Entry>();

  constructor(deps: { random: Random }) {
    this.#random = deps.random;
  }

  /** An address from the configuration; its host name is resolved anew at every dial. */
  addBootstrap(address: string, peer: PeerId | undefined, nowMs: number): void {
    this.#entries.set(`bootstrap ${address}`, newEntry(`bootstrap ${address}`, true, peer, [address], nowMs));
  }

  /** Adds addresses that a peer told of itself, newest first. */
  remember(peer: PeerId, addresses: readonly string[], nowMs: number): void {
    const entry = this.#entryOf(peer, nowMs);
    entry.addresses = [...new Set([...addresses, ...entry.addresses])].slice(0, MAX_ADDRESSES_PER_PEER);
  }

  /**
   * Adds what an answer on the local network says, and makes the peer due at once: somebody answered. Anybody there can send
   * such an answer in anybody's name, so it is as hearsay, and strangers get a part of the dials alone.
   */
  hear(peer: PeerId, addresses: readonly string[], nowMs: number): void {
    const entry = this.#entryOf(peer, nowMs);
    entry.heard = [...new Set([...addresses, ...entry.heard])].slice(0, MAX_HEARSAY_PER_PEER);
    entry.isLocal = true;
    // an answer proves the path: forget the failures, unless it was we or they who refused
    if (entry.isDialing || entry.wasRefused) return;
    entry.attempts = 0;
    entry.dueAtMs = Math.min(entry.dueAtMs, nowMs + this.#pauseMs(entry, nowMs));
  }

  /**
   * Adds what a neighbour says of a third peer, behind what that peer said itself: one that lies can waste dials, and
   * cannot push out an address that works.
   */
  rememberHearsay(peer: PeerId, addresses: readonly string[], nowMs: number): void {
    const entry = this.#entryOf(peer, nowMs);
    entry.hearsay = [...new Set([...addresses.slice(0, MAX_HEARSAY_PER_HELLO), ...entry.hearsay])]
      .slice(0, MAX_HEARSAY_PER_PEER);
  }

  /** Restores a peer of the address book. */
  restore(saved: RememberedPeer, nowMs: number): void {
    this.remember(saved.peer, saved.addresses, nowMs);
    const entry = this.#entries.get(saved.peer);
    if (entry) entry.lastSeenMs = Math.max(entry.lastSeenMs, saved.lastSeenMs);
  }

  /** The peer was admitted (at `wallMs` of the wall clock). */
  admitted(peer: PeerId, at: { readonly nowMs: number; readonly wallMs: number }): void {
    for (const entry of this.#entries.values()) {
      if (entry.peer !== peer) continue;
      entry.lastSeenMs = at.wallMs;
      entry.lastSeenMonotonicMs = at.nowMs;
      entry.attempts = 0;
      entry.turn = 0;
      entry.wasRefused = false;
    }
  }

  /** The last connection to a peer that was admitted is gone: it is due after the first pause. */
  disconnected(peer: PeerId, nowMs: number): void {
    for (const entry of this.#entries.values()) {
      if (entry.peer !== peer) continue;
      if (entry.lastSeenMonotonicMs !== undefined) entry.lastSeenMonotonicMs = nowMs;
      entry.attempts = 0;
      entry.dueAtMs = nowMs + this.#pauseMs(entry, nowMs);
      entry.dueAloneAtMs = entry.dueAtMs;
    }
  }

  /** Targets whose time has come, marked as being dialled until `settled`. */
  due(conditions: DialConditions): DialTarget[] {
    const targets: DialTarget[] = [];
    const taken = new Set<PeerId>();
    const dueAtMs = conditions.isAlone
      ? (entry: Entry) => Math.min(entry.dueAtMs, entry.dueAloneAtMs)
      : (entry: Entry) => entry.dueAtMs;
    const waiting = [...this.#entries.values()]
      .filter((entry) => !entry.isDialing && dueAtMs(entry) <= conditions.nowMs && allAddresses(entry).length > 0)
      .sort((a, b) => dueAtMs(a) - dueAtMs(b));
    const isStranger = ({ isBootstrap, peer }: Entry) => !isBootstrap && peer && !conditions.isMember(peer);
    let strangers = this.#entries.values().filter((entry) => entry.isDialing && isStranger(entry)).toArray().length;
    for (const entry of waiting) {
      if (targets.length >= conditions.slots) break;
      if (conditions.hasEnough && !entry.isBootstrap) continue;
      if (entry.peer && !this.#mayDial(entry, entry.peer, conditions, taken)) continue;
      if (isStranger(entry) && ++strangers > MAX_STRANGER_DIALS) continue;
      entry.isDialing = true;
      if (entry.peer) taken.add(entry.peer);
      targets.push({ key: entry.key, peer: entry.peer, addresses: allAddresses(entry) });
    }
    return targets;
  }

  /** The dial of a target has ended; `peer` is who answered. */
  settled(target: DialTarget, outcome: DialOutcome, nowMs: number, peer?: PeerId): void {
    const entry = this.#entries.get(target.key);
    if (!entry) return;
    entry.isDialing = false;
    // who has a bootstrap name may change: known only while it answers
    if (entry.isBootstrap) entry.peer = outcome === "admitted" ? peer : undefined;
    entry.wasRefused = outcome === "refused";
    entry.attempts = outcome === "admitted" ? 0 : entry.attempts + 1;
    entry.turn++;
    entry.dueAtMs = nowMs + (outcome === "self" ? REDIAL_LONG_MAX_MS : this.#pauseMs(entry, nowMs));
    // only a peer that did not answer may be back any moment
    entry.dueAloneAtMs = outcome === "failed"
      ? nowMs + backoffMs(this.#random, entry.attempts, { baseMs: REDIAL_BASE_MS, maxMs: REDIAL_RECENT_MAX_MS })
      : entry.dueAtMs;
  }

  addressesOf(peer: PeerId): readonly string[] {
    const entry = this.#entries.get(peer);
    return entry ? allAddresses(entry) : [];
  }

  /** Peers with addresses, the most recently seen first: for the address book and for peer exchange. */
  remembered(): RememberedPeer[] {
    const peers: RememberedPeer[] = [];
    for (const { peer, addresses, lastSeenMs, isBootstrap } of this.#entries.values()) {
      if (peer && !isBootstrap && addresses.length > 0) peers.push({ peer, addresses, lastSeenMs });
    }
    return peers.sort((a, b) => b.lastSeenMs - a.lastSeenMs);
  }

  get size(): number {
    return this.#entries.size;
  }

  #mayDial(entry: Entry, peer: PeerId, conditions: DialConditions, taken: ReadonlySet<PeerId>): boolean {
    if (conditions.isConnected(peer) || taken.has(peer) || conditions.isDenied(peer)) return false;
    return entry.isBootstrap || entry.isLocal || conditions.isMember(peer);
  }

  #pauseMs(entry: Entry, nowMs: number): number {
    const isRecent = !entry.wasRefused && (entry.isBootstrap ||
      (entry.lastSeenMonotonicMs !== undefined && nowMs - entry.lastSeenMonotonicMs < RECENTLY_SEEN_MS));
    const maxMs = isRecent ? REDIAL_RECENT_MAX_MS : REDIAL_LONG_MAX_MS;
    return backoffMs(this.#random, entry.attempts, { baseMs: REDIAL_BASE_MS, maxMs });
  }

  #entryOf(peer: PeerId, nowMs: number): Entry {
    const known = this.#entries.get(peer);
    if (known) return known;
    const entry = newEntry(peer, false, peer, [], nowMs);
    this.#entries.set(peer, entry);
    if (this.#entries.size > MAX_REMEMBERED_PEERS) this.#forgetOldest(peer);
    return entry;
  }

  #forgetOldest(except: PeerId): void {
    let oldest: Entry | undefined;
    for (const entry of this.#entries.values()) {
      if (entry.isBootstrap || entry.peer === except || entry.isDialing) continue;
      if (!oldest || worthOf(entry) < worthOf(oldest)) oldest = entry;
    }
    if (oldest) this.#entries.delete(oldest.key);
  }
}

/** When it was seen; less than any time for what was only heard on the local network, of which anybody can make any number. */
function worthOf({ lastSeenMs, addresses, hearsay }: Entry): number {
  return addresses.length === 0 && hearsay.length === 0 ? -1 : lastSeenMs;
}

function allAddresses({ addresses, heard, hearsay, turn }: Entry): readonly string[] {
  return dialOrder({ own: addresses, others: [...new Set([...heard, ...hearsay])] }, turn);
}

function newEntry(
  key: string,
  isBootstrap: boolean,
  peer: PeerId | undefined,
  addresses: readonly string[],
  nowMs: number,
): Entry {
  return {
    key,
    isBootstrap,
    isLocal: false,
    peer,
    addresses,
    heard: [],
    hearsay: [],
    lastSeenMs: 0,
    lastSeenMonotonicMs: undefined,
    attempts: 0,
    turn: 0,
    dueAtMs: nowMs,
    dueAloneAtMs: nowMs,
    isDialing: false,
    wasRefused: false,
  };
}
