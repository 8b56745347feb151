/**
 * Bounds of task coordination.
 *
 * @module
 */

/** Attempts that may fail or be lost before people are asked (design section 6; released attempts do not count). */
export const MAX_ATTEMPTS = 3;

/** Agent of rank r waits r times this before it claims (design section 6). */
export const CLAIM_STEP_MS = 150;

/** Between a claim's commit and the start of work: time for a rival claim to be heard. Duels end here, before any work. */
export const CLAIM_SETTLE_MS = 100;

/** A claim that could not be written is tried again after this. */
export const CLAIM_RETRY_MS = 1_000;

/** Refused results a task's view keeps; more are only counted. */
export const MAX_SUPERSEDED = 32;

/** Tasks a board keeps by default; the finished ones that changed longest ago make room. */
export const MAX_BOARD_TASKS = 20_000;

/** Entries a board keeps of one task; a holder reports at most 200 steps of progress per attempt. */
export const MAX_TASK_ENTRIES = 4_096;

/** Before the next attempt each spent one adds this, so that a task that fails at once is not tried three times at once. */
export const RETRY_STEP_MS = 1_000;
