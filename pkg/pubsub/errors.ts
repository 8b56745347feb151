import { BzzzError } from "@bzzz/base";

/** Codes of `PubSubError`. */
export type PubSubErrorCode = "pubsub_not_started" | "pubsub_frame_too_large";

/** A misuse of publish/subscribe. That nobody listens is no error: `publish` tells how many received. */
export class PubSubError extends BzzzError<PubSubErrorCode> {}
