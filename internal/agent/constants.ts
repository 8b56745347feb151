/**
 * Bounds of what an agent does with its tasks.
 *
 * @module
 */

/** At most one entry of progress per task in this time; what comes faster is merged. */
export const PROGRESS_STEP_MS = 1_000;

/** Entries of progress per attempt; `MAX_TASK_ENTRIES` of the coordinator leaves room for several attempts of this. */
export const MAX_PROGRESS_ENTRIES = 200;

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

/** Entries read at once when the journal is replayed. */
export const REPLAY_PAGE = 500;
