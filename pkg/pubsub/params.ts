import type { GossipsubOpts } from "@libp2p/gossipsub";

/**
 * Tuned for meshes of 2 to 30 on a LAN, for latency first. Sources: GossipSub v1.1 (arXiv 2007.02754) for the meaning
 * of each value, the platform notes (section B) for what was measured.
 */
export const HEARTBEAT_MS = 700;

/**
 * How long an id is remembered to recognise a copy. Copies come within a second; older ones the journal recognises.
 * The default of 2 minutes is what a flood fills.
 */
export const SEEN_TTL_MS = 30_000;

/** Messages above this are announced before they are sent on (IDONTWANT); for small ones that only costs time. */
const ANNOUNCE_ABOVE_BYTES = 32 * 1024;

/** Unsent bytes per peer; beyond, its stream is reset and opened anew, and sync brings what was lost. */
const MAX_OUTBOUND_BYTES = 8 * 1024 * 1024;

/** The decoder refuses more; the host has counted the items before (`MAX_GOSSIP_RPC_ITEMS`). */
const DECODE_LIMITS: NonNullable<GossipsubOpts["decodeRpcLimits"]> = {
  maxSubscriptions: 64,
  maxMessages: 1024,
  maxIhaveMessageIDs: 5000,
  maxIwantMessageIDs: 5000,
  maxIdontwantMessageIDs: 512,
  maxControlMessages: 64,
  maxPeerInfos: 16,
};

/** Options that do not depend on the node. */
export const GOSSIP_OPTIONS: Partial<GossipsubOpts> = {
  // the envelope is signed once, by its author; a second signature per message halves the throughput (measured)
  globalSignaturePolicy: "StrictNoSign",
  fallbackToFloodsub: false,
  emitSelf: false,
  allowPublishToZeroTopicPeers: true,
  ignoreDuplicatePublishError: true,
  // own messages go to every peer at once: one hop in a small mesh; encoded once for all
  floodPublish: true,
  batchPublish: true,
  D: 6,
  Dlo: 4,
  Dhi: 10,
  Dscore: 4,
  Dout: 2,
  Dlazy: 4,
  heartbeatInterval: HEARTBEAT_MS,
  mcacheLength: 5,
  mcacheGossip: 3,
  seenTTL: SEEN_TTL_MS,
  idontwantMinDataSize: ANNOUNCE_ABOVE_BYTES,
  // one message of one peer at a time: what is not processed stays in the peer's window
  awaitRpcHandler: true,
  awaitRpcMessageHandler: true,
  maxOutboundBufferSize: MAX_OUTBOUND_BYTES,
  decodeRpcLimits: DECODE_LIMITS,
  maxTopicBytesPerPeer: 64 * 1024,
  maxInboundStreams: 4,
  maxOutboundStreams: 4,
  doPX: false,
  tagMeshPeers: false,
};

/** What pushes a peer out of the meshes. Topics are not scored: the gate and the offence register judge messages. */
export const SCORE_WEIGHTS = {
  topics: {},
  // more than 10 peers behind one address would push each other below zero: 0-61 % delivered on loopback (measured)
  IPColocationFactorWeight: 0,
  appSpecificWeight: 1,
  // a busy honest node answers an IWANT late: only what lasts counts
  behaviourPenaltyWeight: -1,
  behaviourPenaltyThreshold: 10,
  behaviourPenaltyDecay: 0.5,
  retainScore: 10_000,
} as const;

/** Score of a peer without a valid grant: below every threshold. */
export const NOT_ADMITTED_SCORE = -1000;
