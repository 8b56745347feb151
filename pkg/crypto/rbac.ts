import { type AuthorityLevel, type BinaryType, levelAtLeast, lowerLevel, type Role } from "./authority.ts";
import { CryptoError } from "./errors.ts";
import { ADMIN_ROLE, type RoleSet } from "./role_set.ts";

/** The answer to "may it": the reason is for people and logs, in either case. */
export interface AccessDecision {
  readonly allow: boolean;
  readonly reason: string;
}

/** Whom a decision is about. What a member says of itself is never consulted: role, level and program are its grant's. */
export interface AccessSubject {
  readonly role: Role;
  readonly level: AuthorityLevel;
  readonly binaryType: BinaryType;
  readonly capabilities?: readonly string[];
  /** Whether it holds the leadership at this moment. */
  readonly isLeader?: boolean;
  /** For whom it acts, if for somebody: nobody gains by that, see `can`. */
  readonly onBehalfOf?: AccessSubject;
}

interface Rule {
  readonly minLevel: AuthorityLevel;
  readonly binaryType?: BinaryType;
  readonly leaderOnly?: true;
}

const EVERYBODY: Rule = { minLevel: "read_only" };
const CONTRIBUTOR: Rule = { minLevel: "suggestion" };
const DECIDER: Rule = { minLevel: "decision" };
const MASTER: Rule = { minLevel: "master" };

/**
 * The matrix of reference section 2.7: the least level for each operation on each resource, and the program where that
 * matters. What is not in it is refused to everybody. docs/security.md shows it; a test compares the two.
 */
const MATRIX = {
  self: { create: EVERYBODY },
  fork: { create: EVERYBODY }, // the proof convinces by itself, whoever brings it
  member: { read: EVERYBODY, administer: MASTER },
  message: { read: EVERYBODY, create: CONTRIBUTOR },
  // whose task it is, and who may cancel others', the fold knows
  task: {
    read: EVERYBODY,
    create: CONTRIBUTOR,
    execute: { minLevel: "suggestion", binaryType: "agent" },
    delete: CONTRIBUTOR,
  },
  request: {
    read: EVERYBODY,
    create: CONTRIBUTOR,
    delete: CONTRIBUTOR,
    answer: { minLevel: "suggestion", binaryType: "hap" },
  },
  // who reads the content, its encryption decides; a deletion hides, and every version stays
  context: { read: EVERYBODY, create: CONTRIBUTOR, update: CONTRIBUTOR, delete: CONTRIBUTOR },
  decision: { read: EVERYBODY, create: CONTRIBUTOR, update: CONTRIBUTOR, approve: DECIDER },
  role: { read: EVERYBODY, administer: MASTER },
  role_key: { read: EVERYBODY, administer: MASTER },
  admin_key: { administer: MASTER, release: { minLevel: "suggestion", leaderOnly: true } },
  // a decided leadership convinces by its certificate; `execute` is to lead
  election: { read: EVERYBODY, create: EVERYBODY, execute: CONTRIBUTOR, administer: MASTER },
  audit: { create: EVERYBODY }, // a node reports its own decisions
} as const satisfies Readonly<Record<string, Readonly<Record<string, Rule>>>>;

/** A kind of thing that is protected. */
export type Resource = keyof typeof MATRIX;
/** What is done to a resource. */
export type AccessOperation = { [R in Resource]: keyof (typeof MATRIX)[R] }[Resource] & string;

/** One line of the published matrix. */
export interface MatrixLine extends Rule {
  readonly resource: Resource;
  readonly operation: AccessOperation;
}

/** Every line of the matrix, for menus and the documentation. */
export function accessMatrix(): MatrixLine[] {
  return Object.entries(MATRIX).flatMap(([resource, operations]) =>
    Object.entries<Rule>(operations).map(([operation, rule]) => ({
      ...rule,
      resource: resource as Resource, // keys of the matrix
      operation: operation as AccessOperation,
    }))
  );
}

function ruleOf(resource: string, operation: string): Rule | undefined {
  if (!Object.hasOwn(MATRIX, resource)) return undefined;
  const operations: Readonly<Record<string, Rule>> = MATRIX[resource as Resource]; // was just looked up
  return Object.hasOwn(operations, operation) ? operations[operation] : undefined;
}

/** Whether a level alone suffices for an operation, whatever the program. For menus; receivers ask `can`. */
export function levelMay(level: AuthorityLevel, resource: string, operation: string): boolean {
  const rule = ruleOf(resource, operation);
  return rule !== undefined && levelAtLeast(level, rule.minLevel);
}

