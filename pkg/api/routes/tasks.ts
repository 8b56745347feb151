import { z } from "@hono/zod-openapi";
import { parseTaskId } from "@bzzz/base";
import { MAX_LIST_ITEMS } from "../constants.ts";
import { ApiError } from "../errors.ts";
import type { MeshFacade } from "../facade.ts";
import { cancelTaskSchema, postTaskSchema, taskQuerySchema } from "../inputs.ts";
import type { Router } from "../router.ts";
import { resolveShortId } from "../short_ids.ts";
import { taskDetailViewSchema, taskViewSchema } from "../views.ts";

const params = z.object({ task: z.string().min(1).max(64).describe("Task id, or an end of it that is unique") });

/** Work of the mesh. */
export function addTaskRoutes(router: Router, mesh: MeshFacade): void {
  router.add({
    method: "get",
    path: "/tasks",
    tag: "tasks",
    summary: "Tasks, newest first",
    query: taskQuerySchema,
    response: z.object({ items: z.array(taskViewSchema) }),
  }, async ({ query }) => ({ view: { items: [...await mesh.tasks(query)] } }));

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
    errors: ["not_found", "ambiguous_id", "task_closed", "not_allowed"],
  }, async ({ params, body }) => ({ view: await mesh.cancelTask(await resolveTask(mesh, params.task), body) }));
}

async function resolveTask(mesh: MeshFacade, reference: string): Promise<string> {
  const full = parseTaskId(reference);
  if (full) return full;
  const tasks = await mesh.tasks({ limit: MAX_LIST_ITEMS });
  const found = resolveShortId(reference, tasks.map((task) => task.task_id));
  if (!found) throw unknownTask(reference);
  return found;
}

function unknownTask(reference: string): ApiError {
  return new ApiError("not_found", "Cannot find the task: this node knows none with that id", {
    details: { task: reference },
  });
}
