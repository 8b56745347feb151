/**
 * Bounds of task coordination.
 *
 * @module
 */

/** Tries that may fail, be lost or be rejected before people are asked (design section 6; released ones do not count). */
export const MAX_ATTEMPTS = 3;

/** The cause of a failure that tells that more was used than the task may: people are asked, whatever tries are left. */
export const BUDGET_EXHAUSTED = "budget_exhausted";

/** Agent of rank r waits r times this before it claims (design section 6). */
export const CLAIM_STEP_MS = 150;

/** A claim that led to nothing (no quorum, a voter that has not heard of the post) is tried again after this. */
export const CLAIM_RETRY_MS = 1_000;

/** A claim that voters refuse for what this node is ("role_required") is tried again after this: its record may change. */
export const REFUSED_RETRY_MS = 60_000;

/** Work that stopped because its lease could not be renewed is taken up again after this, if the task is still held. */
export const RESUME_DELAY_MS = 1_000;

/** Results, failures and other ends that are kept of one author; the oldest go first (the journal has them). */
export const MAX_RESULTS_PER_AUTHOR = 32;

/** Decisions kept of one task. Renewals leave no entry, so this is 100 claims of it. */
export const MAX_TASK_DECISIONS = 512;

/** Late results a task's view shows. */
export const MAX_SUPERSEDED = 32;

/** Claims of one author whose use is kept of one task: more than `MAX_TASK_DECISIONS` tells of. */
export const MAX_USES_PER_AUTHOR = 512;

/** Tasks whose relations to others are remembered. */
export const MAX_BOARD_TASKS = 20_000;

/** Parts of tasks a board keeps by default, one of each author: a task and what its holder tells are two. */
export const MAX_BOARD_PARTS = 40_000;

/** What a board takes of the heap: some 10,000 tasks with ten decisions each. */
export const MAX_BOARD_BYTES = 128 * 1024 * 1024;

/** Before the next try each spent one adds this, so that a task that fails at once is not tried three times at once. */
export const RETRY_STEP_MS = 1_000;

/** How deep tasks are delegated, as the hop limit of messages (design section 5). */
export const MAX_DELEGATIONS = 3;

/** Who tells people of another's exhausted task first waits so long for what that one may have told itself. */
export const TELL_FOR_OTHERS_MS = 5_000;
