import { type ApiClient, ApiError, type TaskView } from "@bzzz/api";
import { EXIT } from "../exit.ts";
import { CliError, usageError } from "../errors.ts";
import { nameOf, shortTaskId } from "../render.ts";
import { sanitiseLine } from "../sanitise.ts";
import type { Command } from "../types.ts";
import { tasksTable } from "./tables.ts";

const MAX_TASKS = 1_000;
/** Keys that were meant for something else cancel nothing. */
const ASK_GUARD_MS = 700;
const OVER: ReadonlySet<string> = new Set(["completed", "failed", "cancelled", "expired"]);

/**
 * Interrupts an agent. There is no such act between nodes: what an agent does is its tasks, and each is cancelled for everybody to see,
 * by whoever may do that.
 */
export const taskStop: Command = {
  name: "task stop",
  group: "work",
  summary: "Interrupt an agent: cancel all tasks that it holds, after you have seen them",
  details:
    "Shows the tasks and has you confirm with y. A task that it does not hold any more then is left alone. Those that you may " +
    "not cancel are named, and the status is 1. Without a terminal --yes is required.",
  args: [
    { name: "agent", summary: "Its agent id, or its peer id", isRequired: true },
    { name: "why", summary: "The reason; the agent gets it", isRest: true },
  ],
  flags: [{ name: "yes", short: "y", type: "boolean", summary: "Do not ask" }],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const { values, signal } = context;
    const agent = values.required("agent").replace(/^@/, "");
    const client = await context.client();
    const held = (await client.tasks({ limit: MAX_TASKS }, { signal })).filter((task) => isHeldBy(task, agent));
    if (held.length === 0) {
      await context.out.list([], {
        ...tasksTable(context.clock.nowMs()),
        empty: `${sanitiseLine(agent, 80)} holds no task.`,
      });
      return EXIT.ok;
    }
    if (!values.has("yes")) {
      if (!context.ask || context.out.isJson) {
        throw usageError(`Cannot cancel ${held.length} tasks of ${sanitiseLine(agent, 80)} unseen: give --yes`);
      }
      await context.out.list(held, tasksTable(context.clock.nowMs()));
      const label = `type y to cancel ${held.length === 1 ? "this task" : `these ${held.length} tasks`}: `;
      const typed = await context.ask(label, { guardMs: ASK_GUARD_MS });
      if (typed?.trim().toLowerCase() !== "y") throw new CliError("cancelled", "Not stopped: nothing was cancelled");
    }
    const reason = values.list("why").join(" ").trim();
    let isDone = true;
    for (const task of held) {
      const outcome = await cancel(client, task, { agent, reason, signal });
      isDone &&= outcome.isDone;
      await context.out.item(outcome.view, () => outcome.text);
    }
    return isDone ? EXIT.ok : EXIT.failure;
  },
};

interface Outcome {
  readonly isDone: boolean;
  readonly view: { readonly task_id: string; readonly state: string; readonly problem?: string };
  readonly text: string;
}

async function cancel(
  client: Pick<ApiClient, "task" | "cancelTask">,
  { task_id: id, title }: TaskView,
  { agent, reason, signal }: { readonly agent: string; readonly reason: string; readonly signal: AbortSignal },
): Promise<Outcome> {
  const name = `task ${shortTaskId(id)}: ${sanitiseLine(title)}`;
  try {
    const now = await client.task(id, { signal });
    if (!isHeldBy(now, agent)) {
      return {
        isDone: true,
        view: { task_id: id, state: now.state },
        text: `Left alone, it is not theirs any more: ${name}`,
      };
    }
    const { state } = await client.cancelTask(id, reason === "" ? {} : { reason }, { signal });
    return { isDone: true, view: { task_id: id, state }, text: `Cancelled ${name}` };
  } catch (error) {
    if (!(error instanceof ApiError) || error.code === "node_unreachable" || signal.aborted) throw error;
    const problem = sanitiseLine(error.message, 300);
    return { isDone: false, view: { task_id: id, state: "unknown", problem }, text: problem };
  }
}

function isHeldBy(task: TaskView, agent: string): boolean {
  const { holder, state } = task;
  return holder !== undefined && !OVER.has(state) && (holder.peer_id === agent || nameOf(holder) === agent);
}
