import { type ServerParts, TokenGuard } from "@bzzz/http";
import { MAX_SUBSCRIBERS, UCXI_BASE } from "./constants.ts";
import { addBrowseRoutes } from "./routes/browse.ts";
import { addContentRoutes, addImportRoute } from "./routes/content.ts";
import { addDecisionRoutes } from "./routes/decisions.ts";
import { addFindRoutes } from "./routes/find.ts";
import { addFollowRoutes, versionSource } from "./routes/follow.ts";
import type { UcxiDeps, UcxiOptions, UcxiServer } from "./server.ts";

/** The routes of the server, built at once; see `createUcxiServer`. */
export function createUcxiApp(deps: UcxiDeps, options: UcxiOptions, parts: ServerParts): UcxiServer {
  const { backend } = deps;
  const router = new parts.Router({
    base: UCXI_BASE,
    tokens: new TokenGuard(options.tokens),
    ...(options.allowedHosts ? { allowedHosts: options.allowedHosts } : {}),
  });
  const streams = new parts.EventStreams(
    { clock: deps.clock, source: versionSource(backend) },
    { maxClients: MAX_SUBSCRIBERS, ...options.events },
  );
  addContentRoutes(router, backend, options);
  addImportRoute(router, backend, options);
  addBrowseRoutes(router, backend);
  addFindRoutes(router, backend);
  addDecisionRoutes(router, deps);
  addFollowRoutes(router, backend, streams);
  parts.addDocumentRoute(router, {
    title: "BZZZ context (UCXI)",
    version: options.version,
    description: "Context at UCXL addresses: versions, search, subscriptions.",
    tag: "node",
  });
  return {
    fetch: parts.createResponder(deps, (request, facts) => router.app.fetch(request, facts), {
      what: "context server",
      source: "ucxi",
      ...(options.requestTimeoutMs === undefined ? {} : { requestTimeoutMs: options.requestTimeoutMs }),
    }),
    close: () => streams.close(),
  };
}
