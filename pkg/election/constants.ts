/**
 * Numbers of the election (design section 6, reference section 2.10).
 *
 * @module
 */
export { ELECTION_PROFILES } from "@bzzz/config";

/**
 * Silence of the leader, as a share of its lease, after which followers ask the voters. At a heartbeat of a third of the
 * lease one heartbeat may be lost. Asking early costs a message and takes nothing from a leader that lives.
 */
export const SUSPICION_SHARE = 0.6;

/**
 * The same for a leader known from its certificate alone, which tells that it was elected and not that it lives: by then a
 * heartbeat would have come. A node that starts, and whose leader dies at that moment, knows of it a fifth of a lease sooner.
 */
export const HEARSAY_SHARE = 0.4;

/** The candidate of rank r waits r times this, in milliseconds (design section 6). */
export const RANK_STEP_MS = 150;

/** Ranks beyond this wait no longer: a hundred nodes that know no better candidate must not wait for 15 s. */
export const MAX_RANK = 10;

/** Leases outside of this are refused by every voter: a shorter one cannot be renewed in time, a longer one outlives its holder for too long. */
export const LEASE_BOUNDS_MS = { min: 300, max: 60_000 } as const;
