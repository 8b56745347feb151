import { assertNever, BzzzError, type Clock, LruMap, type MeshId, type TaskId } from "@bzzz/base";
import type { GitHubClient } from "./client.ts";
import { MAX_REMEMBERED_ISSUES, MAX_ROUNDS_OF_ISSUE, RETAKE_AFTER_MS } from "./constants.ts";
import { GitHubError } from "./errors.ts";
import { clientIdOf, taskIdOf } from "./issue_id.ts";
import { mapIssue } from "./map_issue.ts";
import { addTold, NOTHING_TOLD, readTold, type Told } from "./markers.ts";
import type { MeshTasks } from "./mesh_tasks.ts";
import { type IssueStep, planIssue } from "./plan_issue.ts";
import type { CallOptions } from "./transport.ts";
import { type GitHubOptions, isEnd, type Issue, type IssueRef, type IssueTask } from "./types.ts";

/** What a desk stands on. */
export interface IssueDeskDeps {
  readonly client: Pick<
    GitHubClient,
    "issue" | "comments" | "addComment" | "editComment" | "addLabel" | "removeLabel" | "setOpen"
  >;
  readonly tasks: MeshTasks;
  readonly mesh: MeshId;
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly onEvent: (name: string) => void;
}

/** Posting changes what is to be done next, and so does cancelling: an issue is through after four plans at most. */
const MAX_PLANS = 5;

/**
 * Brings one issue after the other to where its task stands, or its task to where the issue stands. For one term: what was
 * said on an issue is read once, and remembered while nobody else may write.
 */
export class IssueDesk {
  readonly #deps: IssueDeskDeps;
  readonly #options: GitHubOptions;
  readonly #told = new LruMap<string, Told>(MAX_REMEMBERED_ISSUES);
  /** When the source has written to an issue last, by the monotonic clock. */
  readonly #wroteAtMs = new LruMap<string, number>(MAX_REMEMBERED_ISSUES);
  /** Repositories where the token may not write. */
  readonly #readOnly = new Set<string>();

  constructor(deps: IssueDeskDeps, options: GitHubOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** Does what is to be done for an issue as it is now. @throws GitHubError; BzzzError of the mesh */
  async settle(found: Issue, options: CallOptions): Promise<void> {
    let issue = found;
    let isFresh = false;
    for (let plans = 0; plans < MAX_PLANS; plans++) {
      const { task, next } = this.#tasksOf(issue);
      const told = await this.#toldOn(issue, { isNeeded: task !== undefined || next?.mapped.ok === false }, options);
      const steps = planIssue({ issue, task, next, told }, this.#options);
      if (next?.mapped.ok === false && !told) this.#deps.onEvent("refused_untold");
      if (steps.length === 0) return;
      if (task && steps[0]?.type === "post" && !isFresh) {
        if (this.#hasWrittenLately(issue)) return;
        issue = await this.#deps.client.issue(issue, options);
        isFresh = true;
        continue;
      }
      for (const step of steps) {
        const after = await this.#take(issue, step, options);
        if (!after) return;
        issue = after;
      }
    }
  }

  /** Cancels the task of an issue that is no more. @throws BzzzError of the mesh */
  async forsake({ repository, number }: IssueRef): Promise<void> {
    const task = this.#newestTaskOf({ repository, number });
    if (!task || isEnd(task.state)) return;
    await this.#cancel({ taskId: task.taskId, reason: `issue ${repository}#${number} was deleted` });
  }

  #hasWrittenLately(issue: IssueRef): boolean {
    const wroteAtMs = this.#wroteAtMs.get(keyOf(issue));
    return wroteAtMs !== undefined && this.#deps.clock.monotonicMs() < wroteAtMs + RETAKE_AFTER_MS;
  }

  /** The newest task of an issue, and what would be the next. */
  #tasksOf(issue: Issue): {
    readonly task: IssueTask | undefined;
    readonly next: Parameters<typeof planIssue>[0]["next"];
  } {
    const { mesh } = this.#deps;
    const { apiUrl } = this.#options;
    const task = this.#newestTaskOf(issue);
    const round = (task?.round ?? 0) + 1;
    const mapped = round > MAX_ROUNDS_OF_ISSUE ? undefined : mapIssue(issue, { mesh, apiUrl, round });
    return { task, next: mapped && { round, mapped } };
  }

  #newestTaskOf(ref: IssueRef): (IssueTask & { readonly round: number }) | undefined {
    const { mesh, tasks } = this.#deps;
    const { apiUrl } = this.#options;
    let newest: (IssueTask & { readonly round: number }) | undefined;
    for (let round = 1; round <= MAX_ROUNDS_OF_ISSUE; round++) {
      const task = tasks.find(taskIdOf({ mesh, apiUrl }, clientIdOf({ ...ref, round })));
      if (!task) break;
      newest = { ...task, round };
    }
    return newest;
  }

