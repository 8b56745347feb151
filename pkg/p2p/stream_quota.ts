import type { Connection } from "@libp2p/interface";
import { MAX_STREAMS_PER_CONNECTION } from "./constants.ts";

/** The member of @chainsafe/libp2p-yamux 8.0.1 that says how many streams the other side may open. */
interface Limited {
  readonly muxer?: { maxInboundStreams?: unknown };
}

/**
 * Lets the peer of a connection open as many streams as a member may; until then it has `MAX_UNADMITTED_STREAMS`. Yamux
 * has no such call, so its limit is set where it keeps it; a yamux built otherwise stays with the smaller number.
 */
export function allowMemberStreams(connection: Connection): void {
  const { muxer } = connection as Limited; // a private member, checked before use
  if (typeof muxer?.maxInboundStreams === "number") muxer.maxInboundStreams = MAX_STREAMS_PER_CONNECTION;
}
