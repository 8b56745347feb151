import type { TaskDetailView } from "@bzzz/api";
import { CliError, usageError } from "../errors.ts";
import { EXIT, type ExitStatus } from "../exit.ts";
import { describeTask, shortTaskId } from "../render.ts";
import { sanitiseLine } from "../sanitise.ts";
import type { Command, CommandContext } from "../types.ts";
import { mustBeSeen, noteShown } from "./judge.ts";

/** Characters of an entry's id that a script must give: it has the whole of it at hand. */
const MIN_ENTRY_CHARACTERS = 16;

const RESULT = {
  name: "result",
  type: "string",
  value: "ENTRY",
  summary: `The result that was seen, from task show: at least ${MIN_ENTRY_CHARACTERS} characters of its beginning`,
} as const;

const DETAILS =
  "The word is for the result that was seen: named with --result, shown in this portal before, or else shown now and " +
  "confirmed with y. Where nobody can be asked --result is needed from the second try of a task on. When another result " +
  "stands there by now, nothing is sent (3).";

const taskAccept: Command = {
  name: "task accept",
  group: "work",
  summary: "Accept the result of a task in review",
  details: DETAILS,
  args: [
    { name: "task", summary: "Its id, or the end of it", isRequired: true },
    { name: "reason", summary: "Why", isRest: true },
  ],
  flags: [RESULT],
  needs: "node",
  isInPortal: true,
  run: (context) => review(context, "accept"),
};

const taskReject: Command = {
  name: "task reject",
  group: "work",
  summary: "Send the result of a task in review back",
  details: DETAILS,
  args: [
    { name: "task", summary: "Its id, or the end of it", isRequired: true },
    { name: "reason", summary: "Why; the next holder reads it", isRequired: true, isRest: true },
  ],
  flags: [RESULT],
  needs: "node",
  isInPortal: true,
  run: (context) => review(context, "reject"),
};

async function review(context: CommandContext, verdict: "accept" | "reject"): Promise<ExitStatus> {
  const { values, signal } = context;
  const client = await context.client();
  const shown = await client.task(values.required("task"), { signal });
  const result = await seenResult(context, shown, verdict);
  const reason = values.list("reason").join(" ");
  const task = await client.reviewTask(shown.task_id, { verdict, reason, result }, { signal });
  const what = verdict === "accept" ? "Accepted the result of task" : "Sent back the result of task";
  await context.out.item(task, () => `${what} ${shortTaskId(task.task_id)}: ${sanitiseLine(task.title)}`);
  return EXIT.ok;
}

/** The entry of the result that is judged. @throws CliError when there is none, or it is not what was seen */
async function seenResult(context: CommandContext, task: TaskDetailView, verdict: string): Promise<string> {
  const id = shortTaskId(task.task_id);
  const what = `${verdict} the result of task ${id}`;
  if (task.state !== "review") {
    throw new CliError("task_refused", `Cannot ${what}: it is ${task.state}, not in review`);
  }
  if (!task.result) throw new CliError("task_refused", `Cannot ${what}: its result has not come here yet`);
  const { entry_id: entry } = task.result;
  const named = context.values.text("result")?.toLowerCase();
  if (named !== undefined && named.length < MIN_ENTRY_CHARACTERS) {
    throw usageError(`Cannot ${what}: --result has fewer than ${MIN_ENTRY_CHARACTERS} characters`);
  }
  await mustBeSeen(context, {
    what,
    thing: thingOf(task),
    version: entry,
    isFirst: task.token <= 1, // a claim has one result
    lines: () => Promise.resolve(describeTask(task, context.format, context.clock.nowMs())),
    show: `task show ${id}`,
    naming: `give --result, from task show ${id}`,
  }, named === undefined ? undefined : entry.startsWith(named));
  return entry;
}

/** Remembers that the task was shown with the result it has. */
export function noteTaskShown(context: CommandContext, task: TaskDetailView): void {
  if (task.result) noteShown(context, thingOf(task), task.result.entry_id);
}

function thingOf({ task_id: id }: TaskDetailView): string {
  return `task ${id}`;
}

/** Judging what was done. */
export const REVIEW_COMMANDS: readonly Command[] = [taskAccept, taskReject];
