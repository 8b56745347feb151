import type { MemberStatus } from "@bzzz/agentid";
import type { PeerId } from "@bzzz/base";
import type { AuthorityLevel, Role, RoleSet } from "@bzzz/crypto";
import type { KeyHolder, RoleKey, RoleKeyLedger } from "./ledger.ts";

/** What keys need to know of a member; a `MemberView` is one. */
export interface KeyMember {
  readonly peer: PeerId;
  readonly role: Role;
  readonly level: AuthorityLevel;
  readonly ageRecipient: string;
  readonly status: MemberStatus;
}

/** What a master's node has to do so that everyone entitled has the keys, and nobody else the newest ones. */
export interface KeyPlan {
  /** Roles without a key. */
  readonly create: readonly Role[];
  /** Roles whose newest key somebody has who is no longer entitled. */
  readonly rotate: readonly Role[];
  /** Keys that entitled members were not given yet. */
  readonly deliver: readonly { readonly key: RoleKey; readonly to: readonly KeyHolder[] }[];
}

/** Whether a member is to have the keys of a role: its own, and for masters all, because they hand them on. */
export function isEntitled(member: KeyMember, role: Role): boolean {
  return member.status === "active" && (member.role === role || member.level === "master");
}

/** The roles whose keys a member may use: its own first; of a master all that there are. */
export function keyRolesOf(member: Pick<KeyMember, "role" | "level">, ledger: RoleKeyLedger): Role[] {
  if (member.level !== "master") return [member.role];
  return [member.role, ...ledger.roles().filter((role) => role !== member.role)];
}

/** The entitled members, each by the recipient of its grant. */
export function entitledHolders(role: Role, roster: readonly KeyMember[]): KeyHolder[] {
  return roster.filter((member) => isEntitled(member, role))
    .map(({ peer, ageRecipient }) => ({ peer, to: ageRecipient }));
}

/**
 * Who has the current key of a role and is no longer entitled: revoked, given another role, given another key, or with a
 * grant that has ended. `byRevocation` leaves those out whose grant has only ended.
 */
export function exposure(
  ledger: RoleKeyLedger,
  role: Role,
  roster: readonly KeyMember[],
  options: { byRevocation?: boolean } = {},
): KeyHolder[] {
  const key = ledger.current(role);
  if (!key) return [];
  const members = new Map(roster.map((member) => [member.peer, member]));
  return ledger.holdersOf(key).filter(({ peer, to }) => {
    const member = members.get(peer);
    // whose grant has not come yet is not held against the key
    if (!member || member.status === "not_yet_valid") return false;
    if (member.status === "expired") return options.byRevocation !== true;
    return !isEntitled(member, role) || member.ageRecipient !== to;
  });
}

/** What is to be done now. Pure; the same for every master, so that any of them can do it. */
export function planKeys(
  state: { ledger: RoleKeyLedger; roles: RoleSet; roster: readonly KeyMember[] },
): KeyPlan {
  const { ledger, roles, roster } = state;
  const create: Role[] = [];
  const rotate: Role[] = [];
  const deliver: { key: RoleKey; to: KeyHolder[] }[] = [];
  for (const { name } of roles.all()) {
    if (!ledger.current(name)) create.push(name);
    else if (exposure(ledger, name, roster).length > 0) rotate.push(name);
  }
  for (const role of ledger.roles()) {
    const entitled = entitledHolders(role, roster);
    for (const key of ledger.keys(role)) {
      const to = entitled.filter((holder) => !ledger.isHeldBy(key, holder));
      if (to.length > 0) deliver.push({ key, to });
    }
  }
  return { create, rotate, deliver };
}
