import { BzzzError } from "@bzzz/base";

/**
 * - "content_quota": there is no room and everything here must be kept.
 * - "content_too_large": more than one content may have.
 * - "content_unavailable": the disk does not take or give it.
 * - "record_refused": a record of the DHT that is not kept here.
 * - "request_malformed": a request for content that no honest peer makes.
 * - "dht_not_running": used before its start or after its stop.
 */
export type DhtErrorCode =
  | "content_quota"
  | "content_too_large"
  | "content_unavailable"
  | "record_refused"
  | "request_malformed"
  | "dht_not_running";

/** A failure of this package. */
export class DhtError extends BzzzError<DhtErrorCode> {}
