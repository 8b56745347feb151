/**
 * What the HTTP servers of a node share: bearer tokens and the Host check, the router that checks requests by their schemas,
 * error bodies with UCXL codes, Server-Sent Events with resume; and the other end of each for clients.
 *
 * ```ts
 * const { Router, createResponder } = await loadServerParts();
 * const router = new Router({ base: "/x/v1", tokens: new TokenGuard([{ token, scope: "read" }]) });
 * const fetch = createResponder({ clock, random, logger }, (request) => router.app.fetch(request), { what: "x" });
 * ```
 *
 * @module
 */
export { HttpCaller, path } from "./caller.ts";
export type { CallOptions, HttpCallerDeps, HttpCallerOptions, HttpFetch, SendOptions } from "./caller.ts";
export * from "./constants.ts";
export type { ErrorView } from "./error_view.ts";
export { ApiError, fromErrorView, STATUS_OF_CODE, toErrorView } from "./errors.ts";
export type { ApiClientErrorCode, ApiErrorCode } from "./errors.ts";
export type { EventSource, EventStreamOptions, EventStreams, StreamQuery } from "./event_stream.ts";
export { followStream } from "./follow.ts";
export type { FollowOptions, StreamItem } from "./follow.ts";
export { checkHost, readBody, TokenGuard } from "./guard.ts";
export type { ApiScope, ApiToken } from "./guard.ts";
export { LazyServer } from "./lazy_server.ts";
export type { RequestServer } from "./lazy_server.ts";
export type { RequestFacts, ResponderDeps } from "./respond.ts";
export type { RouteInput, Router, RouteSpec, SuccessStatus } from "./router.ts";
export { readSse } from "./sse.ts";
export type { SseMessage } from "./sse.ts";

/** The parts of a server; see `server.ts`. */
export type ServerParts = typeof import("./server.ts");

/** Loads what only a server needs: a node that nobody asks does not build it. */
export function loadServerParts(): Promise<ServerParts> {
  return import("./server.ts");
}
