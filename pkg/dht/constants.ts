/** Protocol that moves sealed content between members. */
export const CONTENT_PROTOCOL = "/bzzz/content/1.0.0";
/** The project's own Kademlia, never the public one. */
export const KAD_PROTOCOL = "/bzzz/kad/1.0.0";

/** Bytes of one piece on the wire; the transport's frame limit is four times that. */
export const CHUNK_BYTES = 256 * 1024;
/**
 * Contents up to here are rows of the database, larger ones files. Below about 100 KB SQLite reads and writes faster than a
 * file system does (sqlite.org/intern-v-extern-blob.html). Not more than a piece on the wire.
 */
export const MAX_SMALL_CONTENT_BYTES = 64 * 1024;
/** Hashes of one question "which of these have you". */
export const MAX_ASKED_HASHES = 256;
/** Nodes that keep each content, where the mesh has so many (reference section 2.9). */
export const REPLICAS = 3;
/** How often a node looks whether everything it is to keep is there, and kept elsewhere. */
export const REPAIR_PERIOD_MS = 10 * 60_000;
/** Pause between a change of the members and the repair it asks for: a node that restarts is back by then. */
export const REPAIR_DELAY_MS = 30_000;
/** Provider records live 48 h at the peers, so they are told anew four times as often. */
export const REPUBLISH_PERIOD_MS = 12 * 60 * 60_000;
/**
 * A transfer that has lasted this long and brought less than the least rate is broken off, as a peer may drip to keep a content
 * away. A slow line loses nothing by it: the next try goes on where this one was.
 */
export const TRANSFER_PATIENCE_MS = 20_000;
/** The least rate of a transfer. */
export const TRANSFER_MIN_BYTES_PER_SECOND = 16 * 1024;
/** Streams of the protocol per peer, each way. */
export const MAX_CONTENT_STREAMS = 8;
/** Contents that one node fetches or sends for repair at the same time. */
export const PARALLEL_TRANSFERS = 4;
