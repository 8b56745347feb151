import { BzzzError, type MeshId, type PeerId } from "@bzzz/base";
import type { ByteRules } from "./byte_rules.ts";
import { openCommand } from "./command.ts";
import { REPLY_TIMEOUT_MS } from "./constants.ts";
import { prefixOf, type RegisterKey, ROSTER_KEY } from "./keys.ts";
import type { VoterReply, VoterRequest } from "./messages.ts";
import { probeVoters } from "./probing.ts";
import type { ProposalOutcome, ProposalWork } from "./proposal_types.ts";
import type { Proposer } from "./proposer.ts";
import { encodeCertificate } from "./certificate.ts";
import type { VoterRoster } from "./voter_roster.ts";
import type { WireOutcome } from "./wire.ts";

/** What a voter's calls stand on. */
export interface VotingCallsDeps {
  readonly mesh: MeshId;
  readonly proposer: Pick<Proposer, "propose">;
  readonly rulesOf: (prefix: string) => ByteRules | undefined;
  readonly isMember: (peer: PeerId) => boolean;
  readonly roster: () => VoterRoster | undefined;
  readonly ask: (voter: PeerId, request: VoterRequest, timeoutMs: number) => Promise<VoterReply | undefined>;
  /** A roster was decided. */
  readonly adopt: (record: Uint8Array) => void;
}

/** Bounds of one call. */
export interface VotingCallOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** What a voter does for itself and for members that do not vote. */
export class VotingCalls {
  readonly #deps: VotingCallsDeps;

  constructor(deps: VotingCallsDeps) {
    this.#deps = deps;
  }

  /** Has a signed command decided. @throws `signal.reason` */
  async submit(bytes: Uint8Array, options: VotingCallOptions): Promise<WireOutcome> {
    const command = openCommand(this.#deps.mesh, bytes);
    if (!command) return { type: "refused", code: "bad_command" };
    const rules = this.#deps.rulesOf(prefixOf(command.key));
    if (!rules) return { type: "refused", code: "unknown_register" };
    if (!this.#deps.isMember(command.actor)) return { type: "refused", code: "not_a_member" };
    return await this.#run(command.key, { type: "command", command, bytes }, rules, options);
  }

  /**
   * The same for a member that asks another voter when this one can do nothing. Once the command was begun nobody may tell it
   * so: voters may have accepted it, and the next voter would call refused what was decided. @throws BzzzError "queue_full"
   */
  async submitForMember(bytes: Uint8Array, options: VotingCallOptions): Promise<WireOutcome> {
    try {
      return await this.submit(bytes, options);
    } catch (error) {
      if (error instanceof BzzzError && error.code === "queue_full") throw error;
      return { type: "undecided", reason: "timeout" };
    }
  }

  /** @throws `signal.reason` */
  async read(key: RegisterKey, options: VotingCallOptions): Promise<WireOutcome> {
    const rules = this.#deps.rulesOf(prefixOf(key));
    return rules
      ? await this.#run(key, { type: "read" }, rules, options)
      : { type: "refused", code: "unknown_register" };
  }

  async probe(bytes: Uint8Array, options: Pick<VotingCallOptions, "timeoutMs">): Promise<WireOutcome> {
    const command = openCommand(this.#deps.mesh, bytes);
    const roster = this.#deps.roster();
    if (!command) return { type: "refused", code: "bad_command" };
    if (!roster) return { type: "undecided", reason: "no_voter" };
    const timeoutMs = Math.min(options.timeoutMs, REPLY_TIMEOUT_MS);
    return await probeVoters(roster, { key: command.key, command: bytes }, {
      ask: (voter, request) => this.#deps.ask(voter, request, timeoutMs),
    });
  }

  async #run(
    key: RegisterKey,
    work: ProposalWork,
    rules: ByteRules,
    options: VotingCallOptions,
  ): Promise<WireOutcome> {
    const outcome = await this.#deps.proposer.propose(key, work, rules, options);
    if (key === ROSTER_KEY && "certificate" in outcome && outcome.certificate) {
      this.#deps.adopt(encodeCertificate(outcome.certificate));
    }
    return toWire(outcome);
  }
}

function toWire(outcome: ProposalOutcome): WireOutcome {
  if (outcome.type === "stale_epoch") return { type: "undecided", reason: "no_quorum" };
  if (outcome.type !== "refused") return outcome;
  const { type, code, value, retryAfterMs } = outcome;
  return { type, code, value, retryAfterMs };
}
