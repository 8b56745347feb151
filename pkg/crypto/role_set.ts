import { type AuthorityLevel, BUILTIN_ROLES, builtinLevel, levelAtLeast, type Role } from "./authority.ts";

/** A role as a mesh defines it. */
export interface RoleDefinition {
  readonly name: Role;
  readonly level: AuthorityLevel;
  /** Roles whose content this one reads beside its own and that of the levels below. */
  readonly canDecrypt: readonly Role[];
  /** What a holder of the role is expected to be able to do. */
  readonly capabilities: readonly string[];
  readonly specialization?: string;
  /** How an agent of the role is introduced to a model; written by a master, shown with its author. */
  readonly promptTemplate?: string;
}

/** What is wrong with a definition, and where. */
export interface RoleProblem {
  readonly role: Role;
  readonly field: "name" | "level" | "canDecrypt";
  readonly found: string;
  readonly expected: string;
}

/**
 * What keeps `roles` from being the own roles of a mesh: names that are built in or come twice, and reading rights that
 * lead to roles nobody has, or to those of masters, who alone hold every key.
 */
export function roleProblems(roles: readonly RoleDefinition[]): RoleProblem[] {
  const set = new RoleSet(roles);
  const seen = new Set<Role>();
  return roles.flatMap((role) => {
    const problems: RoleProblem[] = [];
    if (builtinLevel(role.name) !== undefined) {
      problems.push({
        role: role.name,
        field: "name",
        found: `"${role.name}"`,
        expected: "a name that is not built in",
      });
    } else if (seen.has(role.name)) {
      problems.push({ role: role.name, field: "name", found: `"${role.name}" twice`, expected: "each role once" });
    }
    seen.add(role.name);
    for (const target of role.canDecrypt) {
      const level = set.levelOf(target);
      if (level !== undefined && level !== "master") continue;
      const found = level === undefined ? `"${target}", which is no role` : `"${target}", a role of level master`;
      problems.push({ role: role.name, field: "canDecrypt", found, expected: "roles below level master" });
    }
    return problems;
  });
}

/** The content of this role is everybody's who may act for the mesh, and it is a reader of everything. */
export const ADMIN_ROLE = "admin";

/** The roles of one mesh: the built-in ones and the operator's own. Immutable. */
export class RoleSet {
  readonly #roles: ReadonlyMap<Role, RoleDefinition>;

  /** @param own The operator's roles; one with a built-in name is left out, because those are fixed. */
  constructor(own: readonly RoleDefinition[] = []) {
    const builtin = Object.entries(BUILTIN_ROLES).map(([name, level]): RoleDefinition => ({
      name,
      level,
      canDecrypt: [],
      capabilities: [],
    }));
    const added = own.filter((role) => builtinLevel(role.name) === undefined);
    this.#roles = new Map([...builtin, ...added].map((role) => [role.name, role]));
  }

  get(role: Role): RoleDefinition | undefined {
    return this.#roles.get(role);
  }

  /** The level of a role, or undefined when the mesh does not have it. */
  levelOf(role: Role): AuthorityLevel | undefined {
    return this.#roles.get(role)?.level;
  }

  /** Every role, the built-in ones first. */
  all(): RoleDefinition[] {
    return [...this.#roles.values()];
  }

  /** The operator's own roles. */
  own(): RoleDefinition[] {
    return this.all().filter((role) => builtinLevel(role.name) === undefined);
  }

  /**
   * Who reads content meant for `audience`: the roles named, all of a higher level, those that `canDecrypt` one of them,
   * and `admin`. Sorted, without doubles. Roles the mesh does not have are named by `unknown` and read nothing.
   */
  readersOf(audience: readonly Role[]): { readonly readers: readonly Role[]; readonly unknown: readonly Role[] } {
    const named = audience.flatMap((role) => this.#roles.get(role) ?? []);
    const unknown = audience.filter((role) => !this.#roles.has(role));
    if (named.length === 0) return { readers: [], unknown };
    const readers = this.all().filter((role) =>
      role.name === ADMIN_ROLE || named.some((target) => this.#reads(role, target))
    );
    return { readers: readers.map((role) => role.name).sort(), unknown };
  }

  /** Whether a holder of `reader` reads content meant for `role`. */
  reads(reader: Role, role: Role): boolean {
    return this.readersOf([role]).readers.includes(reader);
  }

  #reads(reader: RoleDefinition, target: RoleDefinition): boolean {
    if (reader.name === target.name || reader.canDecrypt.includes(target.name)) return true;
    return reader.level !== target.level && levelAtLeast(reader.level, target.level);
  }
}
