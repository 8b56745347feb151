import { type Address, ANY } from "./address.ts";

/**
 * Whether `address` is one of those a query names. `any` matches every name; in the path `*` matches one segment and `**`
 * everything below; no path at all matches every path. Temporal segment, query and fragment play no part.
 */
export function matchesAddress(pattern: Address, address: Address): boolean {
  return matchesName(pattern.agent, address.agent) && matchesName(pattern.role, address.role) &&
    matchesName(pattern.project, address.project) && matchesName(pattern.task, address.task) &&
    matchesPath(pattern.path, address.path);
}

function matchesName(pattern: string, name: string): boolean {
  return pattern === ANY || pattern === name;
}

function matchesPath(pattern: string, path: string): boolean {
  if (pattern === "" || pattern === path) return true;
  if (!pattern.includes("*")) return false;
  const wanted = pattern.split("/");
  const found = path === "" ? [] : path.split("/");
  for (let i = 0; i < wanted.length; i++) {
    if (wanted[i] === "**") return found.length > i;
    if (i >= found.length || (wanted[i] !== "*" && wanted[i] !== found[i])) return false;
  }
  return wanted.length === found.length;
}

/** Whether the address has a wildcard, and so names many things. */
export function isPattern(address: Address): boolean {
  return address.agent === ANY || address.role === ANY || address.project === ANY || address.task === ANY ||
    /(^|\/)\*\*?(\/|$)/.test(address.path);
}

/** The path up to its first wildcard, without the slash before it: where an index can begin. */
export function literalPrefix(pattern: Pick<Address, "path">): string {
  const segments = pattern.path.split("/");
  const at = segments.findIndex((segment) => segment === "*" || segment === "**");
  return at < 0 ? pattern.path : segments.slice(0, at).join("/");
}
