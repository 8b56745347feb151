import { type Clock, type PeerId, type Random, SerialQueue, type Timer } from "@bzzz/base";
import type { Ballot } from "./ballot.ts";
import type { ByteRules } from "./byte_rules.ts";
import type { Certificate, VoterSignature } from "./certificate.ts";
import { MAX_IN_FLIGHT } from "./constants.ts";
import type { RegisterKey } from "./keys.ts";
import type { VoterReply, VoterRequest } from "./messages.ts";
import { advanceProposal, beginProposal } from "./proposal.ts";
import type {
  Doubt,
  ProposalEffect,
  ProposalEvent,
  ProposalInput,
  ProposalOutcome,
  ProposalWork,
} from "./proposal_types.ts";
import { type AskVoters, SharedReads } from "./shared_reads.ts";
import type { VoterRoster } from "./voter_roster.ts";

/** What a proposer stands on. */
export interface ProposerDeps {
  readonly self: PeerId;
  readonly clock: Pick<Clock, "setTimer" | "monotonicMs">;
  readonly random: Random;
  readonly roster: () => VoterRoster | undefined;
  readonly promised: (key: RegisterKey) => Ballot | undefined;
  /** A voter's answer; undefined when none will come. Never rejects. */
  readonly ask: (voter: PeerId, request: VoterRequest) => Promise<VoterReply | undefined>;
  /** Shows a voter the roster's history from its epoch on. Does not wait. */
  readonly teach: (voter: PeerId, fromEpoch: number) => void;
  /** Learns the roster's history of a voter that knows more. Never rejects. */
  readonly learnFrom: (voter: PeerId) => Promise<void>;
  readonly verify: (accept: Omit<Certificate, "signatures">, signature: VoterSignature) => boolean;
}

/** Bounds of one proposal. */
export interface ProposeOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A reply of "stale_epoch" is followed at most so often: a step of the roster at a time. */
const MAX_EPOCHS_AT_ONCE = 16;

/**
 * Runs proposals: asks, waits, and hands what comes to the pure core. Commands for one key go one after another, readers of one
 * key share what they ask.
 */
export class Proposer {
  readonly #deps: ProposerDeps;
  readonly #queues = new Map<RegisterKey, SerialQueue>();
  readonly #reads: SharedReads<ProposalOutcome>;

  constructor(deps: ProposerDeps) {
    this.#deps = deps;
    this.#reads = new SharedReads(deps.clock);
  }

