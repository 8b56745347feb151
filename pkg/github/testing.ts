/**
 * A GitHub on loopback: the part of its REST API that the source uses, with pages, ETags, tokens and faults to order. And
 * a mesh in memory.
 *
 * @module
 */
import { BzzzError, hexEncode, type TaskId, TypedEventTarget, utf8Encode } from "@bzzz/base";
import { sha256 } from "@bzzz/crypto";
import type { MeshTasks, SourcedTask } from "./mesh_tasks.ts";
import { isEnd, type IssueTask, type IssueTaskDraft } from "./types.ts";

/** An issue as the fake keeps it. */
export interface FakeIssue {
  readonly number: number;
  title: string;
  body: string | null;
  state: "open" | "closed";
  labels: string[];
  isPullRequest: boolean;
  readonly comments: FakeComment[];
}

/** A comment as the fake keeps it. */
export interface FakeComment {
  readonly id: number;
  body: string;
  association: string;
  userType: string;
}

/** A request that the fake has answered. */
export interface SeenRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly status: number;
  readonly authorization: string | undefined;
}

/** An answer in place of the right one. */
export interface Fault {
  /** "GET /repos/acme/shop/issues": the beginning of method and path. */
  readonly on: string;
  /** How often; default once. */
  readonly times?: number;
  readonly answer: (request: Request) => Response | Promise<Response>;
}

/** What the fake starts with. */
export interface FakeGitHubOptions {
  /** The token that may write; without one nobody may. */
  readonly token?: string;
  /** "OWNER" unless given: what the comments of the token's account are marked with. */
  readonly association?: string;
  /** Issues on a page at most, whatever is asked for. */
  readonly pageSize?: number;
}

/** See the module. Dispose it. */
export class FakeGitHub implements AsyncDisposable {
  readonly repositories: Map<string, Map<number, FakeIssue>> = new Map();
  readonly seen: SeenRequest[] = [];
  /** Called when a request has been carried out and its answer not sent. */
  onCarriedOut: () => void = () => {};
  readonly #options: FakeGitHubOptions;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #faults: { fault: Fault; left: number }[] = [];
  #commentId = 1_000;

  constructor(options: FakeGitHubOptions = {}) {
    this.#options = options;
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => this.#serve(request),
    );
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** As `fetch`, without a network. */
  readonly fetch = async (request: Request): Promise<Response> => {
    request.signal.throwIfAborted();
    return await this.#serve(request);
  };

  /** A new issue, open and labelled "bzzz-task" unless told. */
  add(repository: string, fields: Partial<FakeIssue> = {}): FakeIssue {
    const issues = this.repositories.get(repository) ?? new Map<number, FakeIssue>();
    this.repositories.set(repository, issues);
    const issue: FakeIssue = {
      number: issues.size + 1,
      title: `Issue ${issues.size + 1}`,
      body: "Words.",
      state: "open",
      labels: ["bzzz-task"],
      isPullRequest: false,
      comments: [],
      ...fields,
    };
    issues.set(issue.number, issue);
    return issue;
  }

  /** A comment by anybody. */
  comment(issue: FakeIssue, body: string, association = "NONE", userType = "User"): FakeComment {
    const comment = { id: this.#commentId++, body, association, userType };
    issue.comments.push(comment);
    return comment;
  }

  /** Orders a fault. The first one that fits a request is used. */
  fault(fault: Fault): void {
    this.#faults.push({ fault, left: fault.times ?? 1 });
  }

  /** Requests whose method and path begin so. */
  requests(beginning: string): readonly SeenRequest[] {
    return this.seen.filter(({ method, path }) => `${method} ${path}`.startsWith(beginning));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  async #serve(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const response = await this.#faulty(request, url) ?? await this.#answer(request, url);
    this.seen.push({
      method: request.method,
      path: url.pathname + url.search,
      status: response.status,
      authorization: request.headers.get("authorization") ?? undefined,
    });
    this.onCarriedOut();
    return response;
  }

  async #faulty(request: Request, url: URL): Promise<Response | undefined> {
    const found = this.#faults.find(({ fault, left }) =>
      left > 0 && `${request.method} ${url.pathname}${url.search}`.startsWith(fault.on)
    );
    if (!found) return undefined;
    found.left--;
    return await found.fault.answer(request);
  }

  async #answer(request: Request, url: URL): Promise<Response> {
    const authorization = request.headers.get("authorization");
    const mayWrite = this.#options.token !== undefined && authorization === `Bearer ${this.#options.token}`;
    if (authorization !== null && !mayWrite) return json({ message: "Bad credentials" }, 401);
    const [, owner, name, kind, ...rest] = url.pathname.slice(1).split("/");
    const issues = this.repositories.get(`${owner}/${name}`);
    if (!issues || kind !== "issues") return json({ message: "Not Found" }, 404);
    if (request.method !== "GET" && !mayWrite) return json({ message: "Must have admin rights" }, 403);
    const body = request.method === "GET" || request.method === "DELETE" ? {} : await request.json();
    if (rest[0] === "comments") return this.#editComment(issues, Number(rest[1]), String(body.body));
    if (rest.length === 0) return this.#list(request, url, [...issues.values()]);
    const issue = issues.get(Number(rest[0]));
    if (!issue) return json({ message: "Not Found" }, 404);
    return this.#onIssue(request, url, issue, rest.slice(1), body);
  }

  #onIssue(
    request: Request,
    url: URL,
    issue: FakeIssue,
    [part, name]: readonly string[],
    body: Record<string, unknown>,
  ): Response {
    const { method } = request;
    if (part === undefined && method === "PATCH") {
      issue.state = body["state"] === "closed" ? "closed" : "open";
      return json(shownIssue(issue));
    }
    if (part === undefined) return json(shownIssue(issue));
    if (part === "comments" && method === "POST") {
      const comment = this.comment(issue, String(body["body"]), this.#options.association ?? "OWNER");
      return json(shownComment(comment), 201);
    }
    if (part === "comments") return this.#page(request, url, issue.comments.map(shownComment));
    if (part === "labels" && method === "POST") {
      const added = body["labels"] as string[]; // what the source sends
      issue.labels = [...new Set([...issue.labels, ...added])];
      return json(issue.labels.map((label) => ({ name: label })));
    }
    if (part === "labels" && method === "DELETE") {
      const label = decodeURIComponent(name ?? "");
      if (!issue.labels.includes(label)) return json({ message: "Label does not exist" }, 404);
      issue.labels = issue.labels.filter((one) => one !== label);
      return json(issue.labels.map((label) => ({ name: label })));
    }
    return json({ message: "Not Found" }, 404);
  }

  #editComment(issues: ReadonlyMap<number, FakeIssue>, id: number, body: string): Response {
    const comment = [...issues.values()].flatMap((issue) => issue.comments).find((one) => one.id === id);
    if (!comment) return json({ message: "Not Found" }, 404);
    comment.body = body;
    return json(shownComment(comment));
  }

  #list(request: Request, url: URL, issues: readonly FakeIssue[]): Response {
    const label = url.searchParams.get("labels");
    const wanted = issues.filter((issue) =>
      issue.state === url.searchParams.get("state") && (label === null || issue.labels.includes(label))
    );
    return this.#page(request, url, wanted.map(shownIssue));
  }

  #page(request: Request, url: URL, items: readonly unknown[]): Response {
    const size = Math.min(Number(url.searchParams.get("per_page") ?? 30), this.#options.pageSize ?? 100);
    const page = Number(url.searchParams.get("page") ?? 1);
    const text = JSON.stringify(items.slice((page - 1) * size, page * size));
    const next = new URL(url);
    next.searchParams.set("page", String(page + 1));
    const hasNext = page * size < items.length;
    const etag = `W/"${hexEncode(sha256(utf8Encode(`${text}${hasNext}`)))}"`;
    const headers = { etag, ...(hasNext ? { link: `<${next}>; rel="next", <${next}>; rel="last"` } : {}) };
    if (request.headers.get("if-none-match") === etag) return new Response(null, { status: 304, headers });
    return new Response(text, { headers: { ...headers, "content-type": "application/json" } });
  }
}

