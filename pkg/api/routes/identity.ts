import { z } from "@hono/zod-openapi";
import type { Router } from "@bzzz/http";
import type { IdentityFacade } from "../facade.ts";
import {
  admitPersonSchema,
  identityViewSchema,
  passphraseChangeSchema,
  personViewSchema,
  revokeDeviceSchema,
  rootUseSchema,
  unlockSchema,
} from "../person_views.ts";

const KEY_ERRORS = ["identity_locked", "not_allowed"] as const;

/** This node's person and their keys, and the people of the mesh. */
export function addIdentityRoutes(router: Router, identity: IdentityFacade): void {
  router.add({
    method: "get",
    path: "/identity",
    tag: "people",
    summary: "Whose node this is, and whether their key is open",
    response: identityViewSchema,
  }, async () => ({ view: await identity.show() }));

  router.add({
    method: "post",
    path: "/identity/unlock",
    tag: "people",
    summary: "Open the person's key for a while",
    body: unlockSchema,
    response: identityViewSchema,
    errors: [...KEY_ERRORS],
  }, async ({ body }) => ({ view: await identity.unlock(body.passphrase) }));

  router.add({
    method: "post",
    path: "/identity/lock",
    tag: "people",
    summary: "Forget the person's key until its passphrase is given again",
    response: identityViewSchema,
  }, async () => ({ view: await identity.lock() }));

  router.add({
    method: "post",
    path: "/identity/passphrase",
    tag: "people",
    summary: "Give the person's keys another passphrase, or none",
    body: passphraseChangeSchema,
    response: identityViewSchema,
    errors: [...KEY_ERRORS],
  }, async ({ body }) => ({ view: await identity.changePassphrase(body) }));

  router.add({
    method: "post",
    path: "/identity/rotate",
    tag: "people",
    summary: "Replace the root key: everything that it had certified ends",
    body: rootUseSchema,
    response: identityViewSchema,
    errors: [...KEY_ERRORS, "person_missing"],
  }, async ({ body }) => ({ view: await identity.rotate(body) }));

  router.add({
    method: "post",
    path: "/identity/renew",
    tag: "people",
    summary: "Certify this device anew, for a year",
    body: rootUseSchema,
    response: identityViewSchema,
    errors: [...KEY_ERRORS, "person_missing"],
  }, async ({ body }) => ({ view: await identity.renew(body) }));

  router.add({
    method: "post",
    path: "/identity/devices/revoke",
    tag: "people",
    summary: "End a device of this person: it decides for them no more",
    body: revokeDeviceSchema,
    response: identityViewSchema,
    errors: [...KEY_ERRORS, "person_missing", "not_found"],
  }, async ({ body }) => ({ view: await identity.revokeDevice(body) }));

  router.add({
    method: "get",
    path: "/people",
    tag: "people",
    summary: "Portals of the mesh and whose they are",
    response: z.object({ items: z.array(personViewSchema) }),
  }, async () => ({ view: { items: [...await identity.people()] } }));

  router.add({
    method: "post",
    path: "/people/{member}/admit",
    tag: "people",
    summary: "Admit the person that a portal shows, whose six words were compared",
    params: z.object({ member: z.string().min(1).max(128) }),
    body: admitPersonSchema,
    response: personViewSchema,
    errors: ["not_found", "not_allowed", "invalid_request", "identity_locked"],
  }, async ({ params, body }) => ({ view: await identity.admit(params.member, body.words) }));
}
