import { z } from "@hono/zod-openapi";
import type { MeshFacade } from "../facade.ts";
import { personPresenceSchema, revokeMemberSchema, stopSchema } from "../inputs.ts";
import type { Router } from "@bzzz/http";
import { agentViewSchema, memberViewSchema, peerViewSchema, statusViewSchema } from "../views.ts";

/** What the node is, whom it knows, and how it is stopped. */
export function addNodeRoutes(router: Router, mesh: MeshFacade): void {
  router.add({
    method: "get",
    path: "/status",
    tag: "node",
    summary: "What this node is and how it does",
    response: statusViewSchema,
  }, async () => ({ view: await mesh.status() }));

  router.add({
    method: "get",
    path: "/peers",
    tag: "mesh",
    summary: "Nodes this one is or was connected to",
    response: z.object({ items: z.array(peerViewSchema) }),
  }, async () => ({ view: { items: [...await mesh.peers()] } }));

  router.add({
    method: "get",
    path: "/members",
    tag: "mesh",
    summary: "Everyone with a grant, also those who are away or revoked",
    response: z.object({ items: z.array(memberViewSchema) }),
  }, async () => ({ view: { items: [...await mesh.members()] } }));

  router.add({
    method: "post",
    path: "/members/{member}/revoke",
    tag: "mesh",
    summary: "Revoke the grant of a peer id or agent id",
    params: z.object({ member: z.string().min(1).max(128) }),
    body: revokeMemberSchema,
    response: memberViewSchema,
    errors: ["not_found", "not_allowed", "already_revoked"],
  }, async ({ params, body }) => ({ view: await mesh.revokeMember(params.member, body) }));

  router.add({
    method: "get",
    path: "/agents",
    tag: "mesh",
    summary: "Agents and portals with what they can do and how busy they are",
    response: z.object({ items: z.array(agentViewSchema) }),
  }, async () => ({ view: { items: [...await mesh.agents()] } }));

  router.add({
    method: "put",
    path: "/node/person",
    tag: "node",
    summary: "Say whether this node's person is here, away or busy",
    body: personPresenceSchema,
    response: agentViewSchema,
  }, async ({ body }) => ({ view: await mesh.setPerson(body.person) }));

  router.add({
    method: "post",
    path: "/node/stop",
    tag: "node",
    summary: "Shut this node down in order",
    body: stopSchema,
    status: 202,
    response: z.object({ is_stopping: z.boolean() }),
  }, async ({ body }) => {
    await mesh.stop(body);
    return { view: { is_stopping: true } };
  });
}
