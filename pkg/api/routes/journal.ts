import { z } from "@hono/zod-openapi";
import { ApiError } from "@bzzz/http";
import type { MeshFacade } from "../facade.ts";
import { journalQuerySchema, messageQuerySchema, postMessageSchema } from "../inputs.ts";
import type { Router } from "@bzzz/http";
import { entryDetailViewSchema, entryViewSchema, messageViewSchema } from "../views.ts";

/** The signed history, and the messages in it. */
export function addJournalRoutes(router: Router, mesh: MeshFacade): void {
  router.add({
    method: "get",
    path: "/journal",
    tag: "journal",
    summary: "Entries in the order this node stored them; go on with after = next_after until none comes",
    query: journalQuerySchema,
    response: z.object({ items: z.array(entryViewSchema), next_after: z.int().min(0), latest: z.int().min(0) }),
    errors: ["invalid_topic", "invalid_kind"],
  }, async ({ query }) => {
    const [entries, latest] = [await mesh.journal(query), await mesh.latestCursor()];
    return { view: { items: [...entries], next_after: entries.at(-1)?.cursor ?? query.after, latest } };
  });

  router.add({
    method: "get",
    path: "/journal/{entry}",
    tag: "journal",
    summary: "One entry with its signed frame",
    params: z.object({ entry: z.string().regex(/^[0-9a-fA-F]{64}$/, "64 hexadecimal digits") }),
    response: entryDetailViewSchema,
    errors: ["not_found"],
  }, async ({ params }) => {
    const entry = await mesh.entry(params.entry.toLowerCase());
    if (!entry) throw new ApiError("not_found", "Cannot find the entry: this node has none with that id");
    return { view: entry };
  });

  router.add({
    method: "get",
    path: "/messages",
    tag: "messages",
    summary: "What was said, oldest first",
    query: messageQuerySchema,
    response: z.object({ items: z.array(messageViewSchema) }),
    errors: ["invalid_topic"],
  }, async ({ query }) => ({ view: { items: [...await mesh.messages(query)] } }));

  router.add({
    method: "post",
    path: "/messages",
    tag: "messages",
    summary: "Say something; answered when it is on disk",
    body: postMessageSchema,
    status: 201,
    response: messageViewSchema,
    errors: ["invalid_topic", "not_found", "not_allowed", "task_refused", "thread_limit", "store_full", "degraded"],
  }, async ({ body }) => ({ view: await mesh.postMessage(body) }));
}
