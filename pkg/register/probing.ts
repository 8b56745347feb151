import type { PeerId } from "@bzzz/base";
import type { RegisterKey } from "./keys.ts";
import type { VoterReply, VoterRequest } from "./messages.ts";
import { isOutOfReach, isReached } from "./quorum.ts";
import { type VoterRoster, votersOf } from "./voter_roster.ts";
import type { WireOutcome } from "./wire.ts";

/** Asks all voters what they would say to a command; answers as soon as a majority would accept or too few are left to. */
export async function probeVoters(
  roster: VoterRoster,
  asked: { readonly key: RegisterKey; readonly command: Uint8Array },
  deps: { readonly ask: (voter: PeerId, request: VoterRequest) => Promise<VoterReply | undefined> },
): Promise<WireOutcome> {
  const replies = new Map<PeerId, VoterReply | undefined>();
  const { promise, resolve } = Promise.withResolvers<WireOutcome>();
  const hear = (voter: PeerId, reply: VoterReply | undefined): void => {
    replies.set(voter, reply);
    const outcome = judgeProbe(roster, replies);
    if (outcome) resolve(outcome);
  };
  for (const voter of votersOf(roster)) {
    void deps.ask(voter, { type: "probe", epoch: roster.epoch, ...asked }).then((reply) => hear(voter, reply));
  }
  return await promise;
}

/**
 * What the answers to a probe say, those that are there (undefined: none will come). Undefined while a majority could still
 * go either way; never once every voter is in.
 */
export function judgeProbe(
  roster: VoterRoster,
  replies: ReadonlyMap<PeerId, VoterReply | undefined>,
): WireOutcome | undefined {
  const quorums = [votersOf(roster)];
  const willing = new Set([...replies].flatMap(([peer, reply]) => reply?.type === "would_accept" ? [peer] : []));
  if (isReached(quorums, willing)) return { type: "would_accept" };
  const others = new Map([...replies].filter(([peer]) => !willing.has(peer)));
  return isOutOfReach(quorums, others) ? objectionOf([...others.values()]) : undefined;
}

/** What is refused for good comes first: whoever asked is behind, or a voter is, and waiting would change neither. */
function objectionOf(replies: readonly (VoterReply | undefined)[]): WireOutcome {
  const refusals = replies.filter((reply) => reply?.type === "refused");
  const refusal = refusals.find(({ isFinal }) => isFinal) ?? refusals[0];
  if (!refusal) return { type: "undecided", reason: "no_quorum" };
  return { type: "refused", code: refusal.code, retryAfterMs: refusal.retryAfterMs };
}
