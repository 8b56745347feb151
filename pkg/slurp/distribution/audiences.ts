import type { Role, RoleSet } from "@bzzz/crypto";

/** Something that was written for some roles. */
export interface Sealed {
  readonly audience: readonly Role[];
}

/** What is derived for some roles of a mesh, and the sources it may be derived from. */
export interface SlicePlan<S extends Sealed> {
  /** Roles for whom this slice is the one to read. Sorted. */
  readonly roles: readonly Role[];
  /** The lowest of them: whom it is sealed for; all of `roles` read that too. Sorted. */
  readonly audience: readonly Role[];
  /** In the order they came in. */
  readonly sources: readonly S[];
}

/**
 * Which slices there are to derive from `sources`. A role's slice has exactly the sources that **everybody** reads who will open it, so
 * what is derived is never readable by anybody who could not have read all of it before. Roles with the same sources share a slice; roles
 * without any have none. Pure.
 */
export function planSlices<S extends Sealed>(roles: RoleSet, sources: readonly S[]): readonly SlicePlan<S>[] {
  const names = roles.all().map(({ name }) => name).sort();
  const readersOfRole = new Map(names.map((name) => [name, new Set(roles.readersOf([name]).readers)]));
  const readersOfSource = sources.map(({ audience }) => new Set(roles.readersOf(audience).readers));
  const groups = new Map<string, Role[]>();
  for (const name of names) {
    const openers = readersOfRole.get(name) ?? new Set<Role>();
    const allowed = readersOfSource.flatMap((readers, i) => openers.isSubsetOf(readers) ? [i] : []);
    if (allowed.length === 0) continue;
    const key = allowed.join(",");
    groups.set(key, [...groups.get(key) ?? [], name]);
  }
  return [...groups].map(([key, members]) => ({
    roles: members,
    audience: lowest(members, readersOfRole),
    sources: key.split(",").flatMap((i) => sources[Number(i)] ?? []),
  }));
}

/** As few of `members` as it takes that all of them read what is meant for these. Sorted. */
function lowest(members: readonly Role[], readersOf: ReadonlyMap<Role, ReadonlySet<Role>>): readonly Role[] {
  const breadth = (role: Role) => readersOf.get(role)?.size ?? 0;
  const picked: Role[] = [];
  for (const role of members.toSorted((a, b) => breadth(b) - breadth(a) || (a < b ? -1 : 1))) {
    if (!picked.some((other) => readersOf.get(other)?.has(role))) picked.push(role);
  }
  return picked.sort();
}
