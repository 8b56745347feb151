import { type Clock, CounterMap, type PeerId } from "@bzzz/base";
import { REPLY_TIMEOUT_MS } from "./constants.ts";
import { RegisterError } from "./errors.ts";
import { Link } from "./link.ts";
import type { StreamOpener } from "./link_types.ts";
import type { RosterLog } from "./roster_log.ts";
import type { WireReply, WireRequest } from "./wire.ts";

/** What `Peers` stands on. */
export interface PeersDeps {
  readonly streams: StreamOpener;
  readonly clock: Pick<Clock, "setTimer">;
  /** Members that are connected now. */
  readonly peers: () => readonly PeerId[];
  readonly penalise: (peer: PeerId, reason: string) => void;
  readonly log: Pick<RosterLog, "from" | "length">;
  /** Takes records of the roster's history. */
  readonly learn: (records: readonly Uint8Array[]) => void;
}

/** The other members, as registers speak to them: questions, and what each knows of the voters. */
export class Peers {
  readonly counters = new CounterMap();
  readonly #deps: PeersDeps;
  readonly #links = new Map<PeerId, Link>();
  #isClosed = false;

  constructor(deps: PeersDeps) {
    this.#deps = deps;
  }

  /** The answer, or undefined when none came; then what was asked may have been done. Never rejects. */
  async ask(peer: PeerId, request: WireRequest, timeoutMs = REPLY_TIMEOUT_MS): Promise<WireReply | undefined> {
    if (this.#isClosed || !this.#deps.peers().includes(peer)) return undefined;
    let link = this.#links.get(peer);
    if (!link) {
      link = new Link(this.#deps, peer);
      this.#links.set(peer, link);
    }
    try {
      return await link.ask(request, { timeoutMs });
    } catch (error) {
      if (!(error instanceof RegisterError)) throw error;
      this.counters.add("link.failed");
      if (error.code === "register_protocol") this.#deps.penalise(peer, error.code);
      return undefined;
    }
  }

  /** Tells a member of the voters what it does not know yet. */
  async teach(peer: PeerId): Promise<void> {
    const { log } = this.#deps;
    const theirs = await this.ask(peer, { type: "rosters", from: log.length });
    if (theirs?.type !== "rosters") return;
    this.#deps.learn(theirs.records);
    for (let from = theirs.length; from < log.length;) {
      const records = [...log.from(from)];
      if (!await this.ask(peer, { type: "learn", records })) return;
      from += records.length;
    }
  }

  /** Asks a member for what it knows of the voters and we do not. */
  async learnFrom(peer: PeerId): Promise<void> {
    const reply = await this.ask(peer, { type: "rosters", from: this.#deps.log.length });
    if (reply?.type === "rosters") this.#deps.learn(reply.records);
  }

  /** Forgets members that are gone. */
  prune(connected: readonly PeerId[]): void {
    for (const [peer, link] of this.#links) {
      if (connected.includes(peer)) continue;
      link.close();
      this.#links.delete(peer);
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const link of this.#links.values()) link.close();
  }
}
