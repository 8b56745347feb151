import type { Clock, PeerId, Timer } from "@bzzz/base";
import {
  type Accepted,
  answerAsVoter,
  type ByteRules,
  LeaseClock,
  prefixOf,
  type RegisterKey,
  type VoterCell,
  type VoterContext,
  type VoterRecord,
  type VoterReply,
  type VoterRequest,
  type VoterRoster,
} from "@bzzz/register";
import type { NodeHost } from "../engine/node_host.ts";
import type { RunCrypto } from "./crypto.ts";
import { type Member, MESH } from "./crypto.ts";

/** Requests wait this long for others that share their commit. */
const GROUP_MS = 0.5;
/** Linux writes back what nobody synced after some seconds (vm.dirty_expire_centisecs is 30 s, its flusher runs every 5 s). */
const WRITEBACK_MS = 5_000;

/** What a voter does wrong on purpose. */
export interface VoterFlaws {
  /** Replies without a sync: the system writes its records when it likes. */
  readonly skipsSync?: boolean;
  /** Keeps what it accepts, and not what it promises. */
  readonly forgetsPromises?: boolean;
  /** Accepts below what it promised. */
  readonly ignoresBallots?: boolean;
  /** Measures leases on its wall clock. */
  readonly trustsWallClock?: boolean;
  /** Asks nobody's grant: the facts of its node are not looked at. */
  readonly ignoresFacts?: boolean;
  /** Keeps a lease for three instead of 1.25 of its length. */
  readonly keepsLeasesLong?: boolean;
  /** Votes on after it lost its disk. */
  readonly votesAfterLoss?: boolean;
}

/** A voter's records on a disk. What was not synced survives the end of the process, and no power cut. */
export class VoterDisk {
  readonly #synced = new Map<RegisterKey, VoterRecord>();
  readonly #cached = new Map<RegisterKey, VoterRecord>();
  /** Which seat the records belong to; gone with the disk. */
  seat: string | undefined;

