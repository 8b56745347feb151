import type { TaskId } from "@bzzz/base";

/** An issue of a repository that is watched. */
export interface IssueRef {
  /** "owner/name", as configured. */
  readonly repository: string;
  readonly number: number;
}

/** An issue as GitHub shows it. Title, body and labels are other people's words. */
export interface Issue extends IssueRef {
  readonly title: string;
  readonly body: string;
  readonly isOpen: boolean;
  readonly labels: readonly string[];
  /** How many comments there are. */
  readonly comments: number;
}

/** A comment, as far as it is read. */
export interface IssueComment {
  readonly id: number;
  readonly body: string;
  /** Written by somebody who may write to the repository, or by an app that is installed there. */
  readonly isTrusted: boolean;
}

/** A task to post for an issue; its texts are the issue's. */
export interface IssueTaskDraft {
  readonly taskId: TaskId;
  readonly clientId: string;
  readonly title: string;
  readonly description: string;
  readonly priority: number;
  readonly requiredCapabilities: readonly string[];
  readonly requiredRole?: string;
  /** For the executor: the address of the issue's page. */
  readonly input: string;
}

/** What is wrong with an issue: which part, what is there, what is expected. */
export interface FieldError {
  readonly field: string;
  readonly found: string;
  readonly expected: string;
}

/** Where a task stands, as far as an issue shows it. */
export type IssueTaskState = "open" | "held" | "completed" | "failed" | "cancelled" | "expired";

/** The task of an issue. */
export interface IssueTask {
  readonly taskId: TaskId;
  /** Of the register; 0 before anything was decided. */
  readonly version: number;
  readonly state: IssueTaskState;
  /** What the holder said of its result. */
  readonly summary?: string;
  /** Why it ended otherwise. */
  readonly reason?: string;
}

/** Settings of the section `tasks.github`. */
export interface GitHubOptions {
  /** Without a slash at its end. */
  readonly apiUrl: string;
  readonly repositories: readonly string[];
  readonly label: string;
  readonly inProgressLabel: string;
  readonly doneLabel: string;
  /** Whether there is a token: without one the source only reads. */
  readonly mayWrite: boolean;
  /** Whether results and reasons are told, and not only states. */
  readonly tellsResults: boolean;
  readonly closes: boolean;
  readonly pollIntervalMs: number;
}

/** Whether a task has come to an end. */
export function isEnd(state: IssueTaskState): state is "completed" | "failed" | "cancelled" | "expired" {
  return state !== "open" && state !== "held";
}
