import type { Clock, MeshId, PeerId, Random } from "@bzzz/base";
import type { SigningKey } from "@bzzz/crypto";
import type { Logger } from "@bzzz/logging";
import type { GossipLimits } from "./flow_limit.ts";
import type { RedeemInvite } from "./join.ts";
import type { RouterComponents } from "./router_host.ts";
import type { RoutingComponents } from "./routing_host.ts";
import type { AddressBook, Admission, P2pNode } from "./types.ts";

/** What a node is made of. */
export interface P2pNodeDeps {
  readonly signingKey: SigningKey;
  readonly admission: Admission;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly addressBook?: AddressBook;
  /** Spends invitations; without it the node serves no joins. */
  readonly redeem?: RedeemInvite;
}

/** Plain data of a node. Addresses are multiaddrs or host:port. */
export interface P2pNodeOptions {
  readonly meshId: MeshId;
  /** 32 bytes, shared by the mesh. */
  readonly networkKey: Uint8Array;
  readonly listen: readonly string[];
  /** Announced in place of the addresses found; for nodes behind a translation. */
  readonly announce?: readonly string[];
  /** Always dialled, for ever; DNS names are resolved at every dial. */
  readonly bootstrap?: readonly string[];
  /** Discovery on the local network; default false. */
  readonly mdns?: boolean;
  /** Connections at most; default 128. */
  readonly maxConnections?: number;
  /** Inbound connections per IP address at most; default 64. */
  readonly maxConnectionsPerPeerIp?: number;
  /** Name and version told to peers, 64 characters at most. */
  readonly software?: string;
  readonly gossip?: GossipLimits;
}

/** A `P2pNode` that a gossip router can be put on. Only `pkg/pubsub` uses `router`. */
export interface RoutableP2pNode extends P2pNode {
  /**
   * The parts for a gossip router; valid between start and stop.
   * @throws P2pError "p2p_not_started"
   */
  router(): RouterComponents;
  /**
   * The parts for a router of contents; valid between start and stop. Only `pkg/dht` uses it.
   * @throws P2pError "p2p_not_started"
   */
  routing(): RoutingComponents;
  /** Whether a peer may speak now. */
  isAdmitted(peer: PeerId): boolean;
}
