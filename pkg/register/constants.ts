/**
 * Limits and times of the registers, each with its source. Milliseconds and bytes.
 *
 * @module
 */

/** The protocol between voters, and between a member and a voter. */
export const REGISTER_PROTOCOL = "/bzzz/reg/1.0.0";
/** Version in signatures and records. */
export const REGISTER_VERSION = 1;

/** Longest value of a register: what a claim or a leadership needs is under 1 KiB. */
export const MAX_VALUE_BYTES = 64 * 1024;
/** Longest signed command; its body has the same bound as a value. */
export const MAX_COMMAND_BYTES = MAX_VALUE_BYTES + 1024;
/** Longest code of a refusal ("lease_running"). */
export const MAX_CODE_CHARACTERS = 64;
/** Numbers of voters a mesh may choose: one tolerates no loss, three one, five two. Even numbers occur on the way. */
export const VOTER_COUNTS = [1, 3, 5] as const;
/** More voters than this never exist, not even between two steps. */
export const MAX_VOTERS = 6;

/** A takeover is refused before this many leases, on the voter's own monotonic clock (design section 6). */
export const TAKEOVER_AFTER_LEASES = 1.25;
/** A holder stops at this many leases after it sent the last renewal that was decided (design section 6). */
export const HOLDER_STOPS_AFTER_LEASES = 0.75;

/** Of a command's nonce, what names the lease that it grants. */
export const LEASE_ID_BYTES = 8;

/** Requests that wait for one voter's disk, or for one peer's answers; one more is refused. */
export const MAX_WAITING = 4096;
export const MAX_IN_FLIGHT = 1024;
/** Records of keys that a voter keeps decoded. */
export const MAX_CACHED_RECORDS = 4096;
/** A stream to a voter that nothing was asked on for so long is closed; the next request opens one. */
export const LINK_IDLE_MS = 20_000;
/** A voter that does not answer within this counts as lost for the round; a stopped process keeps its connection for seconds. */
export const REPLY_TIMEOUT_MS = 3000;
/** All attempts of one call, unless told. */
export const CALL_TIMEOUT_MS = 5000;
/**
 * A question that changes nothing, and that a voter has not answered after this, is asked of the next one as well (hedged
 * requests; Dean, Barroso: The Tail at Scale, 2013). A healthy voter answers in a tenth of it; one that is stopped, or was
 * just cut off, in seconds.
 */
export const HEDGE_AFTER_MS = 1000;
/** What a member may ask a voter to wait at most. */
export const MAX_CALL_TIMEOUT_MS = 30_000;
/** Keys of one page, and registers that a transfer writes at once. */
export const KEYS_PER_PAGE = 500;
export const TRANSFER_PARALLEL = 16;
/** How often a voter looks whether a change of the voters is to be brought to its end. */
export const TRANSFER_PERIOD_MS = 2000;
/** Records of the roster's history that are sent at once. */
export const ROSTER_RECORDS_PER_MESSAGE = 64;
/** Damaged keys, and ballots of each, that a voter remembers to have abstained from. */
export const MAX_DAMAGED_KEYS = 256;
export const MAX_DAMAGED_BALLOTS = 16;

/** After a collision of ballots a proposer waits between 0 and this, doubled with each further one, up to the maximum. */
export const BACKOFF_BASE_MS = 10;
export const BACKOFF_MAX_MS = 400;
/** Attempts after which a read that finds voters of two minds writes; more than the time of a call allows are not needed. */
export const READS_WRITE_AFTER: readonly number[] = [2, 6, 14, 30, 62];
/** A refusal that may become untrue ("the post has not arrived here") is tried again after this, unless the voter says when. */
export const RETRY_DEFAULT_MS = 200;
/** A refusal that holds for longer than this is told to the caller instead of waited out. */
export const RETRY_MAX_MS = 1000;
