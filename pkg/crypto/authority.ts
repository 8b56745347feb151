/** Levels of authority, lowest first (reference section 2.7). Each may do what the ones before it may. */
export const AUTHORITY_LEVELS = ["read_only", "suggestion", "coordination", "decision", "master"] as const;
/** One of `AUTHORITY_LEVELS`. */
export type AuthorityLevel = (typeof AUTHORITY_LEVELS)[number];

/** The two programs (specification section 3): `agent` works alone, `hap` is a person's portal. */
export const BINARY_TYPES = ["agent", "hap"] as const;
/** One of `BINARY_TYPES`. */
export type BinaryType = (typeof BINARY_TYPES)[number];

/** A role's name: one of `BUILTIN_ROLES` or the operator's own. */
export type Role = string;

/** Roles every mesh knows. Their levels are fixed: no grant can give one of these names another level. */
export const BUILTIN_ROLES: Readonly<Record<string, AuthorityLevel>> = {
  admin: "master",
  architect: "decision",
  reviewer: "coordination",
  developer: "suggestion",
  observer: "read_only",
};

const ROLE = /^[a-z][a-z0-9_-]{0,47}$/;

/** Whether `level` is `minimum` or above. */
export function levelAtLeast(level: AuthorityLevel, minimum: AuthorityLevel): boolean {
  return AUTHORITY_LEVELS.indexOf(level) >= AUTHORITY_LEVELS.indexOf(minimum);
}

/** The lower of two levels. */
export function lowerLevel(a: AuthorityLevel, b: AuthorityLevel): AuthorityLevel {
  return levelAtLeast(a, b) ? b : a;
}

/** A role's name, or undefined when `text` is not one: `[a-z][a-z0-9_-]{0,47}`. */
export function parseRole(text: string): Role | undefined {
  return ROLE.test(text) ? text : undefined;
}

/** The fixed level of a built-in role, or undefined for an operator's own. */
export function builtinLevel(role: Role): AuthorityLevel | undefined {
  return Object.hasOwn(BUILTIN_ROLES, role) ? BUILTIN_ROLES[role] : undefined;
}
