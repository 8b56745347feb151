import { z } from "zod";
import {
  type CallOptions,
  type FollowOptions,
  HttpCaller,
  type HttpCallerDeps,
  path,
  type SendOptions,
} from "@bzzz/http";
import type { StreamEvent } from "./client_events.ts";
import { API_BASE } from "./constants.ts";
import type {
  answerSchema,
  askSchema,
  createInviteSchema,
  electionOrderSchema,
  eventsQuerySchema,
  handleSchema,
  journalQuerySchema,
  messageQuerySchema,
  postMessageSchema,
  postTaskSchema,
  requestQuerySchema,
  retryTaskSchema,
  reviewTaskSchema,
  taskQuerySchema,
} from "./inputs.ts";
import type { defineRolesSchema, ExportedKeysView, RoleKeyView, RoleView } from "./role_views.ts";
import type {
  AgentView,
  CreatedInviteView,
  ElectionView,
  EntryDetailView,
  EntryView,
  InviteView,
  MemberView,
  MessageView,
  PeerView,
  PersonPresence,
  RequestView,
  StatusView,
  TaskDetailView,
  TaskView,
} from "./views.ts";
import { IdentityClient } from "./identity_client.ts";
import { SlurpClient } from "./slurp_client.ts";
import type { VotersView } from "./voter_views.ts";

/** Which node, and as whom. */
export interface ApiClientOptions {
  /** "http://127.0.0.1:8090" */
  readonly baseUrl: string;
  readonly token: string;
  /** Bound of one call; default 30 s. */
  readonly timeoutMs?: number;
}

/** One page of the journal. */
export interface JournalPage {
  readonly items: readonly EntryView[];
  /** Ask with this as `after` for the next page. */
  readonly next_after: number;
  readonly latest: number;
}

/** A part of a list. */
export interface ListPage<V> {
  readonly items: readonly V[];
  /** Ask with this as `after` for the next part; missing: there is none. */
  readonly next_after?: string | undefined;
  /** Of the whole list. */
  readonly total: number;
}

const pageOf = <S extends z.ZodType>(schema: S) =>
  listOf(schema).extend({ next_after: z.string().optional(), total: z.int() });

const listOf = <S extends z.ZodType>(schema: S) => z.object({ items: z.array(schema) });

/**
 * Typed access to a node's API. Every method rejects with `ApiError`: the node's own code, "node_unreachable" when nobody answers,
 * "timeout", or "unexpected_answer" when something else than this API does; an aborted call rejects with `signal.reason`.
 * It holds nothing open between calls; leaving the loop over `events` ends the stream.
 */
export class ApiClient {
  /** The way to this node, for clients of what else it serves there. */
  readonly connection: HttpCallerDeps & ApiClientOptions;
  /** What the leader derives. */
  readonly slurp: SlurpClient;
  /** Whose node it is. */
  readonly identity: IdentityClient;
  readonly #deps: HttpCallerDeps;
  readonly #caller: HttpCaller;