  /** Undefined where nothing can be said. */
  async #toldOn(
    issue: Issue,
    { isNeeded }: { readonly isNeeded: boolean },
    options: CallOptions,
  ): Promise<Told | undefined> {
    if (!this.#options.mayWrite || this.#readOnly.has(issue.repository)) return undefined;
    if (!isNeeded) return NOTHING_TOLD;
    const key = keyOf(issue);
    const known = this.#told.get(key);
    if (known) return known;
    const told = issue.comments === 0 ? NOTHING_TOLD : readTold(await this.#deps.client.comments(issue, options));
    this.#told.set(key, told);
    return told;
  }

  /** The issue after the step; undefined when nothing more can be done until this node knows more. */
  async #take(issue: Issue, step: IssueStep, options: CallOptions): Promise<Issue | undefined> {
    const { tasks, onEvent } = this.#deps;
    switch (step.type) {
      case "post":
        await tasks.post(step.draft);
        onEvent("posted");
        return issue;
      case "cancel":
        return await this.#cancel(step) ? issue : undefined;
      default:
        try {
          this.#wroteAtMs.set(keyOf(issue), this.#deps.clock.monotonicMs());
          return await this.#write(issue, step, options);
        } catch (error) {
          if (error instanceof GitHubError && error.code === "forbidden") this.#readOnly.add(issue.repository);
          throw error;
        }
    }
  }

  /** False when it has ended meanwhile: that is told when this node has heard how. */
  async #cancel({ taskId, reason }: { readonly taskId: TaskId; readonly reason: string }): Promise<boolean> {
    const { tasks, onEvent } = this.#deps;
    try {
      await tasks.cancel(taskId, reason);
      onEvent("cancelled");
      return true;
    } catch (error) {
      if (!(error instanceof BzzzError) || error.code !== "task_closed") throw error;
      return false;
    }
  }

  async #write(
    issue: Issue,
    step: Exclude<IssueStep, { type: "post" | "cancel" }>,
    options: CallOptions,
  ): Promise<Issue> {
    const { client, onEvent } = this.#deps;
    switch (step.type) {
      case "comment": {
        const comment = await client.addComment(issue, step.body, options);
        onEvent("commented");
        this.#remember(issue, { id: comment.id, body: step.body });
        if (!comment.isTrusted) {
          throw new GitHubError(
            "forbidden",
            `Cannot go on with ${
              keyOf(issue)
            }: the token's account may not write to the repository, only comment there`,
          );
        }
        return { ...issue, comments: issue.comments + 1 };
      }
      case "edit_comment":
        await client.editComment(issue, step.commentId, step.body, options);
        onEvent("commented");
        this.#remember(issue, { id: step.commentId, body: step.body });
        return issue;
      case "add_label":
        await client.addLabel(issue, step.label, options);
        onEvent("labelled");
        return { ...issue, labels: [...issue.labels, step.label] };
      case "remove_label": {
        await client.removeLabel(issue, step.label, options);
        onEvent("labelled");
        const removed = step.label.toLowerCase();
        return { ...issue, labels: issue.labels.filter((label) => label.toLowerCase() !== removed) };
      }
      case "close":
      case "reopen":
        await client.setOpen(issue, step.type === "reopen", options);
        return { ...issue, isOpen: step.type === "reopen" };
      default:
        return assertNever(step);
    }
  }

  #remember(issue: IssueRef, comment: { readonly id: number; readonly body: string }): void {
    const key = keyOf(issue);
    this.#told.set(key, addTold(this.#told.get(key) ?? NOTHING_TOLD, comment));
  }
}

/** "owner/name#7" */
export function keyOf({ repository, number }: IssueRef): string {
  return `${repository.toLowerCase()}#${number}`;
}
