/**
 * What makes `bzzz-agent` an agent: it claims tasks, does them through an executor, asks people and reports. The
 * deciding is in `@bzzz/coordinator` and `@bzzz/hmmm`; here it is done.
 *
 * @module
 */
export { ExecutionStopped, ExecutorError, type ExecutorErrorCode, type StopReason } from "./errors.ts";
export { AgentExecution } from "./execution.ts";
export { createAgentExecution } from "./program.ts";
export { AcpExecutor, type AcpExecutorOptions } from "./executors/acp/acp.ts";
export { MockExecutor } from "./executors/mock.ts";
export { type ProcessCommand, ProcessExecutor, type ProcessExecutorOptions } from "./executors/process.ts";
export { selectEnvironment } from "./executors/program_host.ts";
export { candidateOf, ServicePresenceView } from "./presence_view.ts";
export { AgentRunner, type AgentRunnerDeps, type AgentRunnerEvents } from "./runner.ts";
export type {
  AgentEntry,
  AgentJournal,
  AgentRunnerOptions,
  AgentStatus,
  Answer,
  AskRequest,
  AuthorGrantView,
  AuthorLabel,
  EarlierAnswer,
  ExecutionIo,
  ExecutionJob,
  ExecutionResult,
  Executor,
  PresenceSnapshot,
  PresenceView,
} from "./types.ts";
