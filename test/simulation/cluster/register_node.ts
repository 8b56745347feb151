import type { Clock, PeerId, Timer } from "@bzzz/base";
import {
  advanceProposal,
  beginProposal,
  type ByteRules,
  HEDGE_AFTER_MS,
  judgeProbe,
  prefixOf,
  type ProposalEffect,
  type ProposalEvent,
  type ProposalOutcome,
  type ProposalState,
  type ProposalWork,
  type RegisterKey,
  type VoterReply,
  type VoterRequest,
  type VoterRoster,
  votersOf,
} from "@bzzz/register";
import type { Chance } from "../engine/chance.ts";
import type { SimNetwork } from "../engine/network.ts";
import type { NodeHost } from "../engine/node_host.ts";
import type { Member, RunCrypto } from "./crypto.ts";
import type { SimVoter } from "./voter.ts";

/** No reply within this counts as lost, as when a connection ends. */
const LOST_MS = 1_000;
/** Room for the way to the voter that proposes and back, as the real caller has it. */
const GRACE_MS = 500;
/** An operation ends by then, decided or not, unless it is told to end sooner. */
const OPERATION_MS = 5_000;

/** What is wanted of a register; commands as their signed bytes, which whoever proposes opens. */
export type Wanted = { readonly type: "read" } | { readonly type: "command" | "probe"; readonly bytes: Uint8Array };

/** What an operation ended with; "no_answer": the voter that was asked to propose did not say. */
export type RegisterOutcome = ProposalOutcome | { readonly type: "no_answer" | "would_accept" };

/** A register node as the others reach it. */
export interface RegisterPeer {
  readonly host: NodeHost;
  /** The node of the process that runs; undefined when none does. */
  readonly register: () => RegisterNode | undefined;
}

/** What a register node stands on. */
export interface RegisterNodeDeps {
  readonly host: NodeHost;
  readonly clock: Clock;
  readonly network: SimNetwork;
  readonly chance: Chance;
  readonly member: Member;
  readonly crypto: RunCrypto;
  readonly rulesOf: (prefix: string) => ByteRules | undefined;
  readonly roster: () => VoterRoster | undefined;
  readonly peerOf: (peer: PeerId) => RegisterPeer | undefined;
  /** This node's own voter. Also of a member that is none: it answers that it is none. */
  readonly voter: SimVoter;
}

interface Running {
  readonly state: { current: ProposalState };
  readonly finish: (outcome: ProposalOutcome) => void;
  readonly deadline: Timer;
}

/** One process's part in the registers: proposes when it votes, and asks a voter to propose when it does not. */
export class RegisterNode {
  readonly #deps: RegisterNodeDeps;

  constructor(deps: RegisterNodeDeps) {
    this.#deps = deps;
  }

