import type { TaskId } from "@bzzz/base";
import { addUse, budgetLeft, type BudgetLimit, exceededLimit, NO_USE, type TaskUse } from "@bzzz/coordinator";
import { ExecutorError } from "./errors.ts";

/** What a meter counts against. */
export interface UseMeterDeps {
  readonly taskId: TaskId;
  /** What counts for this claim, by what the others have told so far. */
  readonly limits: () => readonly BudgetLimit[];
  /** Called once, with what to tell. */
  readonly onExceeded: (error: ExecutorError) => void;
}

/** The member of a task's entries that tells what was used. */
export interface UseWord {
  readonly used?: TaskUse;
}

/** Counts what one claim of a task uses, over all runs of its executor, against the budgets of tokens and money. */
export class UseMeter {
  readonly #deps: UseMeterDeps;
  #own: TaskUse = NO_USE;
  #told: TaskUse = NO_USE;
  #isExceeded = false;

  constructor(deps: UseMeterDeps) {
    this.#deps = deps;
  }

  /** Goes on from what this node has told under the same token before. */
  open(told: TaskUse): void {
    this.#own = told;
    this.#told = told;
  }

  /** What entries tell: the sum of this claim; nothing before anything was used. */
  get word(): UseWord {
    const { tokens, money } = this.#own;
    return tokens === 0 && money === 0 ? {} : { used: { tokens, money } };
  }

  /** Whether all of it is on disk. */
  get isTold(): boolean {
    return this.#own.tokens === this.#told.tokens && this.#own.money === this.#told.money;
  }

  /** An entry with this word is on disk. */
  markTold({ used = NO_USE }: UseWord): void {
    this.#told = used;
  }

  count(use: TaskUse): void {
    this.#own = addUse(this.#own, use);
  }

  /** What is left, for the executor to know. */
  left(): Partial<TaskUse> {
    return budgetLeft(this.#deps.limits(), this.#own);
  }

  /** Looks whether a budget is exceeded now: after each use, and when others have told of theirs. */
  check(): void {
    if (this.#isExceeded) return;
    const limit = exceededLimit(this.#deps.limits(), this.#own);
    if (!limit) return;
    this.#isExceeded = true;
    this.#deps.onExceeded(exceeded(limit, limit.usedByOthers + this.#own[limit.unit], this.#deps.taskId));
  }
}

function exceeded({ unit, budget, of }: BudgetLimit, used: number, taskId: TaskId): ExecutorError {
  const what = unit === "tokens" ? `${budget} tokens` : `${budget} millionths of money`;
  const whose = of === taskId ? `its ${what}` : `the ${what} of task ${of}, which it is a part of,`;
  const message = `Cannot go on with the task: ${whose} are used up: ${used} so far`;
  return new ExecutorError("budget_exhausted", message, { isRetryable: false, details: { unit, budget, used } });
}
