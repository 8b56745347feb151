/**
 * Bounds of what an agent does with its tasks.
 *
 * @module
 */

/** At most one entry of progress per task in this time; what comes faster is merged. */
export const PROGRESS_STEP_MS = 1_000;

/** Entries of progress per attempt; later ones tell only what was used. */
export const MAX_PROGRESS_ENTRIES = 200;

/** Between two of those: a kill makes a budget forget what was used in this time, at most. */
export const LATE_STEP_MS = 60_000;

/** Different questions one attempt may ask. */
export const MAX_ASKS = 32;

/** A question that waits for longer gives its slot back. */
export const DEFAULT_PARK_AFTER_MS = 600_000;

/** Timers count in 31 bits: what is due later is looked at again after this. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Tries to store an entry that must not be lost, with growing pauses: about half a minute in all. */
export const APPEND_TRIES = 8;
export const APPEND_BACKOFF = { baseMs: 200, maxMs: 10_000 } as const;

/**
 * How long a stopping agent lets running work go on. With `HALT_MS` it is what the shutdown keeps for draining (12 s of the
 * 25 s of design section 9): work that is not given back by then would be lost until its lease ends.
 */
export const DRAIN_MS = 8_000;

/** After the drain: executors end (SIGTERM, 2 s, SIGKILL) and the last entries are stored. */
export const HALT_MS = 4_000;

/** What waited for an answer of others ends at once when the runner has stopped; this is for what does not. */
export const STOP_MS = 500;

/** Entries read at once when the journal is replayed. */
export const REPLAY_PAGE = 500;

/** A register is asked for at least and at most so long; in between a quarter of the lease, so that a renewal has its chance. */
export const MIN_SUBMIT_MS = 500;
export const MAX_SUBMIT_MS = 5_000;

/** Times a change is made anew because this node was behind its register: only its own lost replies can put it there. */
export const MAX_CHANGE_TRIES = 5;

/** Between two tries of a change that voters put off, with growing pauses, when they do not say for how long. */
export const CHANGE_BACKOFF = { baseMs: 100, maxMs: 5_000 } as const;

/** So long a holder waits for voters to hear of what it names (an entry, a request); then it lets the task go. */
export const CHANGE_PATIENCE_MS = 120_000;

/** An entry that tells of a decision is waited for so long before a node that needs it reads the register itself. */
export const CATCH_UP_AFTER_MS = 2_000;

/** Agents that answer a call for help; the others are silent. */
export const MAX_HELPERS = 3;

/** Calls for help that one agent has in hand at once. */
export const MAX_CALLS = 64;

/**
 * A task of another that has not changed for so many leases is asked about, a few of them in this time: a holder that is
 * present may have lost it to a disk that failed. One refused command each is what it costs.
 */
export const SUSPECT_LEASES = 4;
export const SUSPECT_PERIOD_MS = 60_000;
export const MAX_SUSPECTS = 3;

/** How often a holder looks whether its lease is over: so long, and not for the rest of a lease, does work go on after a sleep. */
export const LEASE_LOOK_MS = 1_000;
