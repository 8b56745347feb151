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
export type { ApiClientOptions, JournalPage } from "./client.ts";
export type { StreamEvent } from "./client_events.ts";
export * from "./constants.ts";
export type { ElectionFacade, IdentityFacade, MeshEvent, MeshFacade, RolesFacade, VotersFacade } from "./facade.ts";
// what options, errors and clients of the API are made of
export { ApiError, STATUS_OF_CODE } from "@bzzz/http";
export type {
  ApiClientErrorCode,
  ApiErrorCode,
  ApiScope,
  ApiToken,
  CallOptions,
  ErrorView,
  EventStreamOptions,
  FollowOptions,
  HttpCallerDeps as ApiClientDeps,
  HttpFetch as ApiFetch,
} from "@bzzz/http";
export type {
  AnswerInput,
  AskInput,
  CreateInviteInput,
  ElectionOrderInput,
  EventsQuery,
  HandleInput,
  JournalQuery,
  MessageQuery,
  PostMessageInput,
  PostTaskInput,
  RequestQuery,
  RetryTaskInput,
  ReviewTaskInput,
  TaskQuery,
} from "./inputs.ts";
export { SlurpClient } from "./slurp_client.ts";
export type { SlurpFacade } from "./slurp_facade.ts";
export type {
  DeadLetterView,
  ReplayView,
  SlurpAlignmentView,
  SlurpContextQuery,
  SlurpContextView,
  SlurpGraphQuery,
  SlurpGraphView,
  SlurpStatusView,
} from "./slurp_views.ts";
export { IdentityClient } from "./identity_client.ts";
export type {
  IdentityView,
  PassphraseChangeInput,
  PersonView,
  RevokeDeviceInput,
  RootUseInput,
} from "./person_views.ts";
export type { VotersView } from "./voter_views.ts";
export type { DefineRolesInput, ExportedKeysView, RoleKeyView, RoleView } from "./role_views.ts";
export { MIN_SHORT_ID_CHARACTERS, resolveShortId, shortIds } from "./short_ids.ts";
export { fairPage, type ListedItem, type Page } from "./fair_page.ts";
export { isStandingAt, type RequestFacts, selectRequests } from "./select_requests.ts";
export { isOpenRequest, REQUEST_STATES, TASK_STATES } from "./states.ts";
export type {
  AgentView,
  AuthorView,
  CreatedInviteView,
  ElectionView,
  EntryDetailView,
  EntryView,
  InviteView,
  MemberView,
  MessageView,
  PeerView,
  PersonPresence,
  RequestRecord,
  RequestView,
  StatusView,
  TaskDetailView,
  TaskView,
} from "./views.ts";
