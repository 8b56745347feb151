import { z } from "@hono/zod-openapi";
import { createUlid, withTimeout } from "@bzzz/base";
import type { Api, ApiDeps, ApiOptions } from "./api.ts";
import { API_BASE, REQUEST_TIMEOUT_MS } from "./constants.ts";
import { ApiError, toErrorView } from "./errors.ts";
import { EventStreams } from "./event_stream.ts";
import { TokenGuard } from "./guard.ts";
import { eventsQuerySchema } from "./inputs.ts";
import { Router } from "./router.ts";
import { addInviteRoutes } from "./routes/invites.ts";
import { addJournalRoutes } from "./routes/journal.ts";
import { addNodeRoutes } from "./routes/node.ts";
import { addRequestRoutes } from "./routes/requests.ts";
import { addTaskRoutes } from "./routes/tasks.ts";

/** The routes of the API, built at once; see `createApi`. @throws RangeError for a token that is too short */
export function createApp(deps: ApiDeps, options: ApiOptions): Api {
  const { clock, random, logger } = deps;
  const router = new Router({
    base: API_BASE,
    tokens: new TokenGuard(options.tokens),
    ...(options.allowedHosts ? { allowedHosts: options.allowedHosts } : {}),
    ...(options.maxBodyBytes === undefined ? {} : { maxBodyBytes: options.maxBodyBytes }),
  });
  const streams = new EventStreams(deps, options.events);
  addNodeRoutes(router, deps.mesh);
  addTaskRoutes(router, deps.mesh);
  addRequestRoutes(router, deps.mesh);
  addJournalRoutes(router, deps.mesh);
  addInviteRoutes(router, deps.mesh);
  addEventRoute(router, streams);
  addDocumentRoute(router, options.version);
  router.app.onError((error) => {
    throw error; // one place makes error bodies: `fetch`, below
  });

  const timeoutMs = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
  return {
    async fetch(request) {
      const requestId = createUlid(clock.nowMs(), random);
      let response: Response;
      try {
        const work = Promise.resolve(router.app.fetch(request));
        response = await withTimeout(clock, work, { timeoutMs, what: "the request" });
      } catch (error) {
        const { status, view, isDefect } = toErrorView(error, { requestId, nowMs: clock.nowMs() });
        const fields = { requestId, status, method: request.method, path: new URL(request.url).pathname };
        if (isDefect) logger.error("A request to the API failed", fields, error);
        else logger.debug("A request to the API was refused", { ...fields, code: view.error.code });
        response = Response.json(view, { status });
        if (status === 401) response.headers.set("www-authenticate", 'Bearer realm="bzzz"');
        if (status === 503) response.headers.set("retry-after", "5");
      }
      response.headers.set("x-request-id", requestId);
      response.headers.set("x-content-type-options", "nosniff");
      response.headers.set("cache-control", "no-store");
      return response;
    },
    close: () => streams.close(),
    stats: () => ({ eventClients: streams.size, droppedEventClients: streams.dropped }),
  };
}

function addEventRoute(router: Router, streams: EventStreams): void {
  router.addRaw({
    method: "get",
    path: "/events",
    tag: "journal",
    summary: "Server-Sent Events: hello, entry (id = cursor), peer, reset, dropped, bye. Resume with Last-Event-ID",
    query: eventsQuerySchema,
    response: z.string(),
    mediaType: "text/event-stream",
    errors: ["too_many_event_clients", "node_stopping", "invalid_topic"],
  }, ({ query, request }) => {
    // A HEAD answer has no body to cancel, so its stream would stay open for ever.
    if (request.method === "HEAD") throw new ApiError("invalid_request", "Cannot open a stream: HEAD has no body");
    return streams.open(query, request.headers.get("last-event-id"));
  });
}

function addDocumentRoute(router: Router, version: string): void {
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
    tag: "node",
    summary: "This document",
    response: z.looseObject({ openapi: z.string() }),
  }, () => {
    document ??= JSON.stringify(router.app.getOpenAPI31Document({
      openapi: "3.1.0",
      info: { title: "BZZZ node", version, description: "What people and scripts can ask of a BZZZ node." },
    }));
    return Promise.resolve(new Response(document, { headers: { "content-type": "application/json" } }));
  });
}
