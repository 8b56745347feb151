/**
 * UCXI, the context server of a node: GET, PUT, POST, DELETE, ANNOUNCE, DISCOVER, NAVIGATE, QUERY and SUBSCRIBE over HTTP, and its client.
 *
 * ```ts
 * const server = createUcxiServer({ backend, clock, random, logger }, { tokens, maxContentBytes, version });
 * const client = new UcxiClient({ fetch: server.fetch, clock, random }, { baseUrl: "http://localhost", token });
 * await client.put("ucxl://basil:developer@shop:checkout/plan.md", bytes, { mediaType: "text/markdown" });
 * ```
 *
 * @module
 */
export { UcxiClient } from "./client.ts";
export type { ContentAnswer, SubscriptionEvent, UcxiClientOptions, WriteOptions } from "./client.ts";
export * from "./constants.ts";
export { differenceOf } from "./difference.ts";
export { createUcxiServer } from "./server.ts";
export type { UcxiDeps, UcxiOptions, UcxiServer } from "./server.ts";
export type { ContentProviders, ContextBackend } from "./server_deps.ts";
export type {
  AnnouncementView,
  ContextStatusView,
  DecisionDetailView,
  DecisionItemView,
  DiffView,
  DiscoveryView,
  HistoryView,
  ListView,
  NavigationView,
  SearchView,
  VersionView,
} from "./views.ts";
