import { z } from "zod";
import { abortable, BzzzError, type Clock, createDeadline, errorMessage, type Random } from "@bzzz/base";
import type { FollowOptions, StreamEvent } from "./client_events.ts";
import { API_BASE, REQUEST_TIMEOUT_MS } from "./constants.ts";
import { ApiError, fromErrorView } from "./errors.ts";
import type {
  answerSchema,
  createInviteSchema,
  eventsQuerySchema,
  journalQuerySchema,
  messageQuerySchema,
  postMessageSchema,
  postTaskSchema,
  requestQuerySchema,
  taskQuerySchema,
} from "./inputs.ts";
import type {
  AgentView,
  CreatedInviteView,
  EntryDetailView,
  EntryView,
  InviteView,
  MemberView,
  MessageView,
  PeerView,
  RequestView,
  StatusView,
  TaskDetailView,
  TaskView,
} from "./views.ts";

/** How requests leave: `fetch` of the host, or `api.fetch` of a node in the same process. */
export type ApiFetch = (request: Request) => Promise<Response>;

/** What a client is made of. */
export interface ApiClientDeps {
  readonly fetch: ApiFetch;
  readonly clock: Clock;
  readonly random: Random;
}

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

const listOf = <S extends z.ZodType>(schema: S) => z.object({ items: z.array(schema) });

/**
 * Typed access to a node's API. Every method rejects with `ApiError`: the node's own code, "node_unreachable" when nobody answers,
 * "timeout", or "unexpected_answer" when something else than this API does; an aborted call rejects with `signal.reason`.
 * It holds nothing open between calls; leaving the loop over `events` ends the stream.
 */
export class ApiClient {
  readonly #deps: ApiClientDeps;
  readonly #options: ApiClientOptions;

  constructor(deps: ApiClientDeps, options: ApiClientOptions) {
    this.#deps = deps;
    this.#options = options;
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

  /** `member` is a peer id or agent id. */
  revokeMember(member: string, input: { reason?: string } = {}, options: CallOptions = {}): Promise<MemberView> {
    return this.#call("POST", path`/members/${member}/revoke`, (views) => views.memberViewSchema, {
      ...options,
      body: input,
    });
  }

  async tasks(query: z.input<typeof taskQuerySchema> = {}, options: CallOptions = {}): Promise<readonly TaskView[]> {
    return (await this.#call("GET", "/tasks", (views) => listOf(views.taskViewSchema), { ...options, query })).items;
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

  async requests(
    query: z.input<typeof requestQuerySchema> = {},
    options: CallOptions = {},
  ): Promise<readonly RequestView[]> {
    return (await this.#call("GET", "/requests", (views) => listOf(views.requestViewSchema), { ...options, query }))
      .items;
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

  async invites(options: CallOptions = {}): Promise<readonly InviteView[]> {
    return (await this.#call("GET", "/invites", (views) => listOf(views.inviteViewSchema), options)).items;
  }

  createInvite(input: z.input<typeof createInviteSchema>, options: CallOptions = {}): Promise<CreatedInviteView> {
    return this.#call("POST", "/invites", (views) => views.createdInviteViewSchema, { ...options, body: input });
  }

  revokeInvite(invite: string, options: CallOptions = {}): Promise<InviteView> {
    return this.#call("DELETE", path`/invites/${invite}`, (views) => views.inviteViewSchema, options);
  }

  /** Resolves when the node has begun to stop. */
  async stop(input: { reason?: string } = {}, options: CallOptions = {}): Promise<void> {
    await this.#call("POST", "/node/stop", () => z.object({ is_stopping: z.boolean() }), { ...options, body: input });
  }

  openApi(options: CallOptions = {}): Promise<Record<string, unknown>> {
    return this.#call("GET", "/openapi.json", () => z.record(z.string(), z.unknown()), options);
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
      this.#send("GET", "/events", {
        signal,
        query: { ...query, ...(after === undefined ? {} : { after }) },
        accept: "text/event-stream",
      });
    const { followEvents } = await import("./client_events.ts");
    yield* followEvents({ ...this.#deps, open }, options);
  }

  async #call<S extends z.ZodType>(
    method: string,
    route: string,
    pick: (views: Views) => S,
    options: Call,
  ): Promise<z.output<S>> {
    const timeoutMs = this.#options.timeoutMs ?? REQUEST_TIMEOUT_MS;
    using deadline = createDeadline(this.#deps.clock, {
      timeoutMs,
      what: `${method} ${route}`,
      ...(options.signal ? { parent: options.signal } : {}),
    });
    const response = await this.#send(method, route, { ...options, signal: deadline.signal });
    const result = pick(await loadViews()).safeParse(await readJson(response, deadline.signal));
    if (!result.success) throw unexpected(response.status, z.prettifyError(result.error).slice(0, 300));
    return result.data;
  }

  async #send(method: string, route: string, options: Call & { accept?: string }): Promise<Response> {
    const url = new URL(API_BASE + route, this.#options.baseUrl);
    for (const [key, value] of Object.entries(options.query ?? {})) {
      if (value !== undefined) url.searchParams.set(key, String(value));
    }
    const request = new Request(url, {
      method,
      headers: {
        authorization: `Bearer ${this.#options.token}`,
        accept: options.accept ?? "application/json",
        ...(options.body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      ...(options.signal ? { signal: options.signal } : {}),
      redirect: "error", // a redirect would carry the token elsewhere
    });
    let response: Response;
    try {
      response = await abortable(this.#deps.fetch(request), options.signal); // in-process nodes do not look at the signal
    } catch (cause) {
      throw this.#unreachable(cause, options.signal);
    }
    if (response.ok) return response;
    const view = (await loadViews()).errorViewSchema.safeParse(await readJson(response, options.signal));
    throw view.success ? fromErrorView(response.status, view.data) : unexpected(response.status, "no error body");
  }

  #unreachable(cause: unknown, signal: AbortSignal | undefined): unknown {
    if (signal?.aborted) return abortReason(signal, cause);
    return new ApiError(
      "node_unreachable",
      `Cannot reach the node at ${this.#options.baseUrl}: ${errorMessage(cause)}; is it running?`,
      { cause },
    );
  }
}

type Views = typeof import("./views.ts");

/** A node that is not asked anything does not build the schemas of the answers: they are a tenth of its start. */
function loadViews(): Promise<Views> {
  return import("./views.ts");
}

/** Options of every call. */
export interface CallOptions {
  readonly signal?: AbortSignal;
}

interface Call extends CallOptions {
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
}

function path(parts: TemplateStringsArray, ...values: string[]): string {
  return parts.reduce((out, part, i) => out + encodeURIComponent(values[i - 1] ?? "") + part);
}

async function readJson(response: Response, signal: AbortSignal | undefined): Promise<unknown> {
  try {
    return await abortable(response.json(), signal);
  } catch (error) {
    if (signal?.aborted) throw abortReason(signal, error);
    throw unexpected(response.status, errorMessage(error));
  }
}

/** A deadline of ours becomes an `ApiError`; the caller's own reason stays what it is. */
function abortReason(signal: AbortSignal, cause: unknown): unknown {
  const reason: unknown = signal.reason;
  return reason instanceof BzzzError && reason.code === "timeout"
    ? new ApiError("timeout", `${reason.message}: the node is busy or stuck`, { cause })
    : reason;
}

function unexpected(status: number, found: string): ApiError {
  return new ApiError(
    "unexpected_answer",
    `Cannot understand the answer (HTTP ${status}): ${found}; is this a BZZZ node of a fitting version?`,
    { status },
  );
}
