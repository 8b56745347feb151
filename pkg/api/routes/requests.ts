import { z } from "@hono/zod-openapi";
import { parseRequestId } from "@bzzz/base";
import { ApiError } from "@bzzz/http";
import type { MeshFacade } from "../facade.ts";
import {
  answerSchema,
  askSchema,
  handleSchema,
  requestQuerySchema,
  revokeApprovalSchema,
  withdrawSchema,
} from "../inputs.ts";
import type { Router } from "@bzzz/http";
import { pageSchema, pageView } from "./page.ts";
import { resolveShortId, shortIds } from "../short_ids.ts";
import { type RequestRecord, type RequestView, requestViewSchema } from "../views.ts";

const params = z.object({
  request: z.string().min(1).max(64).describe("Request id, or an end or beginning of it of at least 4 characters"),
});

/** The inbox: what agents ask of people. */
export function addRequestRoutes(router: Router, mesh: MeshFacade): void {
  router.add({
    method: "get",
    path: "/requests",
    tag: "requests",
    summary: "Requests to people, oldest first",
    query: requestQuerySchema,
    response: pageSchema(requestViewSchema),
  }, async ({ query }) => {
    const page = await mesh.requests(query);
    return { view: pageView({ ...page, items: await named(mesh, page.items) }) };
  });

  router.add({
    method: "get",
    path: "/requests/{request}",
    tag: "requests",
    summary: "One request in full; an ambiguous short id answers 409 with the candidates",
    params,
    response: requestViewSchema,
    errors: ["not_found", "ambiguous_id"],
  }, async ({ params }) => ({ view: await one(mesh, await resolveRequest(mesh, params.request)) }));

  router.add({
    method: "post",
    path: "/requests/{request}/answer",
    tag: "requests",
    summary: "Decide; the first valid decision wins",
    params,
    body: answerSchema,
    response: requestViewSchema,
    errors: [
      "not_found",
      "ambiguous_id",
      "already_answered",
      "request_closed",
      "digest_mismatch",
      "decision_not_offered",
      "not_allowed",
      "identity_locked",
    ],
  }, async ({ params, body }) => {
    const record = await resolveRequest(mesh, params.request);
    return { view: await one(mesh, await mesh.answer(record.request_id, body)) };
  });

  router.add({
    method: "post",
    path: "/requests",
    tag: "requests",
    summary: "Ask people",
    body: askSchema,
    response: requestViewSchema,
    status: 201,
    errors: ["not_allowed", "invalid_request", "not_found"],
  }, async ({ body }) => ({ view: await one(mesh, await mesh.ask(body)) }));

  router.add({
    method: "post",
    path: "/requests/{request}/handle",
    tag: "requests",
    summary: "Put it off, hand it on, or say that you read it",
    params,
    body: handleSchema,
    response: requestViewSchema,
    errors: [
      "not_found",
      "ambiguous_id",
      "request_closed",
      "digest_mismatch",
      "decision_not_offered",
      "not_allowed",
      "invalid_request",
    ],
  }, async ({ params, body }) => {
    const record = await resolveRequest(mesh, params.request);
    return { view: await one(mesh, await mesh.handle(record.request_id, body)) };
  });

  router.add({
    method: "post",
    path: "/requests/{request}/revoke",
    tag: "requests",
    summary: "Take an approval back: what it permits and was not done yet is not done",
    params,
    body: revokeApprovalSchema,
    response: requestViewSchema,
    errors: ["not_found", "ambiguous_id", "request_closed", "not_allowed"],
  }, async ({ params, body }) => {
    const record = await resolveRequest(mesh, params.request);
    return { view: await one(mesh, await mesh.revokeApproval(record.request_id, body)) };
  });

  router.add({
    method: "post",
    path: "/requests/{request}/withdraw",
    tag: "requests",
    summary: "Take back what this node asked",
    params,
    body: withdrawSchema,
    response: requestViewSchema,
    errors: ["not_found", "ambiguous_id", "request_closed", "not_allowed"],
  }, async ({ params, body }) => {
    const record = await resolveRequest(mesh, params.request);
    return { view: await one(mesh, await mesh.withdraw(record.request_id, body)) };
  });
}

/** Open requests first, as people talk about those; then every other one. */
async function resolveRequest(mesh: MeshFacade, reference: string): Promise<RequestRecord> {
  const full = parseRequestId(reference);
  const id = full ?? resolveShortId(reference, await mesh.requestIds("open")) ??
    resolveShortId(reference, await mesh.requestIds("all"));
  const record = id === undefined ? undefined : await mesh.request(id);
  if (!record) {
    throw new ApiError("not_found", "Cannot find the request: this node knows none with that id", {
      details: { request: reference },
    });
  }
  return record;
}

async function one(mesh: MeshFacade, record: RequestRecord): Promise<RequestView> {
  const [view] = await named(mesh, [record]);
  if (!view) throw new TypeError("Unreachable: one record gives one view");
  return view;
}

/** Adds short ids: unique among the open and among those shown together. */
async function named(mesh: MeshFacade, records: readonly RequestRecord[]): Promise<RequestView[]> {
  const shorts = shortIds([...await mesh.requestIds("open"), ...records.map((record) => record.request_id)]);
  return records.map((record) => ({ ...record, short_id: shorts.get(record.request_id) ?? record.request_id }));
}
