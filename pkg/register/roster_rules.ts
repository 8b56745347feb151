import { once } from "@bzzz/base";
import type { PeerId } from "@bzzz/base";
import { z } from "zod";
import { createCodec } from "./codec.ts";
import { VOTER_COUNTS } from "./constants.ts";
import { ROSTER_KEY } from "./keys.ts";
import * as schemas from "./schemas.ts";
import type { Decision, RegisterRules, Verdict } from "./types.ts";
import { rosterCodec, seatSchema, type Voter, type VoterRoster, votersOf } from "./voter_roster.ts";

const commandSchema = once(() =>
  z.discriminatedUnion("type", [
    z.object({ type: z.literal("add"), epoch: schemas.epoch(), peer: schemas.peer(), seat: seatSchema() }),
    z.object({ type: z.literal("remove"), epoch: schemas.epoch(), peer: schemas.peer() }),
    z.object({ type: z.literal("settle"), epoch: schemas.epoch() }),
  ])
);

/** What is asked of the voters about themselves. `epoch` is the one that the asker knows. */
export type RosterCommand = z.infer<ReturnType<typeof commandSchema>>;

/** What a voter knows about members when it checks. */
export interface RosterFacts {
  /** The roster of epoch 1: what the register holds before anything was written. */
  readonly genesis: () => VoterRoster | undefined;
  readonly isMaster: (peer: PeerId) => boolean;
  readonly isMember: (peer: PeerId) => boolean;
}

const MAX_STABLE_VOTERS = Math.max(...VOTER_COUNTS);

/** The rules of the register `roster`: one voter more or less at a time, asked for by a master. */
export function createRosterRules(facts: RosterFacts): RegisterRules<VoterRoster, RosterCommand> {
  return {
    prefix: ROSTER_KEY,
    value: rosterCodec,
    command: createCodec(commandSchema),
    decide: (_key, previous, command) => {
      const current = previous ?? facts.genesis();
      return current ? decideRoster(current, command) : { refuse: "no_roster" };
    },
    check: (_key, previous, command, actor): Verdict => {
      if (command.type === "settle") {
        return previous && votersOf(previous).includes(actor) ? { ok: true } : { refuse: "not_a_voter" };
      }
      if (!facts.isMaster(actor)) return { refuse: "not_a_master" };
      return command.type === "remove" || facts.isMember(command.peer) ? { ok: true } : { refuse: "not_a_member" };
    },
    leaseId: () => undefined,
  };
}

/** What a command makes of a roster. Pure. */
export function decideRoster(current: VoterRoster, command: RosterCommand): Decision<VoterRoster> {
  if (command.epoch !== current.epoch) return { refuse: "roster_changed" };
  if (command.type === "settle") {
    return current.step === "stable" ? { same: true } : { next: { ...current, step: "stable" } };
  }
  if (current.step !== "stable") return { refuse: "transfer_running" };
  const isVoter = votersOf(current).includes(command.peer);
  if (command.type === "add") {
    if (isVoter) return { refuse: "already_a_voter" };
    if (current.voters.length >= MAX_STABLE_VOTERS) return { refuse: "too_many_voters" };
    const { peer, seat } = command;
    return { next: nextEpoch(current, [...current.voters, { peer, seat }]) };
  }
  if (!isVoter) return { refuse: "not_a_voter" };
  if (current.voters.length === 1) return { refuse: "last_voter" };
  return { next: nextEpoch(current, current.voters.filter(({ peer }) => peer !== command.peer)) };
}

function nextEpoch(current: VoterRoster, voters: readonly Voter[]): VoterRoster {
  return {
    epoch: current.epoch + 1,
    step: "transferring",
    voters: voters.toSorted((a, b) => a.peer < b.peer ? -1 : 1),
  };
}
