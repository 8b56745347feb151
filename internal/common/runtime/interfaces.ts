import type { EntryId, PeerId } from "@bzzz/base";
import type { CheckOutcome, HealthCheck, HealthStatus } from "@bzzz/health";
import type { BinaryType } from "@bzzz/agentid";
import type { ServiceState } from "./managed_service.ts";
import type { ServiceDefinition } from "./service.ts";
import type { RuntimePhase } from "./topology.ts";

/** One service of a node as its manager drives it (specification section 5.1). Every step rejects at its deadline. */
export interface RuntimeService {
  readonly name: string;
  readonly dependencies: readonly string[];
  initialize(options: { readonly signal: AbortSignal }): Promise<void>;
  start(options: { readonly signal: AbortSignal }): Promise<void>;
  stop(options: { readonly signal: AbortSignal }): Promise<void>;
  isHealthy(): boolean;
}

/** What anybody may know of a service; the steps belong to its manager. */
export interface ServiceView extends Pick<RuntimeService, "name" | "dependencies" | "isHealthy"> {
  readonly state: ServiceState;
  health(): CheckOutcome;
}

/**
 * Owns services (specification section 5.1): creates and starts them dependencies first, rolls back in reverse when one fails,
 * and stops them in reverse. It lives once: a stopped one does not start again.
 */
export interface ServiceManager<Services extends object> extends AsyncDisposable {
  /**
   * Adds a service before anything is created.
   * @throws RuntimeError `service_duplicate`, `service_cycle` (when the known ones close one), `lifecycle_misused`
   */
  register(definition: ServiceDefinition<Services>): void;
  /**
   * Creates the services of one phase, or of all that remain. On failure everything created so far is stopped.
   * @throws RuntimeError with the service's `failureCode`; `service_unknown` and the like when the list has no order;
   * `lifecycle_misused` out of turn; the reason of `signal`, or an `AbortError` when `stop` called it off
   */
  initialize(options?: { readonly phase?: RuntimePhase; readonly signal?: AbortSignal }): Promise<void>;
  /**
   * Starts every service, creating first what is not created. On failure everything is stopped.
   * @throws RuntimeError as `initialize`; `lifecycle_misused` when it has already started or stopped
   */
  start(options?: { readonly signal?: AbortSignal }): Promise<void>;
  /**
   * Stops in reverse order, each service within its deadline and all within `timeoutMs`; one that fails does not keep the
   * others from stopping. During a start it calls the start off. Idempotent: every call gives the first one's result.
   * @throws RuntimeError `service_stop_failed`, whose cause is an `AggregateError` with one `RuntimeError` per service
   */
  stop(options?: { readonly timeoutMs?: number }): Promise<void>;
  /** @throws RuntimeError `service_unknown`, `service_not_ready` (not created, or stopped) */
  getService<Name extends keyof Services & string>(name: Name): Services[Name];
  /** All of them as one object (the specification's `RuntimeServices`); a property that is not created throws as `getService`. */
  readonly services: Readonly<Services>;
  /** In the order of their start. */
  views(): readonly ServiceView[];
  /** Whether each service is healthy. */
  getHealthStatus(): ReadonlyMap<string, boolean>;
  /** One check per service, "service.<name>", for a `HealthManager`. */
  healthChecks(): readonly HealthCheck[];
}

/** What `publishMessage` achieved. */
export interface PublishReceipt {
  /** The entry: it is on this node's disk, and every member gets it, late joiners too. */
  readonly id: EntryId;
  readonly seq: number;
}

/** A message of the mesh as a handler sees it: verified, decoded, stored. */
export interface MeshMessage {
  readonly id: EntryId;
  readonly author: PeerId;
  readonly topic: string;
  readonly kind: string;
  readonly body: unknown;
}

/** Must not block: what takes long belongs into a queue of its own; at most 256 calls of one handler run, later messages miss. */
export type MessageHandler = (message: MeshMessage) => void | Promise<void>;

/** What both programs may do in the mesh, in the same way (specification section 5.3). */
export interface P2PParticipant {
  /** Resolves when the node listens and looks for peers; being alone is not an error. */
  joinMesh(options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** `topic` is a full name or an alias ("coordination"). Resolves once the message is on disk. */
  publishMessage(topic: string, data: unknown): Promise<PublishReceipt>;
  /** Messages stored from now on, this node's own too. The result unsubscribes; calling it twice is harmless. */
  subscribeToTopic(topic: string, handler: MessageHandler): () => void;
  getPeerID(): PeerId;
  /** Admitted members that are connected now. */
  getConnectedPeers(): readonly PeerId[];
}

/** What makes a program that program, on top of the shared services (specification section 5.2). */
export interface ExecutionMode<Services extends object> {
  /** Runs until `signal` aborts or the work is over (a person quits); resolves then. */
  run(services: Readonly<Services>, options: { readonly signal: AbortSignal }): Promise<void>;
  /** Ends `run` in good order. Idempotent. */
  stop(): Promise<void>;
  getType(): BinaryType;
}

/** Ports that replace the profile's and the file's; 0 takes any free one. The specification's `PortConfig`. */
export interface PortConfig {
  readonly httpPort?: number;
  readonly healthPort?: number;
  readonly ucxiPort?: number;
  readonly adminUiPort?: number;
  readonly p2pPort?: number;
}

/** What a runtime is asked to be (specification section 3.1). */
export interface RuntimeConfig {
  /** Undefined: the defaults of the profile. */
  readonly configPath: string | undefined;
  readonly binaryType: BinaryType;
  /**
   * The data directory needs a setup (`needsSetup`): after the configuration nothing is created, and `initialize` rejects with
   * `mesh_missing`. Whoever can show the setup to somebody does so before (`ProgramHooks.setupOnPage`).
   */
  readonly enableSetupMode: boolean;
  readonly customPorts: PortConfig;
}

/** A node's life (specification section 3.2). `Stop` is safe at any time, also after a failed `initialize`. */
export interface Runtime<Services extends object> {
  /** The five phases; on failure nothing is left open. @throws RuntimeError; IdentityError `mesh_missing` in setup mode */
  initialize(config: RuntimeConfig, options?: { readonly signal?: AbortSignal }): Promise<Readonly<Services>>;
  /** @throws RuntimeError */
  start(options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** Idempotent. @throws RuntimeError `service_stop_failed` */
  stop(options?: { readonly timeoutMs?: number }): Promise<void>;
  getHealthStatus(): HealthStatus;
}