function shownIssue(issue: FakeIssue) {
  const { number, title, body, state, labels, comments } = issue;
  return {
    number,
    title,
    body,
    state,
    labels: labels.map((name) => ({ name })),
    user: { login: "ana" },
    comments: comments.length,
    ...(issue.isPullRequest ? { pull_request: {} } : {}),
  };
}

function shownComment({ id, body, association, userType }: FakeComment) {
  return { id, body, author_association: association, user: { type: userType } };
}

function json(value: unknown, status = 200): Response {
  return Response.json(value, { status });
}

/** Tasks of a mesh whose quorum is this object. */
export class MemoryMeshTasks implements MeshTasks {
  readonly tasks: Map<TaskId, IssueTask & { readonly draft: IssueTaskDraft; readonly changedAtMs: number }> = new Map();
  readonly #events = new TypedEventTarget<{ changed: SourcedTask }>();
  readonly #nowMs: () => number;
  /** Thrown by `cancel` when set. */
  refusal: BzzzError | undefined;
  /** Calls of `cancel`. */
  cancels = 0;

  constructor(clock: { nowMs(): number }) {
    this.#nowMs = () => clock.nowMs();
  }

  /** What is known of the task that was posted first, second, … */
  at(index: number): (IssueTask & { readonly draft: IssueTaskDraft }) | undefined {
    return [...this.tasks.values()][index];
  }

  find(taskId: TaskId): IssueTask | undefined {
    return this.tasks.get(taskId);
  }

  recent(endedAfterMs: number): readonly SourcedTask[] {
    return [...this.tasks.values()].filter((task) => !isEnd(task.state) || task.changedAtMs > endedAfterMs)
      .map(({ taskId, draft: { clientId } }) => ({ taskId, clientId }));
  }

  post(draft: IssueTaskDraft): Promise<void> {
    const { taskId } = draft;
    if (!this.tasks.has(taskId)) {
      this.tasks.set(taskId, { taskId, version: 0, state: "open", draft, changedAtMs: this.#nowMs() });
    }
    return Promise.resolve();
  }

  /** A decision of the voters. */
  decide(taskId: TaskId, fields: Partial<Pick<IssueTask, "state" | "summary" | "reason">>): void {
    const task = this.tasks.get(taskId);
    if (!task) throw new TypeError(`There is no task ${taskId}`);
    this.tasks.set(taskId, { ...task, ...fields, version: task.version + 1, changedAtMs: this.#nowMs() });
    this.#events.emit("changed", { taskId, clientId: task.draft.clientId });
  }

  // deno-lint-ignore require-await -- a refusal must reject, not throw
  async cancel(taskId: TaskId, reason: string): Promise<void> {
    this.cancels++;
    if (this.refusal) throw this.refusal;
    const task = this.tasks.get(taskId);
    if (!task || isEnd(task.state)) throw new BzzzError("task_closed", "Cannot cancel the task: it has ended");
    this.decide(taskId, { state: "cancelled", reason });
  }

  onChanged(listener: (task: SourcedTask) => void, options: { readonly signal: AbortSignal }): void {
    this.#events.on("changed", listener, options);
  }
}
