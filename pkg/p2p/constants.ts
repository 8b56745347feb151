/**
 * Limits and times of the peer-to-peer layer, each with its source. Milliseconds and bytes.
 *
 * @module
 */

/** Protocol of the handshake that admits or refuses; its stream stays open and carries the liveness beats. */
export const HELLO_PROTOCOL = "/bzzz/hello/1.0.0";
/** Protocol a newcomer runs to trade an invitation for a grant. */
export const JOIN_PROTOCOL = "/bzzz/join/1.0.0";

/** One envelope (1 MiB, design section 5) and room for what wraps it. */
export const MAX_FRAME_BYTES = 1024 * 1024 + 64 * 1024;
/** Bytes of one stream that are read ahead of its consumer; beyond, the sender's window is not refilled. */
export const READ_AHEAD_BYTES = 256 * 1024;
/** Unsent bytes of one stream above which `send` waits. */
export const WRITE_HIGH_WATER_BYTES = 256 * 1024;
/** Yamux doubles a stream's window up to this; its default of 16 MiB is what one hostile stream could park here. */
export const MAX_STREAM_WINDOW_BYTES = 1024 * 1024;
/** Streams one connection may have open in each direction. */
export const MAX_STREAMS_PER_CONNECTION = 64;
/**
 * Streams the other side may have open before we have accepted it: hello or join, identify and ping, and as many again.
 * Yamux grants each a window of 256 KiB that need not be read, so 32 such connections can park 64 MiB here.
 */
export const MAX_UNADMITTED_STREAMS = 8;
/** Longest frame of a stream that is open to anyone: a request to join has 400 bytes. */
export const MAX_STRANGER_FRAME_BYTES = 4096;
/** A send that finds no room, or a receive that hears nothing, for this long ends the stream. */
export const STREAM_STALL_TIMEOUT_MS = 30_000;
/** Negotiating a new stream on a connection that is up. */
export const STREAM_OPEN_TIMEOUT_MS = 10_000;
/** A closed stream whose other half stays open is reset after this. */
export const STREAM_LINGER_MS = 10_000;

/** A connection that is not admitted after this long is closed. */
export const ADMISSION_TIMEOUT_MS = 10_000;
/** Connections that are open and not (yet) admitted; more are refused at the door. */
export const MAX_UNADMITTED_CONNECTIONS = 32;
/** Bytes of one hello: grants of a mesh of a thousand members fit. */
export const MAX_HELLO_BYTES = 512 * 1024;
export const MAX_HELLO_PEERS = 64;
export const MAX_ADDRESSES_PER_PEER = 16;
/** Addresses of a third peer that one neighbour may name at once, and how many of hearsay, or of mDNS, are kept of a peer. */
export const MAX_HEARSAY_PER_HELLO = 4;
export const MAX_HEARSAY_PER_PEER = 8;

/**
 * A beat is one byte on the open hello stream. libp2p's own monitor opens, negotiates and closes a stream for every ping:
 * several frames and round trips in place of one. Chosen for that count; the two were not measured against each other.
 */
export const BEAT_INTERVAL_MS = 1500;
/**
 * Silence after which a connection is dead: two beats and more are missing. It is looked for this often, so a cut link is seen
 * within 4.75 s, and a node that lost the majority of the voters says so within 5 s (docs/reliability.md).
 */
export const SILENCE_TIMEOUT_MS = 4250;
export const SILENCE_LOOK_MS = 500;

/** How often the redial loop looks at what is due. */
export const REDIAL_TICK_MS = 500;
/** One dial, with its handshakes. A lost SYN is repeated after 1 s and 3 s, so a link that returns is met within it. */
export const DIAL_TIMEOUT_MS = 4000;
export const ADDRESS_DIAL_TIMEOUT_MS = 3000;
/** First pause after a failed dial. */
export const REDIAL_BASE_MS = 500;
/** Longest pause for a peer that was here lately: reconnected within 5 s after a partition heals (design, platform B). */
export const REDIAL_RECENT_MAX_MS = 2500;
/** Longest pause for a peer that has been gone for long. */
export const REDIAL_LONG_MAX_MS = 60_000;
/** How long a peer counts as having been here lately. */
export const RECENTLY_SEEN_MS = 10 * 60_000;
export const MAX_PARALLEL_DIALS = 8;
/** Of these, how many may be to who answered on the local network and has no grant known here: anybody there can answer. */
export const MAX_STRANGER_DIALS = 4;
/** Above this many connections the loop stops adding members: gossip needs some peers of a large mesh, not all. */
export const TARGET_CONNECTIONS = 16;
/** Neighbours a node tells of on its hello stream: 2 KiB. */
export const MAX_TOLD_NEIGHBOURS = 256;
/** Peers whose addresses are remembered. */
export const MAX_REMEMBERED_PEERS = 1024;

/** How long a peer that was dropped stays out. */
export const DENY_MS = 60_000;
export const MAX_DENIED_PEERS = 1024;
/** Offences a peer may commit at once, and how many it is forgiven per second. */
export const OFFENCE_BURST = 10;
export const OFFENCES_FORGIVEN_PER_SECOND = 0.2;

/**
 * Kademlia: messages of one peer, about 5 KiB of memory each for ten seconds (`QuestionLimit`). To say who has what, a member
 * sends a peer two for each content, one after the other.
 */
export const ROUTING_QUESTIONS_PER_SECOND = 500;
export const ROUTING_BURST_QUESTIONS = 2000;
/** A question has a key, and the addresses of a few peers. */
export const MAX_ROUTING_FRAME_BYTES = 64 * 1024;

/** Gossip: what one peer may send in the long run, with bursts; over it, its stream is read no faster. */
export const GOSSIP_BYTES_PER_SECOND = 8 * 1024 * 1024;
export const GOSSIP_BURST_BYTES = 16 * 1024 * 1024;
/** Below what one node can verify and store (about 3,500/s on two cores): a flood must meet the limit before the processor. */
export const GOSSIP_MESSAGES_PER_SECOND = 1000;
export const GOSSIP_BURST_MESSAGES = 8000;
/** How long a peer may press against its limit before it is dropped: the bucket's size, refilled at a fifth of real time. */
export const GOSSIP_PATIENCE_MS = 3000;
/** One gossip RPC: a few envelopes of the largest size (answers to IWANT are batched by gossipsub). */
export const MAX_GOSSIP_RPC_BYTES = 4 * 1024 * 1024;
/** Items (messages, subscriptions, control) of one gossip RPC. */
export const MAX_GOSSIP_RPC_ITEMS = 1024;
/** Entries, which a message may hold several of, that are judged in one turn of the event loop: some 25 ms of it. */
export const MAX_GOSSIP_PART_ENTRIES = 256;

/** Defaults of the options: loopback meshes of 30 fit (platform B). */
export const DEFAULT_MAX_CONNECTIONS = 128;
export const DEFAULT_MAX_CONNECTIONS_PER_IP = 64;
/** libp2p's default of 5 new connections per second and host starves a mesh behind one address (measured). */
export const INBOUND_CONNECTIONS_PER_SECOND = 100;
/** libp2p's default of 10 refuses honest peers when a mesh starts at once. */
export const MAX_PENDING_INBOUND = 64;
