import { assertNever } from "@bzzz/base";
import { UcxlError } from "./errors.ts";

/** Largest step or number in a temporal segment. */
export const MAX_TEMPORAL_STEP = 65_535;

/** Which version of a thing: the latest, the n-th, n before or after a reference, or the last one up to a time. */
export type Temporal =
  | { readonly type: "latest" }
  | { readonly type: "first"; readonly n: number }
  | { readonly type: "back"; readonly n: number }
  | { readonly type: "forward"; readonly n: number }
  | { readonly type: "at"; readonly atMs: number };

/** The latest version, `*^`. */
export const LATEST: Temporal = { type: "latest" };

/** The canonical segment: `*^`, `*~3`, `~~`, `^^2`, `@2026-11-22T18:03:00Z`. */
export function formatTemporal(temporal: Temporal): string {
  switch (temporal.type) {
    case "latest":
      return "*^";
    case "first":
      return `*~${count(temporal.n)}`;
    case "back":
      return `~~${count(temporal.n)}`;
    case "forward":
      return `^^${count(temporal.n)}`;
    case "at":
      return `@${formatInstant(temporal.atMs)}`;
    default:
      return assertNever(temporal);
  }
}

function count(n: number): string {
  return n === 1 ? "" : String(n);
}

function formatInstant(atMs: number): string {
  const text = new Date(atMs).toISOString();
  return atMs % 1000 === 0 ? `${text.slice(0, 19)}Z` : text;
}

/** A list of versions, as navigation needs it: how many, and when the n-th (from 1) was written. */
export interface Timeline {
  readonly length: number;
  /** Milliseconds since the epoch; never smaller than that of the version before. */
  writtenAtMs(n: number): number;
}

/**
 * The number, from 1, of the version that `temporal` names. `reference` is where `~~` and `^^` begin: the latest unless told.
 *
 * @throws UcxlError "version_out_of_bounds" when there is none; `details.nearest` is the number of the nearest version there is
 */
export function navigate(timeline: Timeline, temporal: Temporal, reference: number = timeline.length): number {
  const { length } = timeline;
  if (length === 0) {
    throw new UcxlError("version_out_of_bounds", "Cannot find that version: the address has no version yet", {
      details: { requested: formatTemporal(temporal), versions: 0 },
    });
  }
  const n = numberOf(timeline, temporal, reference);
  if (n >= 1 && n <= length) return n;
  const nearest = n < 1 ? 1 : length;
  throw new UcxlError(
    "version_out_of_bounds",
    `Cannot find version "${
      formatTemporal(temporal)
    }": the address has versions 1 to ${length}; the nearest is ${nearest}`,
    { details: { requested: formatTemporal(temporal), versions: length, nearest } },
  );
}

function numberOf(timeline: Timeline, temporal: Temporal, reference: number): number {
  switch (temporal.type) {
    case "latest":
      return timeline.length;
    case "first":
      return temporal.n;
    case "back":
      return reference - temporal.n;
    case "forward":
      return reference + temporal.n;
    case "at":
      return lastUpTo(timeline, temporal.atMs);
    default:
      return assertNever(temporal);
  }
}

/** The last version written at or before `atMs`; 0 when all came later. */
function lastUpTo(timeline: Timeline, atMs: number): number {
  let [low, high] = [0, timeline.length];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (timeline.writtenAtMs(middle) <= atMs) low = middle;
    else high = middle - 1;
  }
  return low;
}
