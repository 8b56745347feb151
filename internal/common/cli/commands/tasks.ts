import { TASK_STATES } from "@bzzz/api";
import { EXIT } from "../exit.ts";
import { usageError } from "../errors.ts";
import { describeEntry, describeTask, nameOf, relativeTime, shortTaskId } from "../render.ts";
import { sanitiseLine } from "../sanitise.ts";
import type { Command, CommandContext } from "../types.ts";
import { given, textOrInput } from "../values.ts";

const DEFAULT_LIMIT = 50;

const taskPost: Command = {
  name: "task post",
  group: "work",
  summary: "Post a task",
  details:
    'The words are its title. The description comes from --description; "-" there reads standard input. With --client-id ' +
    "the same call made twice posts once.",
  args: [{ name: "title", summary: "What shall be done", isRequired: true, isRest: true }],
  flags: [
    { name: "description", type: "string", value: "TEXT", summary: "All there is to know, or -" },
    { name: "priority", type: "integer", value: "0-9", summary: "9 is most urgent (5)" },
    { name: "role", type: "string", value: "ROLE", summary: "Only for this role" },
    { name: "capability", type: "list", value: "NAME", summary: "The holder must have it; may be repeated" },
    { name: "due", type: "duration", value: "TIME", summary: "From now on" },
    { name: "input", type: "string", value: "TEXT", summary: "Handed to the executor" },
    { name: "client-id", type: "string", value: "ID", summary: "Your own id for it" },
  ],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const { values } = context;
    const description = values.text("description");
    const dueMs = values.durationMs("due");
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
    }, { signal: context.signal });
    await context.out.item(task, () => `Posted task ${shortTaskId(task.task_id)}: ${sanitiseLine(task.title)}`);
    return EXIT.ok;
  },
};

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
    const nowMs = context.clock.nowMs();
    await context.out.list(items, {
      heading: ["TASK", "STATE", "HOLDER", "CHANGED", "TITLE"],
      row: (task) => [
        shortTaskId(task.task_id),
        task.state,
        task.holder ? nameOf(task.holder) : "-",
        relativeTime(task.updated_at_ms, nowMs),
        sanitiseLine(task.title, 120),
      ],
      empty: "No tasks.",
    });
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

/** Work of the mesh. */
export const TASK_COMMANDS: readonly Command[] = [taskPost, taskList, taskShow, taskCancel];
