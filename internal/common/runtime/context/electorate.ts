import { type AuthorityLevel, levelAtLeast, type Role, type RoleSet } from "@bzzz/crypto";

/** Level from which a member has a vote. */
const VOTING_LEVEL: AuthorityLevel = "suggestion";

/** Who can vote on a proposal. */
export interface Electorate {
  /** Whom the proposal is meant for. */
  readonly audience: readonly Role[];
  /** Members that may vote and can read it now. */
  readonly members: number;
}

/**
 * The members above read_only that read what is meant for `audience`; without one, all members above read_only, with the
 * fewest roles to name that reach them. A majority of others would be one that nobody can have (D-145).
 */
export function electorateOf(
  roles: RoleSet,
  members: Iterable<{ readonly role: Role; readonly level: AuthorityLevel }>,
  audience: readonly Role[] | undefined,
): Electorate {
  const whom = audience ?? lowestVoting(roles);
  const readers = new Set(roles.readersOf(whom).readers);
  const voters = [...members].filter(({ role, level }) => readers.has(role) && levelAtLeast(level, VOTING_LEVEL));
  return { audience: whom, members: voters.length };
}

function lowestVoting(roles: RoleSet): readonly Role[] {
  const voting = roles.all().filter(({ level }) => levelAtLeast(level, VOTING_LEVEL)).map(({ name }) => name);
  return voting.filter((role) => !voting.some((other) => other !== role && roles.reads(role, other)));
}
