/**
 * What the browser of context lists: folders made out of addresses, addresses that fit a pattern, or what has some words.
 *
 * @module
 */
import { sanitiseLine } from "@bzzz/cli";
import type { VersionView } from "@bzzz/ucxi";
import { type Address, formatAddress, parseConcrete } from "@bzzz/ucxl";

/** A place in the tree: everything, what one member keeps for one task, or a folder of that. */
export interface Folder {
  /** "agent:role@project:task"; undefined = all of them. */
  readonly owner: string | undefined;
  /** Percent-encoded segments. */
  readonly path: readonly string[];
}

/** What is listed. */
export type BrowserQuery =
  | { readonly type: "folder"; readonly folder: Folder }
  | { readonly type: "pattern"; readonly pattern: string }
  | { readonly type: "words"; readonly words: string };

/** A version, with the words around what was found. */
export type FoundVersion = VersionView & { readonly snippet?: string | undefined };

/** A row of the list; names are sanitised. */
export type BrowserRow =
  | {
    readonly type: "folder";
    readonly id: string;
    readonly name: string;
    readonly folder: Folder;
    readonly count: number;
  }
  | { readonly type: "thing"; readonly id: string; readonly name: string; readonly version: FoundVersion };

/** The top of the tree. */
export const ROOT: BrowserQuery = { type: "folder", folder: { owner: undefined, path: [] } };
const EVERYTHING = "ucxl://any:any@any:any";

/** Who keeps it, for what: "agent:role@project:task". */
export function ownerOf({ agent, role, project, task }: Address): string {
  return `${agent}:${role}@${project}:${task}`;
}

/** The address with wildcards that a query lists; undefined for words. */
export function patternOf(query: BrowserQuery): string | undefined {
  if (query.type === "words") return undefined;
  if (query.type === "pattern") return query.pattern;
  const { owner, path } = query.folder;
  if (owner === undefined) return EVERYTHING;
  return path.length === 0 ? `ucxl://${owner}` : `ucxl://${owner}/*^/${path.join("/")}/**`;
}

/** Where one is, for people. */
export function titleOf(query: BrowserQuery): string {
  if (query.type === "words") return `"${sanitiseLine(query.words, 60)}"`;
  if (query.type === "pattern") return sanitiseLine(query.pattern);
  const { owner, path } = query.folder;
  return owner === undefined ? "all addresses" : sanitiseLine([`ucxl://${owner}/*^`, ...path].join("/"));
}

/** The same query: what is answered to another one is not shown. */
export function isSameQuery(a: BrowserQuery, b: BrowserQuery): boolean {
  return patternOf(a) === patternOf(b) &&
    (a.type === "words" ? a.words : undefined) === (b.type === "words" ? b.words : undefined);
}

/** The folder above; undefined at the top. What is found leads back to the top. */
export function parentOf(query: BrowserQuery): BrowserQuery | undefined {
  if (query.type !== "folder") return ROOT;
  const { owner, path } = query.folder;
  if (owner === undefined) return undefined;
  return path.length === 0 ? ROOT : { type: "folder", folder: { owner, path: path.slice(0, -1) } };
}

/** The folder a thing lies in. */
export function folderOf(address: Address): BrowserQuery {
  const path = address.path === "" ? [] : address.path.split("/").slice(0, -1);
  return { type: "folder", folder: { owner: ownerOf(address), path } };
}

/**
 * The rows of an answer: folders first, then things; both in the order of their names.
 * @throws UcxlError "invalid_address" when the node answers what is no address
 */
export function rowsOf(query: BrowserQuery, versions: readonly FoundVersion[]): BrowserRow[] {
  if (query.type !== "folder") {
    return versions.map((version) => ({
      type: "thing",
      id: version.address,
      name: sanitiseLine(version.address.replace("ucxl://", "")),
      version,
    }));
  }
  const { folder } = query;
  const counts = new Map<string, { readonly folder: Folder; readonly name: string; count: number }>();
  const things: BrowserRow[] = [];
  for (const version of versions) {
    const address = parseConcrete(version.address);
    const owner = ownerOf(address);
    const path = address.path === "" ? [] : address.path.split("/");
    const segment = path[folder.path.length];
    const isBelow = folder.owner === undefined || path.length > folder.path.length + 1;
    if (!isBelow) {
      things.push({
        type: "thing",
        id: version.address,
        name: segment === undefined ? "(the task)" : nameOf(segment),
        version,
      });
      continue;
    }
    const below: Folder = folder.owner === undefined
      ? { owner, path: [] }
      : { owner, path: [...folder.path, segment ?? ""] };
    const id = [below.owner, ...below.path].join("/");
    const known = counts.get(id);
    if (known) known.count++;
    else {counts.set(id, {
        folder: below,
        name: folder.owner === undefined ? sanitiseLine(owner) : nameOf(segment ?? ""),
        count: 1,
      });}
  }
  const folders = [...counts].map(([id, found]): BrowserRow => ({ type: "folder", id: `folder ${id}`, ...found }));
  return [...folders.sort(byName), ...things.sort(byName)];
}

/** A segment as people read it. No address hides a slash or a control character in one, but others may be there. */
function nameOf(segment: string): string {
  return sanitiseLine(decodeURIComponent(segment)); // the parser proved the encoding
}

function byName(a: BrowserRow, b: BrowserRow): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

/** The address of a thing at its n-th version. */
export function atVersion(address: string, n: number): string {
  return formatAddress({ ...parseConcrete(address), temporal: { type: "first", n } });
}
