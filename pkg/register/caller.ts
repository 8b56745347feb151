import type { Clock, MeshId, PeerId, Timer } from "@bzzz/base";
import { type Certificate, countSignatures, majorityOf } from "./certificate.ts";
import { HEDGE_AFTER_MS, MAX_CALL_TIMEOUT_MS } from "./constants.ts";
import { quorumsFor } from "./quorum.ts";
import { type VoterRoster, votersOf } from "./voter_roster.ts";
import type { WireOutcome, WireReply, WireRequest } from "./wire.ts";

/** What a caller stands on. */
export interface CallerDeps {
  readonly clock: Pick<Clock, "setTimer" | "monotonicMs">;
  readonly mesh: MeshId;
  readonly roster: () => VoterRoster | undefined;
  /** Members that are connected now. */
  readonly peers: () => readonly PeerId[];
  readonly preferred: () => PeerId | undefined;
  /** An answer, or undefined when none came: what was asked may have been done. Never rejects. */
  readonly ask: (voter: PeerId, request: WireRequest, timeoutMs: number) => Promise<WireReply | undefined>;
  readonly learnFrom: (voter: PeerId) => Promise<void>;
}

/** What a member asks a voter to do for it. */
export type Call = Extract<WireRequest, { readonly type: "submit" | "ask" | "read" }>;

/** Room for the way to the voter and back, beyond the time that the voter is given. */
const GRACE_MS = 500;

/**
 * A member that does not vote hands its commands and questions to a voter it is connected to. A voter that says it is none is
 * followed by the next. One that does not answer leaves the outcome of a command open, and is joined by the next one when
 * it was only a question.
 */
export class Caller {
  readonly #deps: CallerDeps;

  constructor(deps: CallerDeps) {
    this.#deps = deps;
  }

  async call(request: Call): Promise<WireOutcome> {
    const timeoutMs = Math.min(Math.max(1, Math.floor(request.timeoutMs)), MAX_CALL_TIMEOUT_MS);
    return request.type === "submit" ? await this.#inTurn(request, timeoutMs) : await this.#hedged(request, timeoutMs);
  }

  async #inTurn(request: Call, timeoutMs: number): Promise<WireOutcome> {
    for (const voter of this.#reachable()) {
      const outcome = await this.#question(voter, request, timeoutMs);
      if (outcome) return outcome;
    }
    return { type: "undecided", reason: "no_voter" };
  }

  /** The first answer that says something; otherwise the last that does not. At most one question a voter. */
  #hedged(request: Call, timeoutMs: number): Promise<WireOutcome> {
    const { clock } = this.#deps;
    const untilMs = clock.monotonicMs() + timeoutMs;
    const left = this.#reachable();
    const { promise, resolve, reject } = Promise.withResolvers<WireOutcome>();
    let last: WireOutcome = { type: "undecided", reason: "no_voter" };
    let running = 0;
    let isOver = false;
    let hedge: Timer | undefined;
    const end = (outcome: WireOutcome): void => {
      isOver = true;
      hedge?.cancel();
      resolve(outcome);
    };
    const askNext = (): void => {
      hedge?.cancel();
      const leftMs = Math.ceil(untilMs - clock.monotonicMs());
      const voter = leftMs > 0 ? left.shift() : undefined;
      if (voter === undefined) return running === 0 ? end(last) : undefined;
      running++;
      hedge = clock.setTimer(HEDGE_AFTER_MS, askNext, { unref: true });
      this.#question(voter, request, leftMs).then((outcome) => {
        running--;
        if (isOver) return;
        last = outcome ?? last;
        if (outcome && outcome.type !== "undecided") end(outcome);
        else askNext();
      }, reject);
    };
    askNext();
    return promise;
  }

  /** What one voter says; undefined when it votes no longer, or cannot now. */
  async #question(voter: PeerId, request: Call, timeoutMs: number): Promise<WireOutcome | undefined> {
    const reply = await this.#deps.ask(voter, { ...request, timeoutMs }, timeoutMs + GRACE_MS);
    if (!reply) return { type: "undecided", reason: "timeout" };
    if (reply.type === "outcome") return await this.#checked(voter, reply.outcome);
    await this.#deps.learnFrom(voter);
    return undefined;
  }

  #reachable(): PeerId[] {
    const { roster, peers, preferred } = this.#deps;
    const connected = new Set(peers());
    const first = preferred();
    const current = roster();
    return (current ? votersOf(current) : []).filter((peer) => connected.has(peer))
      .sort((a, b) => Number(b === first) - Number(a === first));
  }

  /** A decision is believed for its certificate, not for its bearer. */
  async #checked(voter: PeerId, outcome: WireOutcome): Promise<WireOutcome> {
    if (outcome.type !== "decided" || this.#holds(outcome.certificate)) return outcome;
    await this.#deps.learnFrom(voter);
    return this.#holds(outcome.certificate) ? outcome : { type: "undecided", reason: "no_quorum" };
  }

  #holds(certificate: Certificate): boolean {
    const roster = this.#deps.roster();
    if (roster?.epoch !== certificate.epoch) return false;
    return quorumsFor(certificate.key, roster, certificate.value).every((voters) =>
      countSignatures(certificate, { mesh: this.#deps.mesh, voters }) >= majorityOf(voters.length)
    );
  }
}