/**
 * Whether `subject` may do `operation` on `resource`. Total: what the matrix does not name is refused.
 *
 * Acting for another never adds rights: the level counts that is lowest in the chain of `onBehalfOf`, while the program
 * is always that of the one who acts (a person may have an agent execute what it could not execute itself).
 */
export function can(resource: string, operation: string, subject: AccessSubject): AccessDecision {
  const what = `${operation} ${resource}`.slice(0, 80);
  const rule = ruleOf(resource, operation);
  if (!rule) return { allow: false, reason: `"${what}" is nothing anybody may do` };
  if (rule.binaryType && subject.binaryType !== rule.binaryType) {
    const who = rule.binaryType === "hap" ? "a person (binary type hap)" : "an agent (binary type agent)";
    return { allow: false, reason: `${what} is for ${who}, not for binary type ${subject.binaryType}` };
  }
  if (rule.leaderOnly && subject.isLeader !== true) {
    return { allow: false, reason: `${what} is for the leader of the current term` };
  }
  const level = effectiveLevel(subject);
  if (levelAtLeast(level, rule.minLevel)) {
    return { allow: true, reason: `role ${subject.role} (${level}) may ${what}` };
  }
  const acting = level === subject.level ? `has ${level}` : `has ${subject.level}, but acts for one with ${level}`;
  return { allow: false, reason: `${what} needs level ${rule.minLevel}, role ${subject.role} ${acting}` };
}

/** Chains of delegation that are longer are cut off at the lowest level: nobody needs them. */
const MAX_DELEGATION = 8;

/** The lowest level in the chain of those for whom `subject` acts. */
export function effectiveLevel(subject: AccessSubject): AuthorityLevel {
  let level = subject.level;
  let current = subject.onBehalfOf;
  for (let depth = 0; current; depth++, current = current.onBehalfOf) {
    if (depth === MAX_DELEGATION) return "read_only";
    level = lowerLevel(level, current.level);
  }
  return level;
}

/** The capabilities that everyone in the chain of delegation has; those who name none have all. */
export function effectiveCapabilities(subject: AccessSubject): readonly string[] | undefined {
  let common = subject.capabilities;
  let current = subject.onBehalfOf;
  for (let depth = 0; current && depth <= MAX_DELEGATION; depth++, current = current.onBehalfOf) {
    const { capabilities } = current;
    if (capabilities) common = common?.filter((name) => capabilities.includes(name)) ?? capabilities;
  }
  return common;
}

/** For whom content of each type is sealed when its author names no audience. */
const AUDIENCE_OF_TYPE: Readonly<Record<string, "own_role" | "everybody" | "admin">> = {
  context: "own_role",
  decision: "own_role",
  shared: "everybody",
  admin: "admin",
};

/**
 * What one member may do and for whom it seals (specification section 8.2). The rules are those of `can` and of the mesh's
 * roles, the same for both programs.
 */
export class RoleBasedAccess {
  readonly #subject: AccessSubject;
  readonly #roles: RoleSet;

  constructor(subject: AccessSubject, roles: RoleSet) {
    this.#subject = subject;
    this.#roles = roles;
  }

  /** Whether the member may do `operation` on `resource`; `can` says why. */
  canAccessResource(resource: string, operation: string): boolean {
    return can(resource, operation, this.#subject).allow;
  }

  /**
   * The roles that read content of a type written by this member: `context` and `decision` its own role, `shared` every
   * member, `admin` the admins; and those above each.
   *
   * @throws CryptoError "invalid_argument" for a type that is not one of these, or when the mesh does not have the role
   */
  getEncryptionRecipients(contentType: string): readonly Role[] {
    const meant = Object.hasOwn(AUDIENCE_OF_TYPE, contentType) ? AUDIENCE_OF_TYPE[contentType] : undefined;
    if (meant === undefined) {
      throw new CryptoError(
        "invalid_argument",
        `Cannot choose recipients: content type "${contentType.slice(0, 64)}" is not one of ` +
          Object.keys(AUDIENCE_OF_TYPE).join(", "),
      );
    }
    const role = meant === "own_role" ? this.#subject.role : meant === "admin" ? ADMIN_ROLE : "observer";
    const { readers } = this.#roles.readersOf([role]);
    if (readers.length === 0) {
      throw new CryptoError(
        "invalid_argument",
        `Cannot choose recipients: the mesh has no role "${role.slice(0, 64)}"`,
      );
    }
    return readers;
  }
}
