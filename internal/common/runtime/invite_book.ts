import { type Invite, inviteSchema, inviteState } from "@bzzz/agentid";
import { type Clock, utf8Decode, utf8Encode } from "@bzzz/base";
import type { KeyValueStore } from "@bzzz/store";

/** Invitations kept at most; expired ones make room. */
export const MAX_INVITES = 1000;
const INVITE_PREFIX = "invite/";

/** The invitations of this node, on its disk. */
export class InviteBook {
  readonly #kv: KeyValueStore;
  readonly #clock: Pick<Clock, "nowMs">;

  constructor(deps: { readonly kv: KeyValueStore; readonly clock: Pick<Clock, "nowMs"> }) {
    this.#kv = deps.kv;
    this.#clock = deps.clock;
  }

  /** All of them, the oldest first. */
  list(): Invite[] {
    return this.#kv.keys(INVITE_PREFIX).flatMap((key) => this.#read(key) ?? [])
      .sort((a, b) => a.createdMs - b.createdMs);
  }

  get(inviteId: string): Invite | undefined {
    return this.#read(INVITE_PREFIX + inviteId);
  }

  /** On disk when it returns, in place of what was there under its id. @throws StoreError */
  save(invite: Invite): void {
    this.#kv.set(INVITE_PREFIX + invite.inviteId, utf8Encode(JSON.stringify(invite)));
  }

  /** Makes room for one more: those that are no longer open go. False when 1000 are open. */
  makeRoom(): boolean {
    if (this.#kv.keys(INVITE_PREFIX).length < MAX_INVITES) return true;
    for (const invite of this.list()) {
      if (inviteState(invite, this.#clock.nowMs()) !== "open") this.#kv.delete(INVITE_PREFIX + invite.inviteId);
    }
    return this.#kv.keys(INVITE_PREFIX).length < MAX_INVITES;
  }

  #read(key: string): Invite | undefined {
    const bytes = this.#kv.get(key);
    if (!bytes) return undefined;
    const parsed = inviteSchema().safeParse(JSON.parse(utf8Decode(bytes)));
    return parsed.success ? parsed.data : undefined;
  }
}
