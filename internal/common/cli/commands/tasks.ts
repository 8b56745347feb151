import { TASK_STATES } from "@bzzz/api";
import { EXIT } from "../exit.ts";
import { usageError } from "../errors.ts";
import { describeTask, shortTaskId } from "../render.ts";
import { describeEntry } from "../render_entry.ts";
import { sanitiseLine } from "../sanitise.ts";
import type { Command, CommandContext } from "../types.ts";
import { given, textOrInput } from "../values.ts";
import { taskStop } from "./stop.ts";
import { noteTaskShown, REVIEW_COMMANDS } from "./task_review.ts";
import { tasksTable } from "./tables.ts";

const DEFAULT_LIMIT = 50;

const taskPost: Command = {
  name: "task post",
  aliases: ["task new"],
  group: "work",
  summary: "Post a task",
  details:
    'The words are its title. The description comes from --description; "-" there reads standard input. With --client-id ' +
    "the same call made twice posts once. With --plan the holder tells its plan before it begins, and a blocking " +
    "objection (hmmm object) stops it; with --review the result counts when it is accepted (task accept).",
  args: [{ name: "title", summary: "What shall be done", isRequired: true, isRest: true }],
  flags: [
    { name: "description", type: "string", value: "TEXT", summary: "All there is to know, or -" },
    { name: "priority", type: "integer", value: "0-9", summary: "9 is most urgent (5)" },
    { name: "role", type: "string", value: "ROLE", summary: "Only for this role" },
    { name: "capability", type: "list", value: "NAME", summary: "The holder must have it; may be repeated" },
    { name: "due", type: "duration", value: "TIME", summary: "From now on" },
    { name: "input", type: "string", value: "TEXT", summary: "Handed to the executor" },
    { name: "client-id", type: "string", value: "ID", summary: "Your own id for it" },
    { name: "after", type: "list", value: "TASK", summary: "Only when this task is completed; may be repeated" },
    { name: "plan", type: "boolean", summary: "A plan first, to which others may object" },
    { name: "plan-window", type: "duration", value: "TIME", summary: "For objections (30s); implies --plan" },
    { name: "review", type: "boolean", summary: "The result is judged before it counts" },
    { name: "review-role", type: "string", value: "ROLE", summary: "By this role; implies --review" },
    { name: "max-time", type: "duration", value: "TIME", summary: "Budget of time" },
    { name: "max-tokens", type: "integer", value: "N", summary: "Budget of a model's tokens" },
    { name: "max-money", type: "integer", value: "N", summary: "Budget of money, in millionths" },
    { name: "max-hops", type: "integer", value: "N", summary: "How deep it may be delegated" },
    { name: "right", type: "list", value: "NAME", summary: "Capabilities that may be used for it; may be repeated" },
    { name: "parent", type: "string", value: "TASK", summary: "The task this one is a part of" },
  ],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const { values } = context;
    const description = values.text("description");
    const dueMs = values.durationMs("due");
    const windowMs = values.durationMs("plan-window");
    const reviewRole = values.text("review-role");
    const task = await (await context.client()).postTask({
      title: values.list("title").join(" "),
      ...given(
        "description",
        description === undefined ? undefined : await textOrInput([description], context.readInput),
      ),
      ...given("priority", values.integer("priority")),
      ...given("required_role", values.text("role")),
      required_capabilities: [...values.list("capability")],
      ...given("deadline_ms", dueMs === undefined ? undefined : context.clock.nowMs() + dueMs),
      ...given("input", values.text("input")),
      ...given("client_id", values.text("client-id")),
      dependencies: [...values.list("after")],
      ...(values.has("plan") || windowMs !== undefined ? { plan: given("window_ms", windowMs) } : {}),
      ...(values.has("review") || reviewRole !== undefined ? { review: given("role", reviewRole) } : {}),
      ...budgetsOf(context),
      ...given("rights", values.list("right").length === 0 ? undefined : [...values.list("right")]),
      ...given("parent", values.text("parent")),
    }, { signal: context.signal });
    await context.out.item(task, () => `Posted task ${shortTaskId(task.task_id)}: ${sanitiseLine(task.title)}`);
    return EXIT.ok;
  },
};

