import { z } from "@hono/zod-openapi";
import { ApiError, type EventStreams, type Router, type ServerParts, TokenGuard } from "@bzzz/http";
import type { Api, ApiDeps, ApiOptions } from "./api.ts";
import { API_BASE } from "./constants.ts";
import { eventSource, streamQuery } from "./events.ts";
import { eventsQuerySchema } from "./inputs.ts";
import type { EntryView } from "./views.ts";
import { addElectionRoutes } from "./routes/election.ts";
import { addIdentityRoutes } from "./routes/identity.ts";
import { addInviteRoutes } from "./routes/invites.ts";
import { addJournalRoutes } from "./routes/journal.ts";
import { addNodeRoutes } from "./routes/node.ts";
import { addRequestRoutes } from "./routes/requests.ts";
import { addRoleRoutes } from "./routes/roles.ts";
import { addSlurpRoutes } from "./routes/slurp.ts";
import { addTaskRoutes } from "./routes/tasks.ts";
import { addVoterRoutes } from "./routes/voters.ts";

/** The routes of the API, built at once; see `createApi`. @throws RangeError for a token that is too short */
export function createApp(deps: ApiDeps, options: ApiOptions, parts: ServerParts): Api {
  const router = new parts.Router({
    base: API_BASE,
    tokens: new TokenGuard(options.tokens),
    ...(options.allowedHosts ? { allowedHosts: options.allowedHosts } : {}),
    ...(options.maxBodyBytes === undefined ? {} : { maxBodyBytes: options.maxBodyBytes }),
  });
  const streams = new parts.EventStreams({ clock: deps.clock, source: eventSource(deps.mesh) }, options.events);
  addNodeRoutes(router, deps.mesh);
  addTaskRoutes(router, deps.mesh);
  addRequestRoutes(router, deps.mesh);
  addJournalRoutes(router, deps.mesh);
  addInviteRoutes(router, deps.mesh);
  addRoleRoutes(router, deps.mesh.roles);
  addVoterRoutes(router, deps.mesh.voters);
  addElectionRoutes(router, deps.mesh.election);
  addIdentityRoutes(router, deps.mesh.identity);
  addSlurpRoutes(router, deps.mesh.slurp);
  addEventRoute(router, streams, deps.mesh);
  parts.addDocumentRoute(router, {
    title: "BZZZ node",
    version: options.version,
    description: "What people and scripts can ask of a BZZZ node.",
    tag: "node",
  });
  return {
    fetch: parts.createResponder(deps, (request) => router.app.fetch(request), {
      what: "API",
      ...(options.requestTimeoutMs === undefined ? {} : { requestTimeoutMs: options.requestTimeoutMs }),
    }),
    close: () => streams.close(),
    stats: () => ({ eventClients: streams.size, droppedEventClients: streams.dropped }),
  };
}

function addEventRoute(router: Router, streams: EventStreams<EntryView>, mesh: ApiDeps["mesh"]): void {
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
    return streams.open(streamQuery(mesh, query), request.headers.get("last-event-id"));
  });
}
