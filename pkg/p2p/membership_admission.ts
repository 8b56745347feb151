import type { Clock, PeerId } from "@bzzz/base";
import { decodeRevocation, type Membership } from "@bzzz/agentid";
import type { Admission, AdmissionVerdict, Credentials } from "./types.ts";

/**
 * Grants of others that a stranger may show to complete the chain of its own: each costs a signature check, and a chain
 * is a master's grant or two.
 */
const MAX_CHAIN_GRANTS = 64;

/**
 * Admission by the grants of a mesh: whoever has a grant that chains to the root and stands now is heard. What peers
 * show is learned, each record verified by `membership`; strangers can teach only the chain of their own grant.
 */
export function createMembershipAdmission(
  deps: { readonly membership: Membership; readonly clock: Pick<Clock, "nowMs"> },
  options: { readonly ownGrant: Uint8Array },
): Admission {
  const { membership, clock } = deps;
  const isAdmitted = (peer: PeerId): boolean => membership.isAdmitted(peer, clock.nowMs());

  const learn = ({ grant, grants, revocations }: Credentials, limit: number): void => {
    if (grant) membership.addGrant(grant);
    for (const bytes of revocations.slice(0, limit)) membership.addRevocation(bytes);
    for (const bytes of grants.slice(0, limit)) membership.addGrant(bytes);
  };

  return {
    isAdmitted,
    credentials: () => ({
      grant: options.ownGrant,
      grants: membership.grants(),
      revocations: membership.revocations(),
    }),
    present: (peer, credentials): AdmissionVerdict => {
      if (credentials.grant) membership.addGrant(credentials.grant);
      if (!isAdmitted(peer)) learn({ ...credentials, revocations: [] }, MAX_CHAIN_GRANTS);
      if (isAdmitted(peer)) learn(credentials, Infinity);
      // asked again: among what it taught may be its own revocation
      if (isAdmitted(peer)) return { admitted: true };
      const nowMs = clock.nowMs();
      const check = membership.checkAuthor(peer, { hlcMs: nowMs, nowMs, path: "live" });
      if (!check.ok && check.reason === "revoked") {
        const proof = membership.revocations().filter((bytes) => decodeRevocation(bytes)?.revocation.peer === peer);
        return { admitted: false, reason: "revoked", proof: proof.slice(0, MAX_CHAIN_GRANTS) };
      }
      return { admitted: false, reason: check.ok ? "no_grant" : check.reason };
    },
    onChanged: (listener, { signal }) => {
      membership.on("member:added", () => listener(), { signal });
      membership.on("member:revoked", () => listener(), { signal });
    },
  };
}
