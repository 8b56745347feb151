import type { Api } from "@bzzz/api";
import type { Clock, Random } from "@bzzz/base";
import type { Config } from "@bzzz/config";
import type { TaskRegister } from "@bzzz/coordinator";
import type { ContextSearch, ContextStore, DecisionDesk, VersionIndex } from "@bzzz/context";
import type { ElectionManager } from "@bzzz/election";
import type { EncryptedStorage, OnDemandDht } from "@bzzz/dht";
import type { GitHubSource } from "@bzzz/github";
import type { HealthManager, ListeningServer, MetricsRegistry } from "@bzzz/health";
import type { Journal, SyncService } from "@bzzz/journal";
import type { Logger } from "@bzzz/logging";
import type { RoutableP2pNode } from "@bzzz/p2p";
import type { PresenceService } from "@bzzz/presence";
import type { PubSub } from "@bzzz/pubsub";
import type { RegisterNode } from "@bzzz/register";
import type { Slurp } from "@bzzz/slurp";
import type { Store } from "@bzzz/store";
import type { UcxiServer } from "@bzzz/ucxi";
import type { LocalIdentity } from "./agent.ts";
import type { NodeFacade } from "./facade/mesh_facade.ts";
import type { HomePaths } from "./home.ts";
import type { SocketServer } from "./local_socket.ts";
import type { ResourceOptimizer } from "./optimization.ts";
import type { DecisionPublisher } from "./context/decision_publisher.ts";
import type { GossipPort, MeshParticipant } from "./p2p.ts";
import type { RoleService } from "./roles/role_service.ts";
import type { AdminKey } from "./roles/admin_key.ts";
import type { AccessAudit } from "./roles/access_audit.ts";
import type { People } from "./people/people.ts";
import type { PersonKeys } from "./people/person_keys.ts";
import type { MeshReadModel } from "./read_model.ts";
import type { SelfStatus } from "./self_status.ts";
import type { ShutdownManager } from "./shutdown.ts";
import type { SharedState } from "./state.ts";
import type { TaskDecisions } from "./task_decisions.ts";
import type { ContentCatalog } from "./content/content_catalog.ts";
import type { TrustService } from "./trust.ts";
import type { VoterPromoter } from "./voters/promoter.ts";
import type { SeatGuard } from "./voters/seat_guard.ts";
import type { RosterFeed } from "./voters/roster_feed.ts";

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
  /** Errors that nobody caught, by kind; missing where nobody counts them. */
  readonly uncaughtCounts?: () => ReadonlyMap<string, number>;
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
  /** What keeps a restored database from voting. */
  readonly seat: SeatGuard;
  readonly gossipPort: GossipPort;
  readonly journal: Journal;
  readonly trust: TrustService;
  /** What certificates of tasks prove. */
  readonly decisions: TaskDecisions;
  /** Whose devices decide for which person. */
  readonly people: People;
  /** The key of this node's person; an agent has none. */
  readonly person: PersonKeys;
  readonly readModel: MeshReadModel;
  /** Writes who was allowed or refused what. */
  readonly accessAudit: AccessAudit;
  /** The roles of the mesh, their keys, and sealing with them. */
  readonly roles: RoleService;
  /** The admin key, split among members, and put together by the leader of a term. */
  readonly adminKey: AdminKey;
  /** Every content that the journal refers to. */
  readonly contentCatalog: ContentCatalog;
  /** Who has which content, where a mesh is larger than a node's connections; runs only there. */
  readonly dht: OnDemandDht;
  /** Sealed content on this disk and on those of others. */
  readonly encryptedStorage: EncryptedStorage;
  readonly node: RoutableP2pNode;
  readonly pubSub: PubSub;
  /** The tasks' registers. */
  readonly tasks: TaskRegister;
  readonly sync: SyncService;
  /** What a quorum of voters decides. */
  readonly registers: RegisterNode;
  readonly rosterFeed: RosterFeed;
  readonly voterPromoter: VoterPromoter;
  readonly selfStatus: SelfStatus;
  /** Who leads the mesh, and work for the leader. */
  readonly electionManager: ElectionManager;
  readonly presence: PresenceService;
  readonly participant: MeshParticipant;
  readonly sharedState: SharedState<Config>;
  readonly healthManager: HealthManager;
  readonly optimizer: ResourceOptimizer;
  readonly metrics: MetricsRegistry;
  /** Which versions of context there are. */
  readonly versionIndex: VersionIndex;
  /** Context at UCXL addresses. */
  readonly context: ContextStore;
  readonly contextSearch: ContextSearch;
  readonly decisionDesk: DecisionDesk;
  /** Publishes what this node has decided. */
  readonly decisionPublisher: DecisionPublisher;
  /** Context that the leader derives, and everybody reads by role. */
  readonly slurp: Slurp;
  /** Issues of GitHub as tasks; nothing where no repository is configured. */
  readonly github: { readonly source?: GitHubSource };
  readonly ucxiServer: UcxiServer;
  readonly ucxiListener: HttpListener;
  readonly facade: NodeFacade;
  readonly api: Api;
  readonly httpServer: HttpListener;
  readonly healthServer: HttpListener;
  readonly localServer: SocketServer;
}

/** A server that listens only while the node runs. */
export interface HttpListener {
  readonly server: ListeningServer | undefined;
  /** @throws HealthError "port_in_use", "listen_not_permitted", "listen_failed" */
  start(): void;
  stop(): Promise<void>;
}
