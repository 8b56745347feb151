/**
 * Bounds of the GitHub source. GitHub's own are from its documentation of the REST API, version 2022-11-28.
 *
 * @module
 */

/** Version of the REST API that is asked for ("API Versions"). */
export const API_VERSION = "2022-11-28";

/** Issues or comments on one page; GitHub gives at most 100. Anybody may write them: see `MAX_ANSWER_BYTES`. */
export const PAGE_SIZE = 40;
/** Pages of labelled issues that are read of one repository, the oldest first; what lies beyond waits for its turn. */
export const MAX_ISSUE_PAGES = 5;
/** A page that is larger is not kept, and read anew each time: with 32 repositories 80 MiB of text at most. */
export const MAX_KEPT_PAGE_BYTES = 256 * 1024;
/** Pages of comments that are read of one issue: the source's own words must be among them. */
export const MAX_COMMENT_PAGES = 25;
/**
 * Largest answer: more than a page whose texts are all as long as they may be (65,536 characters), each character written as
 * six bytes of JSON, as a control character is.
 */
export const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
/** What is read of a refusal. */
export const MAX_REFUSAL_CHARACTERS = 4_096;

/** "Wait at least one second between each request" that changes something ("Best practices for using the REST API"). */
export const WRITE_PAUSE_MS = 1_000;
/** Where a limit names no time: "wait for at least one minute before retrying". */
export const LIMIT_PAUSE_MS = 60_000;
/** No pause that an answer asks for is longer: a limit is counted by the hour. */
export const MAX_LIMIT_PAUSE_MS = 3_600_000;

/** After a change of its task an issue is looked at so much later: changes come in threes. */
export const SETTLE_MS = 1_000;
/** A new leader looks at the issues of tasks that have ended so lately: their end may not have been told. */
export const RECENT_END_MS = 24 * 3_600_000;
/** An issue is not taken again so soon after the source has written to it: GitHub's lists lag behind. */
export const RETAKE_AFTER_MS = 60_000;
/** An issue at which something failed is left alone so long, twice as long each time. */
export const ISSUE_RETRY = { baseMs: 30_000, maxMs: 3_600_000 } as const;
/** After a round that failed the next one is so much later at most, unless the interval is longer. */
export const MAX_ROUND_PAUSE_MS = 15 * 60_000;

/** How often one issue can be taken again, each time under a task of its own. */
export const MAX_ROUNDS_OF_ISSUE = 100;
/** Issues whose comments are remembered, and issues at which something failed. */
export const MAX_REMEMBERED_ISSUES = 20_000;

/** Longest words of the mesh in a comment; GitHub takes 65,536 characters. */
export const MAX_RESULT_CHARACTERS = 4_096;
