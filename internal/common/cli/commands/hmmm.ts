import type { MessageView, TaskDetailView } from "@bzzz/api";
import { usageError } from "../errors.ts";
import { EXIT, type ExitStatus } from "../exit.ts";
import { nameOf, shortTaskId } from "../render.ts";
import { sanitiseLine, sanitiseText } from "../sanitise.ts";
import type { ArgSpec, Command, CommandContext } from "../types.ts";
import { textOrInput } from "../values.ts";
import { callForHelp, sayAboutTask, type TaskWord, threadOf } from "./hmmm_work.ts";

const TASK_ARG: ArgSpec = { name: "task", summary: "The task's id, or the end of it", isRequired: true };
const WORDS_ARG: ArgSpec = { name: "text", summary: "The words, or - for standard input", isRest: true };
const MAX_TRANSCRIPT = 500;
/** Of one message in the table; `hmmm plan` and --json have the whole. */
const MAX_LINE_CHARACTERS = 400;

const object: Command = {
  name: "hmmm object",
  group: "people",
  summary: "Object to the plan of a task",
  details:
    "A blocking objection stops the task until you agree (hmmm agree) or people decide; an advisory one is heard. " +
    "It can be raised while the plan is discussed.",
  args: [TASK_ARG, { ...WORDS_ARG, isRequired: true }],
  flags: [{ name: "advisory", type: "boolean", summary: "Only to be heard" }],
  needs: "node",
  isInPortal: true,
  run: (context) => speak(context, "objection", { severity: context.values.has("advisory") ? "advisory" : "blocking" }),
};

const agree: Command = {
  name: "hmmm agree",
  group: "people",
  summary: "Agree with the plan of a task, and take back what you objected",
  args: [TASK_ARG, WORDS_ARG],
  needs: "node",
  isInPortal: true,
  run: (context) => speak(context, "agreement", {}),
};

function sayer(verb: "concern" | "memo" | "summary", summary: string): Command {
  return {
    name: `hmmm ${verb}`,
    group: "people",
    summary,
    args: [TASK_ARG, { ...WORDS_ARG, isRequired: true }],
    needs: "node",
    isInPortal: true,
    run: (context) => speak(context, verb, {}),
  };
}

const plan: Command = {
  name: "hmmm plan",
  group: "people",
  summary: "The plan of a task",
  args: [TASK_ARG],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const task = await find(context);
    const items = await transcript(context, task);
    const told = items.findLast((message) => message.type === "plan");
    if (!told) throw usageError(`Cannot show the plan of task ${shortTaskId(task.task_id)}: none was told`);
    await context.out.item(told, () => [
      `Plan of task ${shortTaskId(task.task_id)}, by ${nameOf(told.author)}, ${context.format.date(told.at_ms)}`,
      ...sanitiseText(told.text).split("\n").map((line) => `  ${line}`),
    ]);
    return EXIT.ok;
  },
};

const thread: Command = {
  name: "hmmm thread",
  group: "people",
  summary: "What was said about a task: its plan, objections, answers",
  args: [TASK_ARG],
  flags: [{ name: "session", type: "boolean", summary: "Of all tasks that depend on each other" }],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const task = await find(context);
    const items = await transcript(context, task, context.values.has("session"));
    await context.out.list(items, {
      heading: ["TIME", "WHO", "WHAT", "TEXT"],
      row: (message) => [
        context.format.time(message.at_ms),
        nameOf(message.author),
        message.severity === undefined ? message.type : `${message.severity} ${message.type}`,
        sanitiseLine(message.text, MAX_LINE_CHARACTERS),
      ],
      empty: "Nothing was said.",
    });
    return EXIT.ok;
  },
};

const call: Command = {
  name: "hmmm call",
  group: "people",
  summary: "Ask the agents that have a capability for help",
  details:
    "At most three of them answer, the fittest first, and say when they could begin. Their answers are in the thread " +
    "that the call names.",
  args: [{ ...WORDS_ARG, isRequired: true }],
  flags: [
    { name: "capability", type: "list", value: "NAME", summary: "Who answers must have it; may be repeated" },
    { name: "ttl", type: "duration", value: "TIME", summary: "Nobody acts on it afterwards (1h)" },
  ],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const { values } = context;
    const capabilities = [...values.list("capability")];
    if (capabilities.length === 0) throw usageError("Cannot call for help: --capability is missing");
    const text = await textOrInput([values.list("text").join(" ")], context.readInput);
    const { message, thread } = await callForHelp(await context.client(), {
      text,
      capabilities,
      ttlMs: values.durationMs("ttl"),
    }, { nowMs: context.clock.nowMs(), signal: context.signal });
    await context.out.item(message, () => `Called for ${capabilities.join(", ")}; answers come to thread ${thread}.`);
    return EXIT.ok;
  },
};

async function find(context: CommandContext): Promise<TaskDetailView> {
  return await (await context.client()).task(context.values.required("task"), { signal: context.signal });
}

async function transcript(
  context: CommandContext,
  task: TaskDetailView,
  isSession = false,
): Promise<readonly MessageView[]> {
  if (isSession && task.session === undefined) {
    throw usageError(
      `Cannot show the session of task ${shortTaskId(task.task_id)}: it depends on none, and none on it`,
    );
  }
  const thread = (isSession ? task.session : undefined) ?? threadOf(task);
  return await (await context.client()).messages({ thread, limit: MAX_TRANSCRIPT }, { signal: context.signal });
}

async function speak(
  context: CommandContext,
  type: TaskWord,
  options: { readonly severity?: "blocking" | "advisory" },
): Promise<ExitStatus> {
  const words = context.values.list("text").join(" ");
  const text = words === "" ? "agreed" : await textOrInput([words], context.readInput);
  if (text.trim() === "") throw usageError("Cannot say nothing: words are missing");
  const task = await find(context);
  const said = { type, text, severity: options.severity };
  const message = await sayAboutTask(await context.client(), task, said, { signal: context.signal });
  await context.out.item(message, () => `Told everyone about task ${shortTaskId(task.task_id)}.`);
  return EXIT.ok;
}

/** The discussion of tasks. */
export const HMMM_COMMANDS: readonly Command[] = [
  object,
  agree,
  sayer("concern", "Tell a concern about a task"),
  sayer("memo", "Leave a note with a task"),
  sayer("summary", "Sum up what was said about a task"),
  plan,
  thread,
  call,
];
