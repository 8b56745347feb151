import { IdentityError } from "@bzzz/agentid";
import { BzzzError } from "@bzzz/base";

/** A refusal of an act on the membership. The codes are those of the API. */
export class TrustError extends BzzzError<
  "not_allowed" | "not_found" | "already_revoked" | "invite_used" | "duplicate_agent_id" | "invalid_request"
> {}

/** Does what was asked for. @throws TrustError "invalid_request" in place of an `IdentityError` */
export function asAsked<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof IdentityError) throw new TrustError("invalid_request", cause.message, { cause });
    throw cause;
  }
}
