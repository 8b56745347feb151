import type { TaskId } from "@bzzz/base";
import { endedComment, postedComment, refusedComment } from "./comments.ts";
import type { MappedIssue } from "./map_issue.ts";
import { isSameComment, type Told } from "./markers.ts";
import { type GitHubOptions, isEnd, type Issue, type IssueTask, type IssueTaskDraft } from "./types.ts";

/** One thing to do for an issue. */
export type IssueStep =
  | { readonly type: "post"; readonly draft: IssueTaskDraft }
  | { readonly type: "cancel"; readonly taskId: TaskId; readonly reason: string }
  | { readonly type: "comment"; readonly body: string }
  | { readonly type: "edit_comment"; readonly commentId: number; readonly body: string }
  | { readonly type: "add_label" | "remove_label"; readonly label: string }
  | { readonly type: "close" | "reopen" };

/** What is known of an issue. */
export interface IssueFacts {
  readonly issue: Issue;
  /** The newest task of the issue. */
  readonly task: IssueTask | undefined;
  /** What a new task of it would be: the first, or the one after `task`. Missing when it had too many. */
  readonly next: { readonly round: number; readonly mapped: MappedIssue } | undefined;
  /** What was said on it; undefined where nothing can be said. */
  readonly told: Told | undefined;
}

/**
 * What is to be done so that an issue and its task say the same. Pure; done again after a crash it asks for what is left.
 * The comment comes last of what belongs together: it is the source's memory that the rest was done.
 */
export function planIssue({ issue, task, next, told }: IssueFacts, options: GitHubOptions): readonly IssueStep[] {
  const isWanted = issue.isOpen && hasLabel(issue, options.label);
  if (!task) return isWanted && next ? begin(next, told) : [];
  if (!told) return !isEnd(task.state) && !isWanted ? [cancel(issue, task, options)] : [];
  const mark = told.marks.get(task.taskId);
  // the one who led before knew more of the task than this node does yet
  if (mark && mark.version > task.version) return [];
  if (isEnd(task.state)) {
    if (mark?.kind !== "ended" || mark.version !== task.version) return end(issue, task, options);
    // its end was told and the label taken away, so a person has set it again
    return isWanted && next ? begin(next, told) : [];
  }
  if (mark?.kind === "ended") return reopen(issue, task, options);
  if (!isWanted) return [cancel(issue, task, options)];
  return [
    ...(mark ? [] : [
      ...without(issue, options.doneLabel),
      { type: "comment", body: postedComment(task, options) } as const,
    ]),
    ...(task.state === "held" ? having(issue, options.inProgressLabel) : without(issue, options.inProgressLabel)),
  ];
}

function begin({ round, mapped }: NonNullable<IssueFacts["next"]>, told: Told | undefined): readonly IssueStep[] {
  if (mapped.ok) return [{ type: "post", draft: mapped.draft }];
  if (!told) return [];
  const body = refusedComment(mapped.errors, round);
  const known = told.refusals.get(round);
  if (!known) return [{ type: "comment", body }];
  return isSameComment(known.body, body) ? [] : [{ type: "edit_comment", commentId: known.commentId, body }];
}

function cancel(issue: Issue, task: IssueTask, { label }: GitHubOptions): IssueStep {
  const { repository, number } = issue;
  const why = issue.isOpen ? `label ${label} was removed from` : "a person closed";
  return { type: "cancel", taskId: task.taskId, reason: `${why} issue ${repository}#${number}` };
}

function end(issue: Issue, task: IssueTask, options: GitHubOptions): readonly IssueStep[] {
  const isDone = task.state === "completed";
  return [
    ...without(issue, options.inProgressLabel),
    ...(isDone ? having(issue, options.doneLabel) : []),
    ...without(issue, options.label),
    ...(isDone && options.closes && issue.isOpen ? [{ type: "close" } as const] : []),
    { type: "comment", body: endedComment(task, options) },
  ];
}

/** In the mesh it is tried again: the issue is as it was when it was taken. */
function reopen(issue: Issue, task: IssueTask, options: GitHubOptions): readonly IssueStep[] {
  return [
    ...(issue.isOpen ? [] : [{ type: "reopen" } as const]),
    ...without(issue, options.doneLabel),
    ...having(issue, options.label),
    { type: "comment", body: postedComment(task, options) },
  ];
}

function hasLabel(issue: Issue, label: string): boolean {
  return issue.labels.some((one) => one.toLowerCase() === label.toLowerCase());
}

function having(issue: Issue, label: string): IssueStep[] {
  return hasLabel(issue, label) ? [] : [{ type: "add_label", label }];
}

function without(issue: Issue, label: string): IssueStep[] {
  return hasLabel(issue, label) ? [{ type: "remove_label", label }] : [];
}
