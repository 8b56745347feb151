import { personFaultText, signVote } from "@bzzz/agentid";
import { BzzzError, type Clock } from "@bzzz/base";
import type { SignVote } from "@bzzz/context";
import type { LocalIdentity } from "../agent.ts";
import type { People } from "../people/people.ts";
import type { PersonKeys } from "../people/person_keys.ts";

/** A vote that would not count as the person's who gives it. */
export class VoteError extends BzzzError<"not_allowed"> {}

/**
 * Signs votes with the key of this node's person. A node without anybody's key, and one whose person no admin has admitted,
 * votes as a node: one among many. Else a vote is the person's or none: it rejects with PersonKeyError "identity_locked", or
 * with VoteError where the device speaks for them no more.
 */
export function createVoteSigner(
  deps: {
    readonly local: LocalIdentity;
    readonly people: Pick<People, "book">;
    readonly person: Pick<PersonKeys, "sign" | "state">;
    readonly clock: Pick<Clock, "nowMs">;
  },
): SignVote {
  const { local: { membership, identity, grant: known }, people, person, clock } = deps;
  return async (body, passphrase) => {
    const grant = membership.grantOf(identity.peerId, clock.nowMs()) ?? known;
    const { person: admitted } = grant;
    if (admitted === undefined || (await person.state()).type === "none") return body;
    return await person.sign({ passphrase, isHigh: false }, (key, certificate) => {
      const nowMs = clock.nowMs();
      const fault = people.book.deviceFault(admitted, certificate, { atMs: nowMs });
      if (fault) throw new VoteError("not_allowed", `Cannot vote: ${personFaultText(fault)}`);
      const vote = signVote(key, certificate, { body, role: grant.role, atMs: nowMs });
      return { ...body, proof: { certificate: certificate.bytes, vote } };
    });
  };
}
