import type { PeerId } from "@bzzz/base";
import type { Call } from "./caller.ts";
import type { RosterKeeper } from "./roster_keeper.ts";
import type { RosterLog } from "./roster_log.ts";
import type { VoterDesk } from "./voter_desk.ts";
import type { VotingCalls } from "./voting_calls.ts";
import type { WireOutcome, WireReply, WireRequest } from "./wire.ts";

/** What answers stand on. */
export interface MemberRequestsDeps {
  readonly desk: Pick<VoterDesk, "ask">;
  readonly log: Pick<RosterLog, "from" | "length">;
  readonly keeper: Pick<RosterKeeper, "isVoter" | "takeSeat" | "keys">;
  readonly voting: VotingCalls;
  readonly isMaster: (peer: PeerId) => boolean;
  /** Takes records of the roster's history. @throws StoreError */
  readonly learn: (records: readonly Uint8Array[]) => void;
  /** Ends calls. */
  readonly signal: AbortSignal;
}

/** What other members ask of this node: as a voter, of the voters, and to have something decided for them. */
export class MemberRequests {
  readonly #deps: MemberRequestsDeps;

  constructor(deps: MemberRequestsDeps) {
    this.#deps = deps;
  }

  /** The answer to a request of a member. May reject: with what the disk says, or with the reason of the end. */
  async answer(from: PeerId, request: WireRequest): Promise<WireReply> {
    const { desk, log, keeper, isMaster, learn } = this.#deps;
    switch (request.type) {
      case "peek":
      case "prepare":
      case "accept":
      case "probe":
      case "repair":
        return await desk.ask(from, request);
      case "rosters":
        return { type: "rosters", records: [...log.from(request.from)], length: log.length };
      case "learn":
        learn(request.records);
        return { type: "rosters", records: [], length: log.length };
      case "seat":
        return isMaster(from) ? { type: "seat", seat: keeper.takeSeat() } : { type: "not_a_voter" };
    }
    if (!keeper.isVoter) return { type: "not_a_voter" };
    if (request.type === "keys") return keeper.keys(request);
    return { type: "outcome", outcome: await this.#serveCall(request) };
  }

  async #serveCall(request: Call): Promise<WireOutcome> {
    const options = { timeoutMs: request.timeoutMs, signal: this.#deps.signal };
    switch (request.type) {
      case "submit":
        return await this.#deps.voting.submitForMember(request.command, options);
      case "ask":
        return await this.#deps.voting.probe(request.command, options);
      case "read":
        return await this.#deps.voting.read(request.key, options);
    }
  }
}
