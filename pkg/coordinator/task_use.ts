import type { PeerId, TaskId } from "@bzzz/base";
import { compareHlc, type Hlc } from "@bzzz/wire";
import { MAX_DELEGATIONS, MAX_USES_PER_AUTHOR } from "./constants.ts";
import type { TaskView } from "./types.ts";

/** What was used: tokens of a model, and money in millionths of a unit. */
export interface TaskUse {
  readonly tokens: number;
  readonly money: number;
}

/** What a holder said last of its use under one token. */
export interface ReportedUse extends TaskUse {
  readonly at: Hlc;
}

/** Nothing was used. */
export const NO_USE: TaskUse = { tokens: 0, money: 0 };

/** Together; never more than the wire can carry. */
export function addUse(a: TaskUse, b: TaskUse): TaskUse {
  return { tokens: capped(a.tokens + b.tokens), money: capped(a.money + b.money) };
}

function capped(sum: number): number {
  return Math.min(sum, Number.MAX_SAFE_INTEGER);
}

/** Uses by author and token. A holder tells the sum under its token, so of two words the greater is the newer. */
export type UseRecord = Map<PeerId, Map<number, ReportedUse>>;

/** Takes what `author` said, changing the record; false when it was known. Any order gives the same record. */
export function recordUse(record: UseRecord, author: PeerId, token: number, told: ReportedUse): boolean {
  const uses = record.get(author) ?? new Map<number, ReportedUse>();
  const known = uses.get(token);
  const use = known ? newer(known, told) : told;
  if (known && use === known) return false;
  uses.set(token, use);
  record.set(author, uses);
  if (uses.size <= MAX_USES_PER_AUTHOR) return true;
  const oldest = Math.min(...uses.keys());
  uses.delete(oldest);
  return oldest !== token;
}

function newer(a: ReportedUse, b: ReportedUse): ReportedUse {
  if (b.tokens <= a.tokens && b.money <= a.money && compareHlc(b.at, a.at) <= 0) return a;
  const at = compareHlc(a.at, b.at) >= 0 ? a.at : b.at;
  return { tokens: Math.max(a.tokens, b.tokens), money: Math.max(a.money, b.money), at };
}

/** Tasks, and which were delegated from them; `TaskBoard` fits. */
export interface TaskTree {
  childrenOf(taskId: TaskId): readonly TaskView[];
}

/** One claim, whose use the asker counts itself. */
export interface Claimed {
  readonly taskId: TaskId;
  readonly token: number;
}

/**
 * What a task and all that was delegated from it have used, as far as their holders have told: since it was posted, or
 * since people had it tried again, which renews its budgets. `except`: one claim that is left out.
 */
export function usedBy(tree: TaskTree, task: TaskView, except?: Claimed): TaskUse {
  let use = NO_USE;
  const seen = new Set<TaskId>();
  let level: readonly TaskView[] = [task];
  for (let depth = 0; depth <= MAX_DELEGATIONS && level.length > 0; depth++) {
    const next: TaskView[] = [];
    for (const view of level) {
      if (seen.has(view.taskId)) continue; // posts may name each other as parents
      seen.add(view.taskId);
      for (const { token, used } of view.attempts) {
        const isLeftOut = view.taskId === except?.taskId && token === except.token;
        if (used && !isLeftOut && (!task.renewedAt || compareHlc(used.at, task.renewedAt) > 0)) use = addUse(use, used);
      }
      next.push(...tree.childrenOf(view.taskId));
    }
    level = next;
  }
  return use;
}

/** A budget that counts for a claim: its task's own, or that of a task it was delegated from. */
export interface BudgetLimit {
  readonly unit: keyof TaskUse;
  readonly budget: number;
  readonly of: TaskId;
  /** What others have used of it. */
  readonly usedByOthers: number;
}

/** The budgets of tokens and money that a claim must keep to; `parents` of its task, the nearest in front. */
export function budgetLimits(
  tree: TaskTree,
  claim: { readonly task: TaskView; readonly token: number; readonly parents: readonly TaskView[] },
): BudgetLimit[] {
  const { task, token, parents } = claim;
  return [task, ...parents].flatMap((view) => {
    const { tokens, money } = view.budgets ?? {};
    if (tokens === undefined && money === undefined) return [];
    const used = usedBy(tree, view, { taskId: task.taskId, token });
    const limitOf = (unit: keyof TaskUse, budget: number | undefined): BudgetLimit[] =>
      budget === undefined ? [] : [{ unit, budget, of: view.taskId, usedByOthers: used[unit] }];
    return [...limitOf("tokens", tokens), ...limitOf("money", money)];
  });
}

/** What is left for a claim that has used `own` itself; missing: not limited. */
export function budgetLeft(limits: readonly BudgetLimit[], own: TaskUse): Partial<TaskUse> {
  const leftOf = (unit: keyof TaskUse): number | undefined => {
    const left = limits.filter((limit) => limit.unit === unit)
      .map(({ budget, usedByOthers }) => Math.max(0, budget - usedByOthers - own[unit]));
    return left.length === 0 ? undefined : Math.min(...left);
  };
  const [tokens, money] = [leftOf("tokens"), leftOf("money")];
  return { ...(tokens === undefined ? {} : { tokens }), ...(money === undefined ? {} : { money }) };
}

/** The first limit that is exceeded by a claim that has used `own` itself. */
export function exceededLimit(limits: readonly BudgetLimit[], own: TaskUse): BudgetLimit | undefined {
  return limits.find(({ unit, budget, usedByOthers }) => usedByOthers + own[unit] > budget);
}
