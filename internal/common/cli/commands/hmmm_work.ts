/**
 * What is said in the discussion of tasks, whoever says it: the verbs and the page do it through these.
 *
 * @module
 */
import type { ApiClient, MessageView, TaskDetailView } from "@bzzz/api";
import { given } from "../values.ts";

/** What can be said about a task. */
export type TaskWord = "plan" | "objection" | "agreement" | "concern" | "memo" | "summary";

/** The thread of a task, as the mesh names it. */
export function threadOf(task: Pick<TaskDetailView, "task_id">): string {
  return `task/${task.task_id}`;
}

/** Says something about a task, in its thread. @throws ApiError as the node refuses it */
export function sayAboutTask(
  client: Pick<ApiClient, "postMessage">,
  task: Pick<TaskDetailView, "task_id" | "plan_entry">,
  said: { readonly type: TaskWord; readonly text: string; readonly severity?: "blocking" | "advisory" | undefined },
  { signal }: { readonly signal: AbortSignal },
): Promise<MessageView> {
  return client.postMessage({
    type: said.type,
    text: said.text,
    task_id: task.task_id,
    thread: threadOf(task),
    ...given("parent", task.plan_entry),
    ...given("severity", said.severity),
  }, { signal });
}

/** A call for help that was sent, and the thread that its answers come to. */
export interface CallForHelp {
  readonly message: MessageView;
  readonly thread: string;
}

/** Asks the agents that have all of these capabilities. `ttlMs`: an hour without it. @throws ApiError as the node refuses it */
export async function callForHelp(
  client: Pick<ApiClient, "postMessage">,
  call: { readonly text: string; readonly capabilities: readonly string[]; readonly ttlMs?: number | undefined },
  { nowMs, signal }: { readonly nowMs: number; readonly signal: AbortSignal },
): Promise<CallForHelp> {
  const thread = `help/${nowMs.toString(36)}`;
  const message = await client.postMessage({
    type: "question",
    text: call.text,
    thread,
    capabilities: [...call.capabilities],
    ...given("ttl_ms", call.ttlMs),
  }, { signal });
  return { message, thread };
}
