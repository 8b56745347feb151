import type { Temporal } from "./temporal.ts";
import { formatTemporal } from "./temporal.ts";

/** Longest name of an agent, role, project or task. */
export const MAX_NAME_CHARACTERS = 128;
/** Longest path, percent-encoded. */
export const MAX_PATH_BYTES = 1024;
/** Longest query. */
export const MAX_QUERY_CHARACTERS = 512;
/** Longest fragment. */
export const MAX_FRAGMENT_CHARACTERS = 256;
/** No address is longer; what is gets refused before it is looked at. */
export const MAX_ADDRESS_CHARACTERS = 2560;

/** The name that stands for every name. */
export const ANY = "any";

/**
 * A parsed UCXL address in canonical form, made by `parseAddress` alone:
 * `ucxl://agent:role@project:task/temporal/path?query#fragment`.
 */
export interface Address {
  /** Lower case; `any` stands for every name, in queries only. So do role, project and task. */
  readonly agent: string;
  readonly role: string;
  readonly project: string;
  readonly task: string;
  readonly temporal: Temporal;
  /** Percent-encoded segments between slashes; "" for the task itself. `*` and `**` are segments of queries only. */
  readonly path: string;
  /** Without "?". */
  readonly query?: string;
  /** Without "#". */
  readonly fragment?: string;
}

/** The canonical text. Parsing it gives the same address again. */
export function formatAddress(address: Address): string {
  const { path, query, fragment } = address;
  return `${formatPlace(address)}/${formatTemporal(address.temporal)}${path === "" ? "" : `/${path}`}` +
    `${query === undefined ? "" : `?${query}`}${fragment === undefined ? "" : `#${fragment}`}`;
}

function formatPlace({ agent, role, project, task }: Address): string {
  return `ucxl://${agent}:${role}@${project}:${task}`;
}

/**
 * What owns a list of versions: the address at its latest, without query and fragment. Two addresses name the same thing
 * exactly when their keys are equal.
 */
export function addressKey(address: Address): string {
  return `${formatPlace(address)}/*^${address.path === "" ? "" : `/${address.path}`}`;
}

/** The same thing at another time, without query and fragment. */
export function atTemporal(address: Address, temporal: Temporal): Address {
  const { agent, role, project, task, path } = address;
  return { agent, role, project, task, temporal, path };
}

/** The decoded segments of the path. */
export function pathSegments(address: Pick<Address, "path">): readonly string[] {
  return address.path === "" ? [] : address.path.split("/").map(decodeURIComponent); // the parser proved the encoding
}

/** The revision that a citation pins with `?rev=`: 64 hexadecimal digits; undefined when the query names none. */
export function revisionOf(address: Pick<Address, "query">): string | undefined {
  return /(?:^|&)rev=([0-9a-f]{64})(?:&|$)/.exec(address.query ?? "")?.[1];
}
