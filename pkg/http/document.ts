import { z } from "@hono/zod-openapi";
import type { Router } from "./router.ts";

/** Adds `GET /openapi.json`: OpenAPI 3.1 made from the schemas that check every request. */
export function addDocumentRoute(
  router: Router,
  info: { readonly title: string; readonly version: string; readonly description: string; readonly tag: string },
): void {
  for (const scope of ["read", "write"]) {
    router.app.openAPIRegistry.registerComponent("securitySchemes", scope, {
      type: "http",
      scheme: "bearer",
      description: `A token with the scope "${scope}"; "write" includes "read"`,
    });
  }
  let document: string | undefined;
  router.addRaw({
    method: "get",
    path: "/openapi.json",
    tag: info.tag,
    summary: "This document",
    response: z.looseObject({ openapi: z.string() }),
  }, () => {
    const { title, version, description } = info;
    document ??= JSON.stringify(
      router.app.getOpenAPI31Document({ openapi: "3.1.0", info: { title, version, description } }),
    );
    return Promise.resolve(new Response(document, { headers: { "content-type": "application/json" } }));
  });
}
