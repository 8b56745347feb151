import type { PostTaskInput } from "@bzzz/api";
import { parseTaskId, type TaskId } from "@bzzz/base";
import type { TaskTexts, TaskView } from "@bzzz/coordinator";
import type { BodyOf } from "@bzzz/wire";

/** A post without its id. */
export type TaskDraft = Omit<BodyOf<"task_posted">, "taskId">;

/** What a caller wants posted, as the body of an entry. */
export function draftOf(input: PostTaskInput): TaskDraft {
  const optional = <K extends string, V>(key: K, value: V | undefined) =>
    value === undefined ? {} : { [key]: value } as Record<K, V>;
  const { budgets } = input;
  return {
    title: input.title,
    description: input.description,
    priority: input.priority,
    requiredCapabilities: [...input.required_capabilities],
    ...optional("clientId", input.client_id),
    ...optional("requiredRole", input.required_role),
    ...optional("deadlineMs", input.deadline_ms),
    ...optional("input", input.input),
    ...(input.dependencies.length === 0 ? {} : { dependencies: input.dependencies.map(taskId) }),
    ...(budgets
      ? {
        budgets: {
          ...optional("timeMs", budgets.time_ms),
          ...optional("tokens", budgets.tokens),
          ...optional("money", budgets.money),
          ...optional("hops", budgets.hops),
        },
      }
      : {}),
    ...(input.plan ? { plan: { windowMs: input.plan.window_ms } } : {}),
    ...(input.review ? { review: optional("role", input.review.role) } : {}),
    ...optional("rights", input.rights),
    ...optional("parent", input.parent === undefined ? undefined : taskId(input.parent)),
  };
}

function taskId(text: string): TaskId {
  return parseTaskId(text) ?? text as TaskId; // the input's schema takes only ids; upper case is the one form of them
}

/** Whether a post with this client id says the same again. A deadline that a retry has set is not the post's. */
export function isSame(known: TaskView, texts: TaskTexts | undefined, draft: TaskDraft): boolean {
  const hasOwnDeadline = known.value?.deadlineMs === undefined;
  return known.title === draft.title && texts?.description === draft.description && known.priority === draft.priority &&
    known.requiredRole === draft.requiredRole && texts?.input === draft.input && known.parent === draft.parent &&
    (!hasOwnDeadline || known.deadlineMs === draft.deadlineMs) &&
    isEqual(known.requiredCapabilities, draft.requiredCapabilities) &&
    isEqual(known.dependencies, draft.dependencies) && isEqual(known.rights, draft.rights) &&
    isEqual(known.plan, draft.plan) && isEqual(known.review, draft.review) && isEqual(known.budgets, draft.budgets);
}

/** Plain data from one schema, whose members come in one order. */
function isEqual(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
