/**
 * Constants of trust. The formats and the time rules are part of the protocol: nodes that differ in them disagree about
 * who is a member.
 *
 * @module
 */

/** Version of grants and revocations this program writes and reads. */
export const TRUST_VERSION = 1;

/** Longest signed grant; real ones have about 500 bytes. */
export const MAX_GRANT_BYTES = 4096;
/** Longest signed revocation; `MAX_KEPT` ids of 34 bytes and the rest. */
export const MAX_REVOCATION_BYTES = 64 * 1024;
/** Records of a revoked master that a revocation can keep alive. */
export const MAX_KEPT = 1024;
/** Grants between the root and a member, both ends counted: bounds the work of one decision. */
export const MAX_CHAIN_DEPTH = 8;
/**
 * Grants and revocations with a chain to the root that one mesh may have, and those of one master: bounds memory and time
 * against a mad master. The root is not held to them, and revocations have room of their own, so that nobody can fill
 * the book to keep others from revoking it.
 */
export const MAX_RECORDS = 16_384;
/** Records of one master that count; a mad one cannot fill the roster alone. */
export const MAX_RECORDS_PER_MASTER = 4096;
/** Places that grants cannot take, so that a revocation always finds one. */
export const REVOCATION_RESERVE = 4096;
/** Records that wait for the grant of their issuer; when full, the oldest goes (sync brings it again). */
export const MAX_PENDING = 1024;

/** Clocks of honest hosts may differ this much before a grant is refused for its times (reference S-36: minutes). */
export const CLOCK_TOLERANCE_MS = 5 * 60_000;

const DAY_MS = 24 * 60 * 60_000;
/** How long a grant is valid unless the issuer says otherwise. */
export const DEFAULT_GRANT_TTL_MS = 365 * DAY_MS;
/** The founder's grant bounds all grants it issues, so it lasts long. */
export const FOUNDER_GRANT_TTL_MS = 10 * 365 * DAY_MS;
/** How long an invitation is open unless the inviter says otherwise (design section 4). */
export const DEFAULT_INVITE_TTL_MS = 60 * 60_000;

/** Longest record of a person, signed decision or mandate of a policy. */
export const MAX_PERSON_RECORD_BYTES = 32 * 1024;
/** How long the certificate of a device is valid unless its person says otherwise. */
export const DEVICE_CERTIFICATE_TTL_MS = 365 * DAY_MS;
/** How long a person lets the rules of a policy approve; then they look at it again. */
export const MANDATE_TTL_MS = 90 * DAY_MS;
/** Rules that a mandate can have. */
export const MAX_MANDATE_RULES = 256;
/** Records of people that one member can bring: bounds the memory that it can take. */
export const MAX_PERSON_RECORDS_PER_AUTHOR = 64;
/** Roots that one person may have had, one after the other. */
export const MAX_SUCCESSIONS = 16;
/** Devices that a succession can name. */
export const MAX_PERSON_ITEMS = 64;
