import { z } from "@hono/zod-openapi";
import type { Router } from "@bzzz/http";
import type { VotersFacade } from "../facade.ts";
import { addVoterSchema, votersViewSchema } from "../voter_views.ts";

/** Who votes. */
export function addVoterRoutes(router: Router, voters: VotersFacade): void {
  router.add({
    method: "get",
    path: "/voters",
    tag: "mesh",
    summary: "Who votes on claims and on the leadership, and whether a majority can be reached",
    response: votersViewSchema,
  }, async () => ({ view: await voters.show() }));

  router.add({
    method: "post",
    path: "/voters",
    tag: "mesh",
    summary: "Make a member a voter",
    body: addVoterSchema,
    response: votersViewSchema,
    errors: ["not_found", "not_allowed", "voter_refused", "no_quorum"],
  }, async ({ body }) => ({ view: await voters.add(body.member) }));

  router.add({
    method: "delete",
    path: "/voters/{member}",
    tag: "mesh",
    summary: "Make a voter an ordinary member",
    params: z.object({ member: z.string().min(1).max(128) }),
    response: votersViewSchema,
    errors: ["not_found", "not_allowed", "voter_refused", "no_quorum"],
  }, async ({ params }) => ({ view: await voters.remove(params.member) }));
}
