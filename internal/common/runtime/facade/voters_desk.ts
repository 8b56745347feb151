import { mayPerform } from "@bzzz/agentid";
import type { VotersFacade, VotersView } from "@bzzz/api";
import { BzzzError, type Clock, parseAgentId, parsePeerId, type PeerId } from "@bzzz/base";
import { majorityOf, type RegisterNode, type RosterChange } from "@bzzz/register";
import type { LocalIdentity } from "../agent.ts";
import { FacadeError } from "./queries.ts";

/** A change of the voters that was refused, or could not be decided. The codes are those of the API. */
export class VoterError extends BzzzError<"voter_refused" | "no_quorum"> {}

/** Why a change is refused, by the code of the registers. */
const REFUSALS: ReadonlyMap<string, string> = new Map([
  ["no_roster", "the voters of the mesh are not known here yet"],
  ["already_a_voter", "it votes already"],
  ["not_a_voter", "it does not vote"],
  ["not_a_member", "it has no valid grant"],
  ["not_a_master", "only an admin changes who votes"],
  ["member_not_reachable", "it is not connected to this node, or runs a version without voters"],
  ["transfer_running", "the change before is still being carried out; wait a moment"],
  ["roster_changed", "somebody else has changed the voters meanwhile; look again"],
  ["too_many_voters", "there are five already, which is the most"],
  ["last_voter", "it is the last one, and without a voter nothing could ever be decided again"],
  ["would_lose_quorum", "too few of the others can be reached: without it there would be no majority"],
]);

/** What the desk stands on. */
export interface VotersDeskDeps {
  readonly local: LocalIdentity;
  readonly registers: Pick<RegisterNode, "roster" | "stats" | "hasQuorum" | "addVoter" | "removeVoter" | "isVoter">;
  readonly node: { isConnected(peer: PeerId): boolean };
  readonly clock: Pick<Clock, "nowMs">;
}

/** Shows and changes who votes. */
export class VotersDesk implements VotersFacade {
  readonly #deps: VotersDeskDeps;

  constructor(deps: VotersDeskDeps) {
    this.#deps = deps;
  }

  show(): Promise<VotersView> {
    const { registers, local, node } = this.#deps;
    const roster = registers.roster();
    const self = local.keys.peerId;
    return Promise.resolve({
      epoch: roster?.epoch ?? 0,
      is_changing: roster?.step === "transferring",
      has_quorum: registers.hasQuorum(),
      reachable: registers.stats().reachableVoters,
      needed: roster ? majorityOf(roster.voters.length) : 0,
      voters: (roster?.voters ?? []).map(({ peer }) => {
        const agentId = local.membership.grantOf(peer)?.agentId;
        const isSelf = peer === self;
        return {
          peer_id: peer,
          ...(agentId === undefined ? {} : { agent_id: agentId }),
          is_self: isSelf,
          is_reachable: isSelf ? registers.isVoter : node.isConnected(peer),
        };
      }),
    });
  }

  /** @throws FacadeError "not_found", "not_allowed"; VoterError */
  async add(member: string): Promise<VotersView> {
    this.#assertMaster(`make "${member}" a voter`);
    return await this.#changed(`make "${member}" a voter`, await this.#deps.registers.addVoter(this.#find(member)));
  }

  /** @throws FacadeError "not_found", "not_allowed"; VoterError */
  async remove(member: string): Promise<VotersView> {
    const what = `end the vote of "${member}"`;
    this.#assertMaster(what);
    return await this.#changed(what, await this.#deps.registers.removeVoter(this.#find(member)));
  }

  #assertMaster(what: string): void {
    const { membership, identity, grant } = this.#deps.local;
    const own = membership.grantOf(identity.peerId, this.#deps.clock.nowMs()) ?? grant;
    const decision = mayPerform("manage_members", own);
    if (!decision.allow) throw new FacadeError("not_allowed", `Cannot ${what}: ${decision.reason}`);
  }

  /** Members by peer id or agent id; voters also when they are members no longer. */
  #find(member: string): PeerId {
    const { local, registers, clock } = this.#deps;
    const known = local.membership.roster(clock.nowMs());
    const agentId = parseAgentId(member);
    const peer = parsePeerId(member) ?? known.find((one) => one.agentId === agentId)?.peer;
    const isKnown = peer !== undefined &&
      (known.some((one) => one.peer === peer) || registers.roster()?.voters.some((voter) => voter.peer === peer));
    if (peer && isKnown) return peer;
    throw new FacadeError("not_found", `Cannot find "${member}": no member has this agent id or peer id`);
  }

  async #changed(what: string, change: RosterChange): Promise<VotersView> {
    if (change.type === "changed") return await this.show();
    if (change.type === "refused") {
      throw new VoterError("voter_refused", `Cannot ${what}: ${REFUSALS.get(change.code) ?? change.code}`, {
        details: { reason: change.code },
      });
    }
    const advice = 'look with "operator voters show" whether it happened';
    throw new VoterError("no_quorum", `Cannot ${what}: not enough voters answered in time; ${advice}`);
  }
}
