/**
 * GitHub as a source of tasks: issues with a label become tasks of the mesh, and what becomes of them is told on the
 * issues. An addition: nothing else needs it. What is to be done for an issue is decided in `planIssue`, which is pure;
 * `GitHubSource` asks, and does it while its node leads.
 *
 * ```ts
 * const source = new GitHubSource(deps, options);
 * source.start();
 * await source.stop();
 * ```
 *
 * @module
 */
export { GitHubError, type GitHubErrorCode, isOutage } from "./errors.ts";
export type { MeshTasks, SourcedTask } from "./mesh_tasks.ts";
export type { RoundFailure } from "./polled_term.ts";
export { GitHubSource, type GitHubSourceDeps, type GitHubSourceStatus, type HeldTerm } from "./source.ts";
export type { Breaker } from "./transport.ts";
export type { GitHubOptions, IssueTask, IssueTaskDraft, IssueTaskState } from "./types.ts";
