/**
 * What both programs are made of: services with declared dependencies under one manager, the node's life and its end, errors
 * with exit statuses, the circuit breaker, the instance lock, profiles, and the state that all parts may read.
 *
 * @module
 */
export { acquireInstanceLock, checkForRunningInstance, INSTANCE_LOCK_FILE } from "./collision.ts";
export type { InstanceHolder, InstanceLock, RunningInstance } from "./collision.ts";
export { createRuntimeError, RUNTIME_ERROR_CODES, RuntimeError } from "./errors.ts";
export type { RuntimeErrorCode, RuntimeErrorOptions } from "./errors.ts";
export type {
  ExecutionMode,
  MeshMessage,
  MessageHandler,
  P2PParticipant,
  PortConfig,
  PublishReceipt,
  Runtime,
  RuntimeConfig,
  RuntimeService,
  ServiceManager,
  ServiceView,
} from "./interfaces.ts";
export type { ServiceState } from "./managed_service.ts";
export { createServiceManager, StandardServiceManager } from "./manager.ts";
export type { ServiceEvents, ServiceManagerDeps } from "./manager.ts";
export {
  assessMemory,
  DEFAULT_MEMORY_THRESHOLDS,
  INITIAL_MEMORY_STATE,
  memoryShare,
  readProcessMemory,
} from "./memory.ts";
export type { MemoryLevel, MemorySample, MemoryState, MemoryThresholds } from "./memory.ts";
export { ResourceOptimizer } from "./optimization.ts";
export type { MemoryEvents, MemoryReport } from "./optimization.ts";
export { AGENT_PROFILE, BINARY_PROFILES, defaultPorts, HAP_PROFILE, ProfileRegistry } from "./profiles.ts";
export type { BinaryProfile } from "./profiles.ts";
export { BreakerOpenError, ServiceCircuitBreaker } from "./resilience.ts";
export type { BreakerEvents, BreakerMetrics, BreakerOptions, CircuitState } from "./resilience.ts";
export { SERVICE_DEFAULTS, serviceDefiner } from "./service.ts";
export type { ServiceContext, ServiceDefinition, ServiceInstance, ServiceSpec } from "./service.ts";
export { ShutdownManager } from "./shutdown.ts";
export type { HookReport, ShutdownContext, ShutdownHook, ShutdownReason, ShutdownReport } from "./shutdown.ts";
export { assertShutdownPlan, DEFAULT_SHUTDOWN_PLAN, phaseBudgetMs, SHUTDOWN_PHASES } from "./shutdown_plan.ts";
export type { ShutdownPhase, ShutdownPlan } from "./shutdown_plan.ts";
export { InterruptGate, listenToSignals, terminationSignals } from "./signals.ts";
export {
  foldState,
  initialState,
  MAX_ACTIVE_TASKS,
  MAX_FINISHED_TASKS,
  MAX_KNOWN_PEERS,
  SharedState,
} from "./state.ts";
export type { ElectionInfo, PeerInfo, SharedStateData, StateEvent, TaskInfo, TaskUpdate } from "./state.ts";
export { findCycle, orderServices, RUNTIME_PHASES } from "./topology.ts";
export type { RuntimePhase, ServiceNode } from "./topology.ts";
export { assertDeployable, validateMultiBinaryDeployment } from "./validation.ts";
export type { DeploymentNode, IdentityFacts } from "./validation.ts";
export { loadLocalIdentity, type LocalIdentity } from "./agent.ts";
export type { Endpoints, HomePaths } from "./home.ts";
export { frontDoor } from "./context/services.ts";
export { modelClientOptions } from "./model_check.ts";
export { homePaths, readEndpoints, writePrivateFile } from "./home.ts";
export { keepPageLink } from "./keep_link.ts";
export { MeshReadModel, type ReadModelEvents } from "./read_model.ts";
export { type ExecutionFactory, type NodeContext, runNode, type RunNodeOptions } from "./run_node.ts";
export { createRuntime, type EnvironmentLoader, nodeServices, StandardRuntime } from "./runtime.ts";
export type { HttpListener, NodeEnvironment, RuntimeServices } from "./services.ts";
export { defaultAgentId, requireAgentId } from "./agent_name.ts";
export { forgetMesh, foundMesh, joinWithToken, type SetupDeps } from "./setup.ts";
export { SelfStatus, type WorkStatus } from "./self_status.ts";
export { JournalTaskFacts, PlanTimes, type TaskFactsDeps } from "./task_facts.ts";
export { TrustService } from "./trust.ts";
export { COMMIT, VERSION } from "./version.ts";