  records(): Map<RegisterKey, VoterRecord> {
    return new Map([...this.#synced, ...this.#cached]);
  }

  write(key: RegisterKey, record: VoterRecord): void {
    this.#cached.set(key, record);
  }

  sync(): void {
    for (const [key, record] of this.#cached) this.#synced.set(key, record);
    this.#cached.clear();
  }

  losePower(): void {
    this.#cached.clear();
  }
}

/** What a voter stands on. */
export interface VoterDeps {
  readonly host: NodeHost;
  readonly clock: Clock;
  readonly member: Member;
  readonly crypto: RunCrypto;
  readonly disk: VoterDisk;
  readonly rulesOf: (prefix: string) => ByteRules | undefined;
  readonly roster: () => VoterRoster | undefined;
  /** Duration of the next sync. */
  readonly syncMs: () => number;
  /** A value was accepted and is on the disk. */
  readonly onAccepted: (accepted: Accepted, how: AcceptedHow) => void;
}

/** Where an accepted value comes from. */
export interface AcceptedHow {
  readonly key: RegisterKey;
  /** Absent when the value was written again as it was. */
  readonly command: Uint8Array | undefined;
  readonly previous: Accepted | undefined;
  /** When it was looked at, and by which wall clock: the rules are asked then. */
  readonly looked: { readonly atMs: number; readonly wallMs: number };
}

interface Waiting {
  readonly sender: PeerId;
  readonly request: VoterRequest;
  readonly reply: (reply: VoterReply) => void;
}

/** The shell around `answerAsVoter` in one process: groups what arrives, one commit a group, and only then replies. */
export class SimVoter {
  readonly #deps: VoterDeps;
  readonly #flaws: VoterFlaws;
  readonly #leases: LeaseClock;
  readonly #cells: Map<RegisterKey, VoterRecord>;
  #queue: Waiting[] = [];
  #isBusy = false;
  #writeback: Timer | undefined;

  constructor(deps: VoterDeps, flaws: VoterFlaws) {
    this.#deps = deps;
    this.#flaws = flaws;
    const { clock } = deps;
    this.#leases = new LeaseClock(() => flaws.trustsWallClock ? clock.nowMs() : clock.monotonicMs());
    this.#cells = deps.disk.records();
  }

  cell(key: RegisterKey): VoterCell {
    return this.#cells.get(key);
  }

  ask(sender: PeerId, request: VoterRequest, reply: (reply: VoterReply) => void): void {
    this.#queue.push({ sender, request, reply });
    this.#work();
  }

  #work(): void {
    if (this.#isBusy || this.#queue.length === 0) return;
    this.#isBusy = true;
    this.#deps.host.later(GROUP_MS, () => {
      const group = this.#queue;
      this.#queue = [];
      this.#answer(group);
    });
  }

  #answer(group: readonly Waiting[]): void {
    const written = new Map<RegisterKey, VoterRecord>();
    const told: (() => void)[] = [];
    const replies: (() => void)[] = [];
    const looked = { atMs: this.#deps.host.trueMs(), wallMs: this.#deps.host.wallMs() };
    for (const { sender, request, reply } of group) {
      const key = request.type === "repair" ? request.certificate.key : request.key;
      const before = this.#cells.get(key);
      const step = answerAsVoter(this.#readable(before, request), request, this.#context(sender, key));
      if (step.lease !== undefined) this.#leases.saw(key, step.lease);
      if (step.record) {
        const record = this.#kept(step.record);
        this.#cells.set(key, record);
        written.set(key, record);
        if (record.accepted && record.accepted !== before?.accepted) {
          const { accepted } = record;
          const { command, previous } = request.type === "accept"
            ? request
            : { command: undefined, previous: undefined };
          told.push(() => this.#deps.onAccepted(accepted, { key, command, previous, looked }));
        }
      }
      replies.push(() => reply(step.reply));
    }
    const { disk, host, syncMs } = this.#deps;
    host.later(written.size === 0 || this.#flaws.skipsSync ? 0 : syncMs(), () => {
      for (const [key, record] of written) disk.write(key, record);
      if (this.#flaws.skipsSync) this.#syncSometime();
      else disk.sync();
      for (const tell of told) tell();
      for (const send of replies) send();
      this.#isBusy = false;
      this.#work();
    });
  }

  #syncSometime(): void {
    this.#writeback ??= this.#deps.host.later(WRITEBACK_MS, () => {
      this.#writeback = undefined;
      this.#deps.disk.sync();
    });
  }

  #readable(cell: VoterRecord | undefined, request: VoterRequest): VoterCell {
    if (!this.#flaws.ignoresBallots || !cell || request.type !== "accept") return cell;
    return { ...cell, promised: request.ballot };
  }

  #kept(record: VoterRecord): VoterRecord {
    if (!this.#flaws.forgetsPromises) return record;
    return record.accepted
      ? { promised: record.accepted.ballot, accepted: record.accepted }
      : { promised: { counter: 0, proposer: record.promised.proposer } };
  }

  #context(sender: PeerId, key: RegisterKey): VoterContext {
    const { member, roster, disk, crypto } = this.#deps;
    const voters = roster();
    const ownSeat = voters?.voters.find(({ peer }) => peer === member.peer)?.seat;
    return {
      mesh: MESH,
      self: member.peer,
      sender,
      roster: voters,
      seat: this.#flaws.votesAfterLoss ? ownSeat : disk.seat,
      rulesOf: (prefix) => this.#rules(prefix),
      openCommand: (bytes) => crypto.openCommand(bytes),
      sign: (statement) => crypto.sign(member.peer, statement),
      leaseAgeMs: (leaseId, isOwn) =>
        this.#leases.ageMs(key, leaseId, isOwn) * (this.#flaws.keepsLeasesLong ? 1.25 / 3 : 1),
      damagedAt: [],
    };
  }

  #rules(prefix: string): ByteRules | undefined {
    const rules = this.#deps.rulesOf(prefix);
    return rules && this.#flaws.ignoresFacts ? { ...rules, check: () => ({ ok: true }) } : rules;
  }
}

/** The prefix decides whose rules a key follows. */
export function rulesFor(all: readonly ByteRules[], key: RegisterKey): ByteRules | undefined {
  return all.find(({ prefix }) => prefix === prefixOf(key));
}
