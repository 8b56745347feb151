/**
 * Safeguards of discussion (design section 5): what keeps agents from talking in circles without a person.
 *
 * @module
 */

/** A message that was passed on more often is refused. */
export const MAX_HOPS = 3;

/** A message that names no time to live is old after this. */
export const DEFAULT_TTL_MS = 3_600_000;

/** Agents that may speak in one thread; people are not counted. */
export const MAX_THREAD_AGENTS = 5;

/** Messages agents may post in one thread until a person speaks; then escalation is required. */
export const MAX_THREAD_MESSAGES = 50;

/** Messages a thread's view keeps; the oldest go first (the journal has them). */
export const MAX_KEPT_MESSAGES = 500;

/** Late answers and the like a request's view keeps. */
export const MAX_LATE_ANSWERS = 32;

/** Parts of requests kept by default, one of each author: a request and its answer are two. */
export const MAX_INBOX_PARTS = 40_000;
/** What an inbox takes of the heap: some 250 of the longest requests, or some 10,000 of the usual size. */
export const MAX_INBOX_BYTES = 32 * 1024 * 1024;
/** A request with more entries is not read from the journal each time somebody looks: it is forgotten where there is no room. */
export const MAX_PARKED_ENTRIES = 32;
/** Threads that the index keeps. */
export const MAX_THREADS = 5_000;
/** What an index of threads takes of the heap: some 40,000 messages, which have no text there. */
export const MAX_THREADS_BYTES = 32 * 1024 * 1024;

/** Entries kept of one request: what a flood of answers can take. */
export const MAX_REQUEST_ENTRIES = 512;

/** Tasks that depend on others and whose session is known; the ones asked for longest ago go first. */
export const MAX_SESSION_TASKS = 20_000;

/** People whose snoozes and claims, and escalations, that a request's view keeps; further ones count for nothing. */
export const MAX_ATTENTION = 64;
/** Longest time for which a request can be put off: a month. */
export const MAX_SNOOZE_MS = 31 * 86_400_000;
/** "Somebody reads it" is old after this. */
export const CLAIM_FOR_MS = 10 * 60_000;
/** An approval that is older is not acted on: the world has moved on, and people are asked again. A week. */
export const MAX_APPROVAL_AGE_MS = 7 * 86_400_000;
