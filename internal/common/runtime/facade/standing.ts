import { type Grant, mayAuthor } from "@bzzz/agentid";
import type { Clock, PeerId } from "@bzzz/base";
import type { EntryKind } from "@bzzz/wire";
import type { LocalIdentity } from "../agent.ts";
import { FacadeError } from "./queries.ts";

/** What this node is in its mesh now, and what it may. */
export class Standing {
  readonly #local: LocalIdentity;
  readonly #clock: Pick<Clock, "nowMs">;

  constructor({ local, clock }: { readonly local: LocalIdentity; readonly clock: Pick<Clock, "nowMs"> }) {
    this.#local = local;
    this.#clock = clock;
  }

  /** The newest grant of a peer, whether it is valid now or not; may be handed on. */
  readonly grantOf = (peer: PeerId): Grant | undefined => this.#local.membership.grantOf(peer);

  /** The grant that this node has now. */
  self(): Grant {
    const { membership, identity, grant } = this.#local;
    return membership.grantOf(identity.peerId, this.#clock.nowMs()) ?? grant;
  }

  /** @throws FacadeError "not_allowed" unless this node may author the kind; `what` completes "Cannot …" */
  assertMay(kind: EntryKind, what: string): void {
    const decision = mayAuthor(kind, this.self());
    if (!decision.allow) throw new FacadeError("not_allowed", `Cannot ${what}: ${decision.reason}`);
  }
}
