import { MAX_DELEGATIONS } from "./constants.ts";
import type { ShortBody } from "./task_texts.ts";

type Post = ShortBody<"task_posted">;

/** What a task may use: time, tokens of a model, money in millionths of a unit, delegations. Missing: not limited. */
export interface TaskBudget {
  readonly timeMs?: number | undefined;
  readonly tokens?: number | undefined;
  readonly money?: number | undefined;
  readonly hops?: number | undefined;
}

/** What a task may do and use, its parents considered. */
export interface EffectiveRights {
  /** Capabilities its holder may use for it; undefined: all. */
  readonly rights: readonly string[] | undefined;
  readonly budgets: TaskBudget;
  /** How often it was delegated. */
  readonly depth: number;
}

/** Why a delegated task may not be worked on. */
export type RightsRefusal = "rights_exceeded" | "too_many_delegations";

/**
 * The rights of a task are the intersection with those of all its parents (the nearest in front), its budgets the least
 * of them: delegation can only narrow (Miller, "Robust Composition", 2006, on attenuation).
 */
export function effectiveRights(post: Post, parents: readonly Post[]): EffectiveRights {
  let rights: readonly string[] | undefined = post.rights;
  let budgets: TaskBudget = post.budgets ?? {};
  for (const parent of parents) {
    rights = intersect(rights, parent.rights);
    budgets = {
      timeMs: least(budgets.timeMs, parent.budgets?.timeMs),
      tokens: least(budgets.tokens, parent.budgets?.tokens),
      money: least(budgets.money, parent.budgets?.money),
      hops: least(budgets.hops, parent.budgets?.hops),
    };
  }
  return { rights, budgets, depth: parents.length };
}

/** Whether a task asks for more than its parents may give; undefined when it may be worked on. */
export function checkRights(post: Post, parents: readonly Post[]): RightsRefusal | undefined {
  const { rights, depth } = effectiveRights(post, parents);
  if (rights && post.requiredCapabilities.some((name) => !rights.includes(name))) return "rights_exceeded";
  if (depth > MAX_DELEGATIONS) return "too_many_delegations";
  // a parent at distance d allows at most `hops` delegations below it
  const isTooDeep = parents.some((parent, index) => index + 1 > (parent.budgets?.hops ?? MAX_DELEGATIONS));
  return isTooDeep ? "too_many_delegations" : undefined;
}

function intersect(a: readonly string[] | undefined, b: readonly string[] | undefined): readonly string[] | undefined {
  if (!a || !b) return a ?? b;
  return a.filter((name) => b.includes(name));
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.min(a, b);
}