  constructor(deps: HttpCallerDeps, options: ApiClientOptions) {
    this.#deps = deps;
    this.connection = { fetch: deps.fetch, clock: deps.clock, random: deps.random, ...options };
    this.#caller = new HttpCaller(deps, { ...options, basePath: API_BASE });
    this.slurp = new SlurpClient(this.#caller);
    this.identity = new IdentityClient(this.#caller);
  }

  status(options: CallOptions = {}): Promise<StatusView> {
    return this.#call("GET", "/status", (views) => views.statusViewSchema, options);
  }

  async peers(options: CallOptions = {}): Promise<readonly PeerView[]> {
    return (await this.#call("GET", "/peers", (views) => listOf(views.peerViewSchema), options)).items;
  }

  async members(options: CallOptions = {}): Promise<readonly MemberView[]> {
    return (await this.#call("GET", "/members", (views) => listOf(views.memberViewSchema), options)).items;
  }

  async agents(options: CallOptions = {}): Promise<readonly AgentView[]> {
    return (await this.#call("GET", "/agents", (views) => listOf(views.agentViewSchema), options)).items;
  }

  election(options: CallOptions = {}): Promise<ElectionView> {
    return this.#call("GET", "/election", (views) => views.electionViewSchema, options);
  }

  /** Ends the term of the leader; see the facade. */
  orderElection(
    order: "trigger" | "step_down",
    input: z.input<typeof electionOrderSchema> = {},
    options: CallOptions = {},
  ): Promise<ElectionView> {
    const path = order === "trigger" ? "/election/trigger" : "/election/step-down";
    return this.#call("POST", path, (views) => views.electionViewSchema, { ...options, body: input });
  }

  /** `member` is a peer id or agent id. */
  revokeMember(member: string, input: { reason?: string } = {}, options: CallOptions = {}): Promise<MemberView> {
    return this.#call("POST", path`/members/${member}/revoke`, (views) => views.memberViewSchema, {
      ...options,
      body: input,
    });
  }

  /** Newest first, in as many answers as `limit` takes. */
  async tasks(query: z.input<typeof taskQuerySchema> = {}, options: CallOptions = {}): Promise<readonly TaskView[]> {
    const tasks = await allPages((part) => this.taskPage({ ...query, ...part }, options), query.limit);
    return tasks.toSorted((a, b) => b.created_at_ms - a.created_at_ms);
  }

  /** As many as one answer has: of each author the newest. */
  taskPage(query: z.input<typeof taskQuerySchema> = {}, options: CallOptions = {}): Promise<ListPage<TaskView>> {
    return this.#call("GET", "/tasks", (views) => pageOf(views.taskViewSchema), { ...options, query });
  }

  /** `task` is an id or the end of one. */
  task(task: string, options: CallOptions = {}): Promise<TaskDetailView> {
    return this.#call("GET", path`/tasks/${task}`, (views) => views.taskDetailViewSchema, options);
  }

  postTask(input: z.input<typeof postTaskSchema>, options: CallOptions = {}): Promise<TaskView> {
    return this.#call("POST", "/tasks", (views) => views.taskViewSchema, { ...options, body: input });
  }

  cancelTask(task: string, input: { reason?: string } = {}, options: CallOptions = {}): Promise<TaskView> {
    return this.#call("POST", path`/tasks/${task}/cancel`, (views) => views.taskViewSchema, {
      ...options,
      body: input,
    });
  }

  /** Announces a task that failed, was cancelled or expired once more. */
  retryTask(task: string, input: z.input<typeof retryTaskSchema> = {}, options: CallOptions = {}): Promise<TaskView> {
    return this.#call("POST", path`/tasks/${task}/retry`, (views) => views.taskViewSchema, { ...options, body: input });
  }

  /** Accepts the result of a task in review, or sends it back with a reason. */
  reviewTask(task: string, input: z.input<typeof reviewTaskSchema>, options: CallOptions = {}): Promise<TaskView> {
    return this.#call("POST", path`/tasks/${task}/review`, (views) => views.taskViewSchema, {
      ...options,
      body: input,
    });
  }

  journal(query: z.input<typeof journalQuerySchema> = {}, options: CallOptions = {}): Promise<JournalPage> {
    const schema = (views: Views) => listOf(views.entryViewSchema).extend({ next_after: z.int(), latest: z.int() });
    return this.#call("GET", "/journal", schema, { ...options, query });
  }

  entry(id: string, options: CallOptions = {}): Promise<EntryDetailView> {
    return this.#call("GET", path`/journal/${id}`, (views) => views.entryDetailViewSchema, options);
  }

  async messages(
    query: z.input<typeof messageQuerySchema> = {},
    options: CallOptions = {},
  ): Promise<readonly MessageView[]> {
    return (await this.#call("GET", "/messages", (views) => listOf(views.messageViewSchema), { ...options, query }))
      .items;
  }

  postMessage(input: z.input<typeof postMessageSchema>, options: CallOptions = {}): Promise<MessageView> {
    return this.#call("POST", "/messages", (views) => views.messageViewSchema, { ...options, body: input });
  }

  /** Oldest first, in as many answers as `limit` takes. */
  async requests(
    query: z.input<typeof requestQuerySchema> = {},
    options: CallOptions = {},
  ): Promise<readonly RequestView[]> {
    const requests = await allPages((part) => this.requestPage({ ...query, ...part }, options), query.limit);
    return requests.toSorted((a, b) => a.opened_at_ms - b.opened_at_ms);
  }

  /** As many as one answer has: of each asker the oldest that wait, and the newest of all others. */
  requestPage(
    query: z.input<typeof requestQuerySchema> = {},
    options: CallOptions = {},
  ): Promise<ListPage<RequestView>> {
    return this.#call("GET", "/requests", (views) => pageOf(views.requestViewSchema), { ...options, query });
  }

  /** `request` is an id or a short id. */
  request(request: string, options: CallOptions = {}): Promise<RequestView> {
    return this.#call("GET", path`/requests/${request}`, (views) => views.requestViewSchema, options);
  }

  answer(request: string, input: z.input<typeof answerSchema>, options: CallOptions = {}): Promise<RequestView> {
    return this.#call("POST", path`/requests/${request}/answer`, (views) => views.requestViewSchema, {
      ...options,
      body: input,
    });
  }

  /** Asks people. */
  ask(input: z.input<typeof askSchema>, options: CallOptions = {}): Promise<RequestView> {
    return this.#call("POST", "/requests", (views) => views.requestViewSchema, { ...options, body: input });
  }

  /** Puts a request off, hands it on, or says that somebody reads it. */
  handle(request: string, input: z.input<typeof handleSchema>, options: CallOptions = {}): Promise<RequestView> {
    return this.#call("POST", path`/requests/${request}/handle`, (views) => views.requestViewSchema, {
      ...options,
      body: input,
    });
  }

  /** Takes an approval back. */
  revokeApproval(request: string, input: { reason?: string } = {}, options: CallOptions = {}): Promise<RequestView> {
    return this.#call("POST", path`/requests/${request}/revoke`, (views) => views.requestViewSchema, {
      ...options,
      body: input,
    });
  }

  /** Takes back what this node asked. */
  withdraw(request: string, input: { reason?: string } = {}, options: CallOptions = {}): Promise<RequestView> {
    return this.#call("POST", path`/requests/${request}/withdraw`, (views) => views.requestViewSchema, {
      ...options,
      body: input,
    });
  }

  async invites(options: CallOptions = {}): Promise<readonly InviteView[]> {
    return (await this.#call("GET", "/invites", (views) => listOf(views.inviteViewSchema), options)).items;
  }

  createInvite(input: z.input<typeof createInviteSchema>, options: CallOptions = {}): Promise<CreatedInviteView> {
    return this.#call("POST", "/invites", (views) => views.createdInviteViewSchema, { ...options, body: input });
  }

  revokeInvite(invite: string, options: CallOptions = {}): Promise<InviteView> {
    return this.#call("DELETE", path`/invites/${invite}`, (views) => views.inviteViewSchema, options);
  }

  /** Says whether this node's person is here, away or busy; the answer is this node as the others see it. */
  setPerson(person: PersonPresence, options: CallOptions = {}): Promise<AgentView> {
    return this.#call("PUT", "/node/person", (views) => views.agentViewSchema, { ...options, body: { person } });
  }

  /** Resolves when the node has begun to stop. */
  async stop(input: { reason?: string } = {}, options: CallOptions = {}): Promise<void> {
    await this.#call("POST", "/node/stop", () => z.object({ is_stopping: z.boolean() }), { ...options, body: input });
  }

  openApi(options: CallOptions = {}): Promise<Record<string, unknown>> {
    return this.#call("GET", "/openapi.json", () => z.record(z.string(), z.unknown()), options);
  }

  async roles(options: CallOptions = {}): Promise<readonly RoleView[]> {
    return (await this.#call("GET", "/roles", (views) => listOf(views.roleViewSchema), options, loadRoleViews)).items;
  }

  /** Puts these in the place of the mesh's own roles; the answer is all roles. */
  async defineRoles(
    input: z.input<typeof defineRolesSchema>,
    options: CallOptions = {},
  ): Promise<readonly RoleView[]> {
    const schema = (views: RoleViews) => listOf(views.roleViewSchema);
    return (await this.#call("PUT", "/roles", schema, { ...options, body: input }, loadRoleViews)).items;
  }

  async roleKeys(options: CallOptions = {}): Promise<readonly RoleKeyView[]> {
    return (await this.#call("GET", "/keys", (views) => listOf(views.roleKeyViewSchema), options, loadRoleViews)).items;
  }

  rotateKey(role: string, options: CallOptions = {}): Promise<RoleKeyView> {
    return this.#call("POST", path`/keys/${role}/rotate`, (views) => views.roleKeyViewSchema, options, loadRoleViews);
  }

  exportKeys(role: string, options: CallOptions = {}): Promise<ExportedKeysView> {
    const pick = (views: RoleViews) => views.exportedKeysViewSchema;
    return this.#call("POST", path`/keys/${role}/export`, pick, options, loadRoleViews);
  }

  voters(options: CallOptions = {}): Promise<VotersView> {
    return this.#call("GET", "/voters", (views) => views.votersViewSchema, options, loadVoterViews);
  }

  addVoter(member: string, options: CallOptions = {}): Promise<VotersView> {
    const pick = (views: VoterViews) => views.votersViewSchema;
    return this.#call("POST", "/voters", pick, { ...options, body: { member } }, loadVoterViews);
  }

  removeVoter(member: string, options: CallOptions = {}): Promise<VotersView> {
    return this.#call("DELETE", path`/voters/${member}`, (views) => views.votersViewSchema, options, loadVoterViews);
  }

  /**
   * The node's events, for as long as the loop runs: after a break it connects again with back-off and goes on behind the last entry
   * that was yielded, so no entry is lost and none comes twice. Yields "connected" and "disconnected" in between.
   * @throws ApiError when the node refuses for good (token, filter)
   */
  async *events(
    query: z.input<typeof eventsQuerySchema> = {},
    options: FollowOptions = {},
  ): AsyncGenerator<StreamEvent, void, void> {
    const open = (after: number | undefined, signal: AbortSignal) =>
      this.#caller.send("GET", "/events", {
        signal,
        query: { ...query, ...(after === undefined ? {} : { after }) },
        accept: "text/event-stream",
      });
    const { followEvents } = await import("./client_events.ts");
    yield* followEvents({ ...this.#deps, open }, options);
  }

  async #call<S extends z.ZodType, V = Views>(
    method: string,
    route: string,
    pick: (views: V) => S,
    options: SendOptions,
    // proof of the cast: V is another type only where its loader is given
    load: () => Promise<V> = loadViews as () => Promise<V>,
  ): Promise<z.output<S>> {
    return await this.#caller.call(method, route, async () => pick(await load()), options);
  }
}

/** Items of a list as a caller has none to give, which is what the routes take for it. */
const DEFAULT_LIMIT = 100;

async function allPages<V>(
  read: (part: { limit: number; after?: string }) => Promise<ListPage<V>>,
  limit: string | number = DEFAULT_LIMIT,
): Promise<V[]> {
  const found: V[] = [];
  let after: string | undefined;
  while (true) {
    const page = await read({ limit: Number(limit) - found.length, ...(after === undefined ? {} : { after }) });
    found.push(...page.items);
    after = page.next_after;
    if (after === undefined || page.items.length === 0 || found.length >= Number(limit)) return found;
  }
}

type Views = typeof import("./views.ts");
type RoleViews = typeof import("./role_views.ts");
type VoterViews = typeof import("./voter_views.ts");

/** A node that is not asked anything does not build the schemas of the answers: they are a tenth of its start. */
function loadViews(): Promise<Views> {
  return import("./views.ts");
}

function loadRoleViews(): Promise<RoleViews> {
  return import("./role_views.ts");
}

function loadVoterViews(): Promise<VoterViews> {
  return import("./voter_views.ts");
}
