import { z } from "@hono/zod-openapi";
import type { MeshFacade } from "../facade.ts";
import { createInviteSchema } from "../inputs.ts";
import type { Router } from "@bzzz/http";
import { createdInviteViewSchema, inviteViewSchema } from "../views.ts";

/** One-time join tokens. */
export function addInviteRoutes(router: Router, mesh: MeshFacade): void {
  router.add({
    method: "get",
    path: "/invites",
    tag: "invites",
    summary: "Invites and what became of them",
    response: z.object({ items: z.array(inviteViewSchema) }),
  }, async () => ({ view: { items: [...await mesh.invites()] } }));

  router.add({
    method: "post",
    path: "/invites",
    tag: "invites",
    summary: "Make a join token that works once",
    body: createInviteSchema,
    status: 201,
    response: createdInviteViewSchema,
    errors: ["not_allowed", "identity_locked", "duplicate_agent_id"],
  }, async ({ body }) => ({ view: await mesh.createInvite(body) }));

  router.add({
    method: "delete",
    path: "/invites/{invite}",
    tag: "invites",
    summary: "Revoke an invite that nobody has used",
    params: z.object({ invite: z.string().min(1).max(128) }),
    response: inviteViewSchema,
    errors: ["not_found", "invite_used", "not_allowed"],
  }, async ({ params }) => ({ view: await mesh.revokeInvite(params.invite) }));
}
