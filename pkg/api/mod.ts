/**
 * The HTTP API of a node: `createApi` serves a `MeshFacade` under `/api/v1` (bearer tokens, Host check, UCXL error bodies, OpenAPI,
 * Server-Sent Events with resume), and `ApiClient` is its other end, used by the command line and the portal.
 *
 * ```ts
 * const api = createApi({ mesh, clock, random, logger }, { tokens: [{ token, scope: "write" }], version: "0.1.0" });
 * const client = new ApiClient({ fetch: (request) => api.fetch(request), clock, random }, { baseUrl: "http://localhost", token });
 * console.log((await client.status()).state);
 * ```
 *
 * @module
 */
export { createApi } from "./api.ts";
export type { Api, ApiDeps, ApiOptions } from "./api.ts";
export { ApiClient } from "./client.ts";
export type { ApiClientDeps, ApiClientOptions, ApiFetch, CallOptions, JournalPage } from "./client.ts";
export type { FollowOptions, StreamEvent } from "./client_events.ts";
export * from "./constants.ts";
export { ApiError, STATUS_OF_CODE } from "./errors.ts";
export type { ApiClientErrorCode, ApiErrorCode } from "./errors.ts";
export type { EventStreamOptions } from "./event_stream.ts";
export type { MeshEvent, MeshFacade } from "./facade.ts";
export type { ApiScope, ApiToken } from "./guard.ts";
export type {
  AnswerInput,
  CreateInviteInput,
  EventsQuery,
  JournalQuery,
  MessageQuery,
  PostMessageInput,
  PostTaskInput,
  RequestQuery,
  TaskQuery,
} from "./inputs.ts";
export { MIN_SHORT_ID_CHARACTERS, resolveShortId, shortIds } from "./short_ids.ts";
export { REQUEST_STATES, TASK_STATES } from "./states.ts";
export type {
  AgentView,
  AuthorView,
  CreatedInviteView,
  EntryDetailView,
  EntryView,
  ErrorView,
  InviteView,
  MemberView,
  MessageView,
  PeerView,
  RequestRecord,
  RequestView,
  StatusView,
  TaskDetailView,
  TaskView,
} from "./views.ts";
