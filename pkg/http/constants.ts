/** Default of `maxBodyBytes`: the largest body a request may have, as the envelope (design, section 5). */
export const DEFAULT_MAX_BODY_BYTES = 1024 * 1024;

/** Streams of events served at once; one more is refused with 503. */
export const MAX_EVENT_CLIENTS = 32;

/** Live events one stream may have waiting before it is dropped as slow. */
export const EVENT_QUEUE_CAPACITY = 256;

/** Silence after which a stream gets a comment, so that a dead connection is noticed by both ends. */
export const EVENT_HEARTBEAT_MS = 15_000;

/** A stream whose client took nothing for this long while events waited is dropped. */
export const EVENT_STALL_MS = 60_000;

/** Items read at once while a stream catches up. */
export const EVENT_PAGE_ITEMS = 200;

/** A route other than the stream answers within this, or with 504. */
export const REQUEST_TIMEOUT_MS = 30_000;
