import { z } from "@hono/zod-openapi";
import type { Router } from "@bzzz/http";
import type { RolesFacade } from "../facade.ts";
import { defineRolesSchema, exportedKeysViewSchema, roleKeyViewSchema, roleViewSchema } from "../role_views.ts";

const roleParams = z.object({ role: z.string().min(1).max(64) });

/** Roles of the mesh and their keys. */
export function addRoleRoutes(router: Router, roles: RolesFacade): void {
  router.add({
    method: "get",
    path: "/roles",
    tag: "roles",
    summary: "Roles of the mesh, the built-in ones first",
    response: z.object({ items: z.array(roleViewSchema) }),
  }, async () => ({ view: { items: [...await roles.list()] } }));

  router.add({
    method: "put",
    path: "/roles",
    tag: "roles",
    summary: "Put these in the place of the mesh's own roles",
    body: defineRolesSchema,
    response: z.object({ items: z.array(roleViewSchema) }),
    errors: ["not_allowed"],
  }, async ({ body }) => ({ view: { items: [...await roles.define(body)] } }));

  router.add({
    method: "get",
    path: "/keys",
    tag: "roles",
    summary: "Keys of all roles by generation, without their secrets",
    response: z.object({ items: z.array(roleKeyViewSchema) }),
  }, async () => ({ view: { items: [...await roles.keys()] } }));

  router.add({
    method: "post",
    path: "/keys/{role}/rotate",
    tag: "roles",
    summary: "Replace the key of a role and hand the new one to its members",
    params: roleParams,
    status: 201,
    response: roleKeyViewSchema,
    errors: ["not_found", "not_allowed"],
  }, async ({ params }) => ({ view: await roles.rotateKey(params.role) }));

  router.add({
    method: "post",
    path: "/keys/{role}/export",
    tag: "roles",
    summary: "Write the secrets of a role's keys to a file of this node, for the age command",
    params: roleParams,
    status: 201,
    response: exportedKeysViewSchema,
    errors: ["not_found"],
  }, async ({ params }) => ({ view: await roles.exportKeys(params.role) }));
}
