import type { Api } from "@bzzz/api";
import type { Clock, Random } from "@bzzz/base";
import type { Config } from "@bzzz/config";
import type { HealthManager, ListeningServer, MetricsRegistry } from "@bzzz/health";
import type { Journal, SyncService } from "@bzzz/journal";
import type { Logger } from "@bzzz/logging";
import type { RoutableP2pNode } from "@bzzz/p2p";
import type { PresenceService } from "@bzzz/presence";
import type { PubSub } from "@bzzz/pubsub";
import type { Store } from "@bzzz/store";
import type { LocalIdentity } from "./agent.ts";
import type { NodeFacade } from "./facade/mesh_facade.ts";
import type { HomePaths } from "./home.ts";
import type { ResourceOptimizer } from "./optimization.ts";
import type { GossipPort, MeshParticipant } from "./p2p.ts";
import type { MeshReadModel } from "./read_model.ts";
import type { SelfStatus } from "./self_status.ts";
import type { ShutdownManager } from "./shutdown.ts";
import type { SharedState } from "./state.ts";
import type { TrustService } from "./trust.ts";

/** What the process gives a node; nothing below reads the process itself. */
export interface NodeEnvironment {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly config: Config;
  readonly paths: HomePaths;
  readonly env: Readonly<Record<string, string>>;
  readonly version: string;
  /** Of `--dev`: told to whoever asks. */
  readonly isInsecure: boolean;
  readonly passphrase?: string;
  readonly shutdownManager: ShutdownManager;
}

/**
 * All services of a node (specification section 3.1), by name: a view of one manager. What a later part brings (DHT,
 * encrypted storage, election, decisions, UCXI) is a member here from the day it exists, and not before.
 */
export interface RuntimeServices {
  readonly config: Config;
  readonly logger: Logger;
  readonly shutdownManager: ShutdownManager;
  /** Who this node is. */
  readonly identity: LocalIdentity;
  readonly store: Store;
  readonly gossipPort: GossipPort;
  readonly journal: Journal;
  readonly trust: TrustService;
  readonly readModel: MeshReadModel;
  readonly node: RoutableP2pNode;
  readonly pubSub: PubSub;
  readonly sync: SyncService;
  readonly selfStatus: SelfStatus;
  readonly presence: PresenceService;
  readonly participant: MeshParticipant;
  readonly sharedState: SharedState<Config>;
  readonly healthManager: HealthManager;
  readonly optimizer: ResourceOptimizer;
  readonly metrics: MetricsRegistry;
  readonly facade: NodeFacade;
  readonly api: Api;
  readonly httpServer: HttpListener;
  readonly healthServer: HttpListener;
}

/** A server that listens only while the node runs. */
export interface HttpListener {
  readonly server: ListeningServer | undefined;
  /** @throws HealthError "port_in_use", "listen_not_permitted", "listen_failed" */
  start(): void;
  stop(): Promise<void>;
}