  /** Proposals that run or wait. */
  get size(): number {
    let size = 0;
    for (const queue of this.#queues.values()) size += queue.size;
    return size;
  }

  /** @throws `signal.reason`; BzzzError "queue_full" when 1024 commands for one key, or readers of it, wait */
  async propose(
    key: RegisterKey,
    work: ProposalWork,
    rules: ByteRules,
    options: ProposeOptions,
  ): Promise<ProposalOutcome> {
    const untilMs = this.#deps.clock.monotonicMs() + options.timeoutMs;
    if (work.type === "read") {
      const ask: AskVoters<ProposalOutcome> = (bounds) =>
        this.#followEpochs(key, work, rules, bounds.untilMs, bounds.signal);
      return await this.#reads.read(key, ask, { untilMs, signal: options.signal });
    }
    const { signal } = options;
    return await this.#inTurn(key, () => this.#followEpochs(key, work, rules, untilMs, signal), { untilMs, signal });
  }

  /** Runs `propose` when those before it are done; while it waits it ends at its own time, or with its own signal. */
  #inTurn(
    key: RegisterKey,
    propose: () => Promise<ProposalOutcome>,
    { untilMs, signal }: { readonly untilMs: number; readonly signal: AbortSignal | undefined },
  ): Promise<ProposalOutcome> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const { clock } = this.#deps;
    const { promise, resolve, reject } = Promise.withResolvers<ProposalOutcome>();
    let hasLeft = false;
    const stopWaiting = (): void => {
      timer.cancel();
      signal?.removeEventListener("abort", onAbort);
    };
    const leave = (end: () => void): void => {
      hasLeft = true;
      stopWaiting();
      end();
    };
    const onAbort = () => leave(() => reject(signal?.reason));
    const timer = clock.setTimer(Math.max(0, untilMs - clock.monotonicMs()), () => {
      leave(() => resolve({ type: "undecided", reason: "timeout" }));
    });
    signal?.addEventListener("abort", onAbort, { once: true });
    const queue = this.#queues.get(key) ?? new SerialQueue({ capacity: MAX_IN_FLIGHT });
    this.#queues.set(key, queue);
    queue.run(async () => {
      stopWaiting();
      if (!hasLeft) resolve(await propose());
    }).catch((error) => {
      stopWaiting(); // too many wait already
      reject(error);
    }).finally(() => {
      // the queue counts its last job until after this turn
      if (queue.size <= 1) this.#queues.delete(key);
    });
    return promise;
  }

  async #followEpochs(
    key: RegisterKey,
    work: ProposalWork,
    rules: ByteRules,
    untilMs: number,
    signal: AbortSignal | undefined,
  ): Promise<ProposalOutcome> {
    let doubt: Doubt | undefined;
    for (let i = 0; i < MAX_EPOCHS_AT_ONCE; i++) {
      const roster = this.#deps.roster();
      const timeoutMs = untilMs - this.#deps.clock.monotonicMs();
      if (!roster) return { type: "undecided", reason: "no_quorum" };
      if (timeoutMs <= 0) return { type: "undecided", reason: "timeout" };
      const outcome = await this.#run({ key, work, rules, roster, ...(doubt ? { doubt } : {}) }, timeoutMs, signal);
      if (outcome.type !== "stale_epoch") return outcome;
      doubt = outcome.doubt;
    }
    return { type: "undecided", reason: "no_quorum" };
  }

  #run(
    input: Pick<ProposalInput, "key" | "work" | "rules" | "roster" | "doubt">,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<ProposalOutcome> {
    const { self, clock, promised, verify } = this.#deps;
    if (signal?.aborted) return Promise.reject(signal.reason);
    const { promise, resolve, reject } = Promise.withResolvers<ProposalOutcome>();
    let timer: Timer | undefined;
    const first = beginProposal({ ...input, self, seen: promised(input.key), verify });
    let state = first.state;
    const advance = (event: ProposalEvent): void => {
      const step = advanceProposal(state, event);
      state = step.state;
      step.effects.forEach(apply);
    };
    const apply = (effect: ProposalEffect): void => {
      switch (effect.type) {
        case "send":
          void this.#ask(effect.to, effect.round, effect.request).then(advance); // never rejects
          return;
        case "wait": {
          const delayMs = effect.minMs + (effect.maxMs - effect.minMs) * this.#deps.random.float();
          timer = clock.setTimer(delayMs, () => advance({ type: "waited", round: effect.round }));
          return;
        }
        case "teach":
          this.#deps.teach(effect.voter, effect.fromEpoch);
          return;
        case "finish":
          resolve(effect.outcome);
      }
    };
    const deadline = clock.setTimer(timeoutMs, () => advance({ type: "deadline" }));
    const onAbort = () => {
      reject(signal?.reason);
      advance({ type: "deadline" }); // nothing more is sent
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    first.effects.forEach(apply);
    return promise.finally(() => {
      deadline.cancel();
      timer?.cancel();
      signal?.removeEventListener("abort", onAbort);
    });
  }

  async #ask(to: PeerId, round: number, request: VoterRequest): Promise<ProposalEvent> {
    const reply = await this.#deps.ask(to, request);
    if (!reply) return { type: "lost", from: to, round };
    // Before the proposal hears that it is behind, the voters that it begins anew with are known.
    if (reply.type === "stale_epoch") await this.#deps.learnFrom(to);
    return { type: "reply", from: to, round, reply };
  }
}
