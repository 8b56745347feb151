import type { PeerId, Random } from "@bzzz/base";
import type { Store } from "@bzzz/store";
import { majorityOf } from "./certificate.ts";
import { KEYS_PER_PAGE } from "./constants.ts";
import { type RegisterKey, ROSTER_KEY } from "./keys.ts";
import type { RosterChange } from "./node_types.ts";
import type { Peers } from "./peers.ts";
import type { RosterLog } from "./roster_log.ts";
import type { RosterCommand } from "./roster_rules.ts";
import { readSeat, takeSeat } from "./seat.ts";
import { registerKeys, transferRegisters } from "./transfer.ts";
import type { Register } from "./types.ts";
import { type VoterRoster, votersOf } from "./voter_roster.ts";
import type { WireReply } from "./wire.ts";

/** What a keeper stands on. */
export interface RosterKeeperDeps {
  readonly self: PeerId;
  readonly store: Pick<Store, "kv" | "registers" | "transaction">;
  readonly random: Random;
  readonly log: RosterLog;
  readonly others: Pick<Peers, "ask" | "teach">;
  /** Members that are connected now. */
  readonly peers: () => readonly PeerId[];
  /** The register of the voters; asked for when it is used. */
  readonly register: () => Register<VoterRoster, RosterCommand>;
  /** Has the present value of a key written again by the present voters; whether it was. */
  readonly rewrite: (key: RegisterKey) => Promise<boolean>;
  /** The records on disk were replaced. */
  readonly onNewSeat: () => void;
  readonly signal: AbortSignal;
}

/** Looks after who votes: this node's own seat, changes, and the transfer that each change needs. */
export class RosterKeeper {
  readonly #deps: RosterKeeperDeps;
  #seat: string | undefined;
  #isTransferring = false;

  constructor(deps: RosterKeeperDeps) {
    this.#deps = deps;
    this.#seat = readSeat(deps.store);
  }

  get seat(): string | undefined {
    return this.#seat;
  }

  /** Whether this node is a voter and its records are those of its seat. */
  get isVoter(): boolean {
    const { self, log } = this.#deps;
    return log.current?.voters.some(({ peer, seat }) => peer === self && seat === this.#seat) ?? false;
  }

  /** Voters that are connected; this node when it votes. */
  reachable(): PeerId[] {
    const { self, log, peers } = this.#deps;
    const connected = new Set(peers());
    return log.current
      ? votersOf(log.current).filter((peer) => peer === self ? this.isVoter : connected.has(peer))
      : [];
  }

  hasQuorum(): boolean {
    const { current } = this.#deps.log;
    return current !== undefined && this.reachable().length >= majorityOf(current.voters.length);
  }

  /** Why there is no quorum, or how many voters can be reached. */
  describeQuorum(): string {
    const { current } = this.#deps.log;
    if (!current) return "the voters of the mesh are not known here yet";
    const needed = majorityOf(current.voters.length);
    return `${this.reachable().length} of ${current.voters.length} voters can be reached, ${needed} are needed`;
  }

  /**
   * A voter keeps its seat, and so does who was never seated on it: two masters may ask at once, and either's proposal must find
   * the seat it names. Who was a voter before begins anew, so that nothing of that time is ever told.
   */
  takeSeat(): string {
    const { self, log } = this.#deps;
    if (this.#seat && (this.isVoter || !log.wasSeated(self, this.#seat))) return this.#seat;
    this.#seat = takeSeat(this.#deps.store, this.#deps.random);
    this.#deps.onNewSeat();
    return this.#seat;
  }

  async add(peer: PeerId, signal: AbortSignal): Promise<RosterChange> {
    const { log, others, self } = this.#deps;
    const roster = log.current;
    if (!roster) return { type: "refused", code: "no_roster" };
    // Before the member gives up what it may have been as a voter.
    if (votersOf(roster).includes(peer)) return { type: "refused", code: "already_a_voter" };
    if (roster.step !== "stable") return { type: "refused", code: "transfer_running" };
    let seat: string | undefined;
    if (peer === self) seat = this.takeSeat();
    else {
      await others.teach(peer);
      const reply = await others.ask(peer, { type: "seat" });
      seat = reply?.type === "seat" ? reply.seat : undefined;
    }
    if (seat === undefined) return { type: "refused", code: "member_not_reachable" };
    return await this.#change({ type: "add", epoch: roster.epoch, peer, seat }, signal);
  }

  async remove(peer: PeerId, signal: AbortSignal): Promise<RosterChange> {
    const roster = this.#deps.log.current;
    if (!roster) return { type: "refused", code: "no_roster" };
    const left = this.reachable().filter((voter) => voter !== peer).length;
    const isLast = roster.voters.length === 1;
    if (!isLast && left < majorityOf(roster.voters.length - 1)) return { type: "refused", code: "would_lose_quorum" };
    return await this.#change({ type: "remove", epoch: roster.epoch, peer }, signal);
  }

  /** Brings a change of the voters to its end. Several voters may be at it: each step is safe to repeat. Never rejects. */
  async finishTransfer(): Promise<void> {
    const { log, rewrite, signal } = this.#deps;
    const roster = log.current;
    if (this.#isTransferring || roster?.step !== "transferring" || !this.isVoter) return;
    this.#isTransferring = true;
    try {
      const keys = (voter: PeerId, epoch: number, after: string) => this.#keysOf(voter, epoch, after);
      const isWhole = await transferRegisters({ keys, rewrite }, roster);
      if (isWhole) await this.#change({ type: "settle", epoch: roster.epoch }, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#isTransferring = false;
    }
  }

  /** A page of this voter's keys, for a transfer into `epoch`. @throws StoreError */
  keys({ epoch, after }: { readonly epoch: number; readonly after: string }): WireReply {
    const current = this.#deps.log.current?.epoch ?? 0;
    if (current < epoch) return { type: "behind", epoch: current };
    if (current > epoch) return { type: "stale_epoch", epoch: current };
    const keys = this.#deps.store.registers.keys(after, KEYS_PER_PAGE);
    return { type: "keys", keys: registerKeys(keys), isLast: keys.length < KEYS_PER_PAGE };
  }

  async #keysOf(voter: PeerId, epoch: number, after: string) {
    const { self, others } = this.#deps;
    const reply = voter === self
      ? this.keys({ epoch, after })
      : await others.ask(voter, { type: "keys", epoch, after });
    if (reply?.type === "behind") await others.teach(voter); // it is asked again in the next look
    return reply?.type === "keys" ? reply : undefined;
  }

  async #change(command: RosterCommand, signal: AbortSignal): Promise<RosterChange> {
    const outcome = await this.#deps.register().submit(ROSTER_KEY, command, { signal });
    if (outcome.type === "decided") return { type: "changed", roster: outcome.value, certificate: outcome.certificate };
    return outcome.type === "refused" ? { type: "refused", code: outcome.code } : outcome;
  }
}
