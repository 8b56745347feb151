import type { TaskCommand, TaskFacts, TaskValue } from "@bzzz/coordinator";
import type { RegisterRules } from "@bzzz/register";

/** What is broken on purpose in the rules of tasks, on every voter. */
export interface RuleFlaws {
  /** Lets who did the work judge it. */
  readonly letsWorkersJudge?: boolean;
  /** Takes a result for good that was to be judged. */
  readonly skipsReviews?: boolean;
  /** Takes each plan for old enough. */
  readonly waitsForNoWindow?: boolean;
  readonly hearsNoObjections?: boolean;
  /** Takes each deadline for one that is to come. */
  readonly ignoresDeadlines?: boolean;
  /** Does not count tries that failed. */
  readonly forgetsFailures?: boolean;
}

type TaskRules = RegisterRules<TaskValue, TaskCommand>;
type Decide = TaskRules["decide"];

/** The facts of a voter that does not listen. */
export function flawedFacts(facts: TaskFacts, flaws: RuleFlaws): TaskFacts {
  const { waitsForNoWindow, hearsNoObjections, ignoresDeadlines } = flaws;
  return {
    ...facts,
    plan: (task, id) => {
      const plan = facts.plan(task, id);
      return plan && {
        ageMs: waitsForNoWindow ? Infinity : plan.ageMs,
        isBlocked: !hearsNoObjections && plan.isBlocked,
      };
    },
    ...(ignoresDeadlines ? { nowMs: () => 0 } : {}),
  };
}

/** The rules of a voter that decides otherwise. */
export function flawedRules(rules: TaskRules, flaws: RuleFlaws): TaskRules {
  const { letsWorkersJudge, skipsReviews, forgetsFailures } = flaws;
  let decide: Decide = rules.decide;
  if (letsWorkersJudge) decide = judgingOwn(decide);
  if (skipsReviews) decide = unreviewed(decide);
  if (forgetsFailures) decide = countingNoFailure(decide);
  return { ...rules, decide };
}

function judgingOwn(decide: Decide): Decide {
  return (key, previous, command, actor, leaseId) => {
    const decision = decide(key, previous, command, actor, leaseId);
    if (!previous || !("refuse" in decision) || decision.refuse !== "own_result") return decision;
    const { worker, ...unsigned } = previous;
    const judged = decide(key, unsigned, command, actor, leaseId);
    const isKept = "next" in judged && worker !== undefined && command.type === "accept";
    return isKept ? { next: { ...judged.next, worker } } : judged;
  };
}

function unreviewed(decide: Decide): Decide {
  return (key, previous, command, actor, leaseId) => {
    if (!previous || command.type !== "complete") return decide(key, previous, command, actor, leaseId);
    const { terms } = previous;
    const decision = decide(key, { ...previous, terms: { ...terms, isReviewed: false } }, command, actor, leaseId);
    return "next" in decision ? { next: { ...decision.next, terms } } : decision;
  };
}

function countingNoFailure(decide: Decide): Decide {
  return (key, previous, command, actor, leaseId) => {
    const decision = decide(key, previous, command, actor, leaseId);
    if (!previous || command.type !== "fail" || !("next" in decision)) return decision;
    return { next: { ...decision.next, spent: previous.spent } };
  };
}
