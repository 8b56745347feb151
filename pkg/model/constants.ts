/**
 * Bounds of what is asked of servers of models.
 *
 * @module
 */

/** Largest answer that is read, in bytes: a hundred times what models write. */
export const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** Largest error body that is read for its message. */
export const MAX_ERROR_BYTES = 16 * 1024;

/** Characters of a server's own words in a message of ours. */
export const MAX_QUOTE_CHARACTERS = 300;

/** Tries of one request: what a busy or restarting server refuses once, it may answer later. */
export const MAX_TRIES = 3;

/** Between two tries, with growing pauses, when the server does not say for how long. */
export const RETRY_BACKOFF = { baseMs: 500, maxMs: 10_000 } as const;

/** A server that asks for a longer pause than this is busy: its task is better tried elsewhere. */
export const MAX_RETRY_AFTER_MS = 60_000;

/** Names of models that a server may list; more are left out. */
export const MAX_LISTED = 1_000;
export const MAX_NAME_CHARACTERS = 128;

/** Calls of tools in one answer; a model that wants more is broken. */
export const MAX_CALLS = 16;

/** UTF-8 bytes of a token, where the server counts none: less than in any common language, so that guesses are high. */
export const GUESSED_BYTES_PER_TOKEN = 3;

/** The version of Anthropic's API that is spoken (https://platform.claude.com/docs/en/api/versioning). */
export const ANTHROPIC_VERSION = "2023-06-01";

/** Largest file of a token, in bytes. */
export const MAX_TOKEN_BYTES = 4_096;
