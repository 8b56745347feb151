import { z } from "@hono/zod-openapi";
import { ApiError, type Router } from "@bzzz/http";
import type { SlurpFacade } from "../slurp_facade.ts";
import {
  deadLetterViewSchema,
  replaySchema,
  replayViewSchema,
  slurpAddressQuerySchema,
  slurpAlignmentViewSchema,
  slurpContextQuerySchema,
  slurpContextViewSchema,
  slurpGraphQuerySchema,
  slurpGraphViewSchema,
  slurpStatusViewSchema,
} from "../slurp_views.ts";

const ADDRESS_ERRORS = ["invalid_address", "wildcard_not_allowed"] as const;

/** Derived context: what an address is about, the decisions around it, how it serves the goals, and what could not be derived. */
export function addSlurpRoutes(router: Router, slurp: SlurpFacade): void {
  router.add({
    method: "get",
    path: "/slurp",
    tag: "slurp",
    summary: "How deriving context stands on this node",
    response: slurpStatusViewSchema,
  }, async () => ({ view: await slurp.status() }));

  router.add({
    method: "get",
    path: "/slurp/context",
    tag: "slurp",
    summary: "What this node's role needs to know about an address, each value with its source",
    query: slurpContextQuerySchema,
    response: slurpContextViewSchema,
    errors: [...ADDRESS_ERRORS],
  }, async ({ query, request }) => ({ view: await slurp.context(query, { signal: request.signal }) }));

  router.add({
    method: "get",
    path: "/slurp/graph",
    tag: "slurp",
    summary: "Decisions within some hops of an address, and its versions",
    query: slurpGraphQuerySchema,
    response: slurpGraphViewSchema,
    errors: [...ADDRESS_ERRORS, "not_found"],
  }, async ({ query }) => ({ view: await slurp.graph(query) }));

  router.add({
    method: "get",
    path: "/slurp/alignment",
    tag: "slurp",
    summary: "How well an address serves the goals of its project, word by word",
    query: slurpAddressQuerySchema,
    response: slurpAlignmentViewSchema,
    errors: [...ADDRESS_ERRORS, "not_found", "invalid_goals", "not_a_recipient", "content_unavailable"],
  }, async ({ query, request }) => ({ view: await slurp.alignment(query.address, { signal: request.signal }) }));

  router.add({
    method: "get",
    path: "/slurp/dead-letters",
    tag: "slurp",
    summary: "Derivations that this node gave up, newest first",
    response: z.object({ items: z.array(deadLetterViewSchema) }),
  }, async () => ({ view: { items: [...await slurp.deadLetters()] } }));

  router.add({
    method: "get",
    path: "/slurp/dead-letters/{letter}",
    tag: "slurp",
    summary: "One of them, with the events it was about",
    params: z.object({ letter: z.string().min(1).max(64) }),
    response: deadLetterViewSchema,
    errors: ["not_found"],
  }, async ({ params }) => {
    const view = await slurp.deadLetter(params.letter);
    if (!view) throw new ApiError("not_found", `Cannot find the dead letter "${params.letter}"`);
    return { view };
  });

  router.add({
    method: "post",
    path: "/slurp/dead-letters/replay",
    tag: "slurp",
    summary: "Try one again, or all, at slurp.replays_per_minute; on the leader only",
    body: replaySchema,
    status: 202,
    response: replayViewSchema,
    errors: ["not_found", "not_the_leader", "slurp_disabled"],
  }, async ({ body }) => ({ view: await slurp.replay(body.id) }));
}
