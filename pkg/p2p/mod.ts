/**
 * Connections between nodes: who is reached, who is admitted, and streams between those who are. The node below is
 * libp2p; nothing of libp2p shows in this face but the parts that `@bzzz/pubsub` puts its router on.
 *
 * @module
 */
export { HELLO_PROTOCOL, JOIN_PROTOCOL, MAX_FRAME_BYTES } from "./constants.ts";
export { P2pError, type P2pErrorCode } from "./errors.ts";
export type { GossipLimits } from "./flow_limit.ts";
export {
  type JoinDeps,
  joinMesh,
  type JoinOptions,
  type JoinOutcome,
  type JoinRequest,
  type JoinWelcome,
  type RedeemInvite,
} from "./join.ts";
export { createMembershipAdmission } from "./membership_admission.ts";
export { isLibraryFault } from "./library_faults.ts";
export { createP2pNode } from "./node.ts";
export type { P2pNodeDeps, P2pNodeOptions, RoutableP2pNode } from "./node_types.ts";
export type { RouterComponents } from "./router_host.ts";
export type { RoutingComponents } from "./routing_host.ts";
export type {
  AddressBook,
  Admission,
  AdmissionVerdict,
  Credentials,
  HandleOptions,
  P2pEvents,
  P2pNode,
  P2pStats,
  PeerInfo,
  PeerStream,
  RememberedPeer,
  StreamAdmission,
  StreamHandler,
  StreamOpener,
} from "./types.ts";
