import { z } from "@hono/zod-openapi";
import { parseTaskId } from "@bzzz/base";
import { ApiError } from "@bzzz/http";
import type { MeshFacade } from "../facade.ts";
import { cancelTaskSchema, postTaskSchema, retryTaskSchema, reviewTaskSchema, taskQuerySchema } from "../inputs.ts";
import type { Router } from "@bzzz/http";
import { pageSchema, pageView } from "./page.ts";
import { resolveShortId } from "../short_ids.ts";
import { taskDetailViewSchema, taskViewSchema } from "../views.ts";

const params = z.object({ task: z.string().min(1).max(64).describe("Task id, or an end of it that is unique") });

/** What a word on a task is refused with. `task_refused` names the voters' code in its details. */
const DECIDED = ["not_found", "ambiguous_id", "not_allowed", "task_refused", "no_quorum"] as const;

/** Work of the mesh. */
export function addTaskRoutes(router: Router, mesh: MeshFacade): void {
  router.add({
    method: "get",
    path: "/tasks",
    tag: "tasks",
    summary: "Tasks, newest first",
    query: taskQuerySchema,
    response: pageSchema(taskViewSchema),
  }, async ({ query }) => ({ view: pageView(await mesh.tasks(query)) }));

  router.add({
    method: "post",
    path: "/tasks",
    tag: "tasks",
    summary: "Post a task; 200 instead of 201 when its client_id was posted before",
    body: postTaskSchema,
    status: 201,
    response: taskViewSchema,
    errors: ["not_allowed", "client_id_conflict", "store_full", "degraded"],
  }, async ({ body }) => {
    const { task, isNew } = await mesh.postTask(body);
    return { status: isNew ? 201 : 200, view: task };
  });

  router.add({
    method: "get",
    path: "/tasks/{task}",
    tag: "tasks",
    summary: "One task with every entry about it",
    params,
    response: taskDetailViewSchema,
    errors: ["not_found", "ambiguous_id"],
  }, async ({ params }) => {
    const taskId = await resolveTask(mesh, params.task);
    const [task, history] = await Promise.all([mesh.task(taskId), mesh.taskHistory(taskId)]);
    if (!task) throw unknownTask(params.task);
    return { view: { ...task, history: [...history] } };
  });

  router.add({
    method: "post",
    path: "/tasks/{task}/cancel",
    tag: "tasks",
    summary: "Cancel a task that is not finished",
    params,
    body: cancelTaskSchema,
    response: taskViewSchema,
    errors: [...DECIDED, "task_closed"],
  }, async ({ params, body }) => ({ view: await mesh.cancelTask(await resolveTask(mesh, params.task), body) }));

  router.add({
    method: "post",
    path: "/tasks/{task}/retry",
    tag: "tasks",
    summary: "Announce a task that failed, was cancelled or expired once more",
    params,
    body: retryTaskSchema,
    response: taskViewSchema,
    errors: [...DECIDED, "task_closed", "invalid_request"],
  }, async ({ params, body }) => ({ view: await mesh.retryTask(await resolveTask(mesh, params.task), body) }));

  router.add({
    method: "post",
    path: "/tasks/{task}/review",
    tag: "tasks",
    summary: "Accept the result of a task in review, or send it back",
    params,
    body: reviewTaskSchema,
    response: taskViewSchema,
    errors: [...DECIDED, "result_moved"],
  }, async ({ params, body }) => ({ view: await mesh.reviewTask(await resolveTask(mesh, params.task), body) }));
}

async function resolveTask(mesh: MeshFacade, reference: string): Promise<string> {
  const full = parseTaskId(reference);
  if (full) return full;
  const found = resolveShortId(reference, await mesh.taskIds());
  if (!found) throw unknownTask(reference);
  return found;
}

function unknownTask(reference: string): ApiError {
  return new ApiError("not_found", "Cannot find the task: this node knows none with that id", {
    details: { task: reference },
  });
}
