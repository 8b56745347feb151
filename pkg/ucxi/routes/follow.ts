import { z } from "@hono/zod-openapi";
import { ApiError, type EventSource, type EventStreams, type Router } from "@bzzz/http";
import { matchesAddress, parseAddress } from "@bzzz/ucxl";
import { answer } from "../answer.ts";
import { subscribeQuerySchema } from "../inputs.ts";
import { versionView } from "../present.ts";
import type { ContextBackend } from "../server_deps.ts";
import { contextStatusViewSchema, responseOf, type VersionView } from "../views.ts";

/** New versions as events of a stream; their place is that of their entries in this node's journal. */
export function versionSource({ index, authorOf }: ContextBackend): EventSource<VersionView> {
  return {
    itemName: "version",
    latestCursor: () => Promise.resolve(index.lastCursor()),
    watch: (listener) => {
      const stopped = new AbortController();
      index.events.on(
        "version:stored",
        ({ version }) => listener({ type: "item", item: versionView(version, authorOf) }),
        { signal: stopped.signal },
      );
      return () => stopped.abort();
    },
  };
}

/** Following new versions, and how the server does. */
export function addFollowRoutes(
  router: Router,
  backend: ContextBackend,
  streams: EventStreams<VersionView>,
): void {
  const { index, authorOf } = backend;
  router.addRaw({
    method: "get",
    path: "/subscribe",
    tag: "follow",
    summary: "Server-Sent Events: hello, version (id = cursor), reset, dropped, bye. Resume with Last-Event-ID",
    query: subscribeQuerySchema,
    response: z.string(),
    mediaType: "text/event-stream",
    errors: ["invalid_address", "too_many_event_clients", "node_stopping"],
  }, ({ query, request }) => {
    // A HEAD answer has no body to cancel, so its stream would stay open for ever.
    if (request.method === "HEAD") throw new ApiError("invalid_request", "Cannot open a stream: HEAD has no body");
    const pattern = query.pattern === undefined ? undefined : parseAddress(query.pattern);
    return streams.open({
      after: query.after,
      page: (after, limit) =>
        Promise.resolve(index.after(after, limit).map((version) => versionView(version, authorOf))),
      // a canonical address parses again; a pattern alone has wildcards
      wants: (version) => pattern === undefined || matchesAddress(pattern, parseAddress(version.address)),
    }, request.headers.get("last-event-id"));
  });

  router.add({
    method: "get",
    path: "/status",
    tag: "node",
    summary: "Counters of this server",
    response: responseOf(contextStatusViewSchema),
  }, ({ facts }) =>
    Promise.resolve(answer(facts, {
      versions: index.size,
      subscribers: streams.size,
      dropped_subscribers: streams.dropped,
    }, { message: `${index.size} versions` })));

  router.add(
    {
      method: "get",
      path: "/health",
      tag: "node",
      summary: "Whether this server answers; without a token",
      isOpen: true,
      response: responseOf(z.object({ status: z.literal("ok") })),
    },
    ({ facts }) => Promise.resolve(answer(facts, { status: "ok" as const }, { message: "The context server answers" })),
  );
}
