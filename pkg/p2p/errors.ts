import { BzzzError } from "@bzzz/base";

/** Codes of `P2pError`. */
export type P2pErrorCode =
  | "p2p_listen_failed"
  | "p2p_bad_address"
  | "p2p_bad_key"
  | "p2p_dial_failed"
  | "p2p_not_connected"
  | "p2p_not_admitted"
  | "p2p_not_started"
  | "p2p_stream_failed"
  | "p2p_frame_too_large"
  | "p2p_protocol_violation"
  | "p2p_join_refused";

/** A failure of connections, streams, admission or joining. */
export class P2pError extends BzzzError<P2pErrorCode> {}