  get isVoter(): boolean {
    const roster = this.#deps.roster();
    return roster !== undefined && votersOf(roster).includes(this.#deps.member.peer);
  }

  /** Has a command decided or judged, or the value read. Calls `done` once, unless this process ends. */
  run(
    key: RegisterKey,
    wanted: Wanted,
    done: (outcome: RegisterOutcome) => void,
    timeoutMs: number = OPERATION_MS,
  ): void {
    if (!this.isVoter) return this.#askVoter(key, wanted, done, timeoutMs);
    if (wanted.type === "read") return this.#propose(key, { type: "read" }, done, timeoutMs);
    const command = this.#deps.crypto.openCommand(wanted.bytes);
    if (command?.key !== key) return done({ type: "refused", code: "bad_command" });
    if (wanted.type === "probe") this.#probe(key, wanted.bytes, done, timeoutMs);
    else this.#propose(key, { type: "command", command, bytes: wanted.bytes }, done, timeoutMs);
  }

  /** A voter's request to this node's voter; the reply takes its own way back. */
  onRequest(sender: RegisterNodeDeps, request: VoterRequest, reply: (reply: VoterReply) => void): void {
    this.#deps.voter.ask(sender.member.peer, request, (answer) => {
      this.#send(sender.member.peer, () => reply(answer));
    });
  }

  #propose(
    key: RegisterKey,
    work: ProposalWork,
    done: (outcome: ProposalOutcome) => void,
    timeoutMs: number,
  ): void {
    const { rulesOf, roster: rosterNow, member, clock, crypto, voter } = this.#deps;
    const rules = rulesOf(prefixOf(key));
    const roster = rosterNow();
    if (!rules || !roster) return done({ type: "undecided", reason: "no_quorum" });
    const cell = voter.cell(key);
    const first = beginProposal({
      key,
      self: member.peer,
      roster,
      work,
      rules,
      seen: cell === "damaged" ? undefined : cell?.promised,
      verify: (accept, signature) => crypto.verifyAccept(accept, signature),
    });
    const running: Running = {
      state: { current: first.state },
      finish: done,
      deadline: clock.setTimer(timeoutMs, () => this.#advance(running, { type: "deadline" })),
    };
    this.#carryOut(running, first.effects);
  }

  #advance(running: Running, event: ProposalEvent): void {
    const { state, effects } = advanceProposal(running.state.current, event);
    running.state.current = state;
    this.#carryOut(running, effects);
  }

  #carryOut(running: Running, effects: readonly ProposalEffect[]): void {
    for (const effect of effects) {
      switch (effect.type) {
        case "send":
          this.#request(running, effect.to, effect.round, effect.request);
          break;
        case "wait": {
          const { round, minMs, maxMs } = effect;
          const delayMs = this.#deps.chance.between(minMs, maxMs);
          this.#deps.clock.setTimer(delayMs, () => this.#advance(running, { type: "waited", round }));
          break;
        }
        case "teach":
          break; // the simulated roster is known to all
        case "finish":
          running.deadline.cancel();
          running.finish(effect.outcome);
          break;
      }
    }
  }

  #request(running: Running, to: PeerId, round: number, request: VoterRequest): void {
    this.#ask(to, request, (reply) => {
      this.#advance(running, reply ? { type: "reply", from: to, round, reply } : { type: "lost", from: to, round });
    });
  }

  /** Asks one voter; undefined when no reply comes in time. */
  #ask(
    to: PeerId,
    request: VoterRequest,
    done: (reply: VoterReply | undefined) => void,
    timeoutMs: number = LOST_MS,
  ): void {
    let isAnswered = false;
    const isAlive = this.#life();
    const hear = (reply: VoterReply | undefined): void => {
      if (isAnswered || !isAlive()) return;
      isAnswered = true;
      lost.cancel();
      done(reply);
    };
    const target = this.#deps.peerOf(to);
    // The connection to a process that has ended is gone, and known to be; one that is cut or paused keeps its silence.
    const silenceMs = target?.host.state === "down" ? 0 : timeoutMs;
    const lost = this.#deps.clock.setTimer(silenceMs, () => hear(undefined));
    this.#send(to, () => target?.register()?.onRequest(this.#deps, request, hear));
  }

  /** What a majority of the voters would say to a command. */
  #probe(key: RegisterKey, command: Uint8Array, done: (outcome: RegisterOutcome) => void, timeoutMs: number): void {
    const roster = this.#deps.roster();
    if (!roster) return done({ type: "undecided", reason: "no_quorum" });
    const replies = new Map<PeerId, VoterReply | undefined>();
    let isDone = false;
    for (const voter of votersOf(roster)) {
      this.#ask(voter, { type: "probe", key, epoch: roster.epoch, command }, (reply) => {
        if (isDone) return;
        replies.set(voter, reply);
        const outcome = judgeProbe(roster, replies);
        if (!outcome) return;
        isDone = true;
        done(outcomeOfProbe(outcome));
      }, Math.min(timeoutMs, LOST_MS));
    }
  }

  #askVoter(
    key: RegisterKey,
    wanted: Wanted,
    done: (outcome: RegisterOutcome) => void,
    timeoutMs: number,
  ): void {
    const { roster, chance, clock } = this.#deps;
    let left = (roster()?.voters ?? []).map(({ peer }) => peer).filter((peer) => this.#isConnected(peer));
    if (left.length === 0) return done({ type: "no_answer" });
    let isDone = false;
    let hedge: Timer | undefined;
    const isAlive = this.#life();
    const end = (outcome: RegisterOutcome): void => {
      if (isDone || !isAlive()) return;
      isDone = true;
      timer.cancel();
      hedge?.cancel();
      done(outcome);
    };
    const timer = clock.setTimer(timeoutMs + GRACE_MS, () => end({ type: "no_answer" }));
    const untilMs = clock.monotonicMs() + timeoutMs;
    const asker = this.#deps.member.peer;
    const askNext = (): void => {
      const leftMs = untilMs - clock.monotonicMs();
      if (isDone || left.length === 0 || leftMs <= 0) return;
      const peer = chance.pick(left);
      left = left.filter((other) => other !== peer);
      // as the real caller: a question that changes nothing is soon asked of the next voter as well
      if (wanted.type !== "command") hedge = clock.setTimer(HEDGE_AFTER_MS, askNext);
      this.#send(peer, () => {
        const proposer = this.#deps.peerOf(peer)?.register();
        proposer?.run(key, wanted, (outcome) => proposer.#send(asker, () => end(outcome)), leftMs);
      });
    };
    askNext();
  }

  /** As far as a connection tells: it ends with the process at its other end, and some time after a direction was cut. */
  #isConnected(peer: PeerId): boolean {
    const { host, network } = this.#deps;
    const other = this.#deps.peerOf(peer)?.host;
    return other !== undefined && other.state !== "down" && network.isOpen(host.name, other.name) &&
      network.isOpen(other.name, host.name);
  }

  /** Whether the process of now still runs; an answer to another one is for nobody. */
  #life(): () => boolean {
    const { host } = this.#deps;
    const { incarnation } = host;
    return () => host.incarnation === incarnation;
  }

  /** Runs `deliver` at `to`, unless the network or that machine is gone. */
  #send(to: PeerId, deliver: () => void): void {
    const target = this.#deps.peerOf(to);
    if (!target) return;
    if (target.host === this.#deps.host) {
      this.#deps.host.later(0, deliver);
      return;
    }
    this.#deps.network.send(this.#deps.host, target.host, deliver);
  }
}

function outcomeOfProbe(outcome: NonNullable<ReturnType<typeof judgeProbe>>): RegisterOutcome {
  if (outcome.type === "would_accept") return outcome;
  if (outcome.type !== "refused") return { type: "no_answer" };
  const { code, retryAfterMs } = outcome;
  return { type: "refused", code, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}