/** Left out when no budget is set. */
function budgetsOf({ values }: CommandContext): { budgets?: Record<string, number> } {
  const budgets = {
    ...given("time_ms", values.durationMs("max-time")),
    ...given("tokens", values.integer("max-tokens")),
    ...given("money", values.integer("max-money")),
    ...given("hops", values.integer("max-hops")),
  };
  return Object.keys(budgets).length === 0 ? {} : { budgets };
}

const taskList: Command = {
  name: "task list",
  aliases: ["tasks"],
  group: "work",
  summary: "Tasks, newest first",
  flags: [
    { name: "state", type: "string", value: "STATE", choices: TASK_STATES, summary: "Only these" },
    { name: "limit", type: "integer", value: "N", summary: `At most so many (${DEFAULT_LIMIT})` },
  ],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const state = TASK_STATES.find((one) => one === context.values.text("state"));
    const items = await (await context.client()).tasks({
      ...given("state", state),
      limit: context.values.integer("limit") ?? DEFAULT_LIMIT,
    }, { signal: context.signal });
    await context.out.list(items, tasksTable(context.clock.nowMs()));
    return EXIT.ok;
  },
};

const taskShow: Command = {
  name: "task show",
  group: "work",
  summary: "One task with its history",
  args: [{ name: "task", summary: "Its id, or the end of it", isRequired: true }],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const task = await (await context.client()).task(context.values.required("task"), { signal: context.signal });
    await context.out.item(task, () => [
      ...describeTask(task, context.format, context.clock.nowMs()),
      "",
      "History",
      ...task.history.map((entry) => `  [${context.format.date(entry.hlc.ms)}] ${describeEntry(entry)}`),
    ]);
    noteTaskShown(context, task);
    return EXIT.ok;
  },
};

const taskCancel: Command = {
  name: "task cancel",
  group: "work",
  summary: "Cancel a task that is not finished",
  args: [{ name: "task", summary: "Its id, or the end of it", isRequired: true }],
  flags: [{ name: "reason", type: "string", value: "TEXT", summary: "Told to the holder" }],
  needs: "node",
  isInPortal: true,
  async run(context: CommandContext) {
    const reason = context.values.text("reason");
    if (reason?.trim() === "") throw usageError("Cannot cancel the task: --reason is empty");
    const task = await (await context.client()).cancelTask(context.values.required("task"), {
      ...given("reason", reason),
    }, {
      signal: context.signal,
    });
    await context.out.item(task, () => `Cancelled task ${shortTaskId(task.task_id)}: ${sanitiseLine(task.title)}`);
    return EXIT.ok;
  },
};

const taskRetry: Command = {
  name: "task retry",
  group: "work",
  summary: "Have a task tried again that failed, was cancelled or expired",
  args: [{ name: "task", summary: "Its id, or the end of it", isRequired: true }],
  flags: [
    { name: "reason", type: "string", value: "TEXT", summary: "Why it may go well now" },
    { name: "due", type: "duration", value: "TIME", summary: "A new deadline, from now on" },
  ],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const { values } = context;
    const dueMs = values.durationMs("due");
    const task = await (await context.client()).retryTask(values.required("task"), {
      ...given("reason", values.text("reason")),
      ...given("deadline_ms", dueMs === undefined ? undefined : context.clock.nowMs() + dueMs),
    }, { signal: context.signal });
    await context.out.item(
      task,
      () => `Announced task ${shortTaskId(task.task_id)} again: ${sanitiseLine(task.title)}`,
    );
    return EXIT.ok;
  },
};

/** Work of the mesh. */
export const TASK_COMMANDS: readonly Command[] = [
  taskPost,
  taskList,
  taskShow,
  taskCancel,
  taskStop,
  taskRetry,
  ...REVIEW_COMMANDS,
];
