/**
 * A server of models on loopback, port 0, whose answers a test writes; it remembers what it was asked.
 *
 * @module
 */
import type { ModelApi } from "./types.ts";

/** What the server does with one request for a chat: an answer of a model, or bytes of the test's own. */
export type FakeAnswer =
  | {
    readonly text?: string;
    readonly calls?: readonly { readonly name: string; readonly args: unknown }[];
    readonly stop?: string;
    /** Tokens of request and answer; `null`: it does not tell. */
    readonly use?: readonly [input: number, output: number] | null;
  }
  | { readonly response: (request: Request) => Response | Promise<Response> };

/** One request as the server got it. */
export interface FakeRequest {
  readonly path: string;
  readonly headers: Headers;
  /** Parsed; undefined of a GET. */
  // deno-lint-ignore no-explicit-any -- tests look into it
  readonly body: any;
}

/** Dispose closes it, and whatever it still answers. */
export class FakeModelServer implements AsyncDisposable {
  readonly requests: FakeRequest[] = [];
  /** What `GET /models` lists; a function answers itself. */
  models: readonly string[] | (() => Response) = ["tiny"];
  readonly #api: ModelApi;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #answer: (request: FakeRequest, n: number) => FakeAnswer | Promise<FakeAnswer>;
  readonly #ended = new AbortController();

  /** `answer` gets the n-th request for a chat, from 0. */
  constructor(answer: (request: FakeRequest, n: number) => FakeAnswer | Promise<FakeAnswer>, api: ModelApi = "openai") {
    this.#api = api;
    this.#answer = answer;
    const options = { hostname: "127.0.0.1", port: 0, onListen: () => {}, signal: this.#ended.signal };
    this.#server = Deno.serve(options, (request) => this.#handle(request));
  }

  /** For `executor.model.url`. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}${this.#api === "openai" ? "/v1" : ""}`;
  }

  /** The requests for chats. */
  get chats(): readonly FakeRequest[] {
    return this.requests.filter(({ body }) => body !== undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await this.#server.finished;
  }

  async #handle(request: Request): Promise<Response> {
    const path = new URL(request.url).pathname;
    const body = request.method === "POST" ? await request.json() : undefined;
    const seen = { path, headers: request.headers, body };
    const n = this.chats.length;
    this.requests.push(seen);
    if (path === "/v1/models" && request.method === "GET") {
      const { models } = this;
      return typeof models === "function" ? models() : Response.json({ data: models.map((id) => ({ id })) });
    }
    if (path !== (this.#api === "openai" ? "/v1/chat/completions" : "/v1/messages")) {
      return Response.json({ error: { message: "no such route" } }, { status: 404 });
    }
    const answer = await this.#answer(seen, n);
    if ("response" in answer) return await answer.response(request);
    return Response.json(this.#api === "openai" ? completionOf(answer, n) : messageOf(answer, n));
  }
}

type Words = Exclude<FakeAnswer, { response: unknown }>;

function completionOf({ text, calls = [], stop, use = [10, 5] }: Words, n: number): unknown {
  const tool_calls = calls.map(({ name, args }, index) => ({
    id: `call-${n}-${index}`,
    type: "function",
    function: { name, arguments: typeof args === "string" ? args : JSON.stringify(args) },
  }));
  const message = { role: "assistant", content: text ?? null, ...(tool_calls.length > 0 ? { tool_calls } : {}) };
  const finish_reason = stop ?? (tool_calls.length > 0 ? "tool_calls" : "stop");
  return {
    choices: [{ index: 0, message, finish_reason }],
    ...(use ? { usage: { prompt_tokens: use[0], completion_tokens: use[1] } } : {}),
  };
}

function messageOf({ text, calls = [], stop, use = [10, 5] }: Words, n: number): unknown {
  const content = [
    ...(text === undefined ? [] : [{ type: "text", text }]),
    ...calls.map(({ name, args }, index) => ({ type: "tool_use", id: `toolu-${n}-${index}`, name, input: args })),
  ];
  return {
    type: "message",
    role: "assistant",
    content,
    stop_reason: stop ?? (calls.length > 0 ? "tool_use" : "end_turn"),
    ...(use ? { usage: { input_tokens: use[0], output_tokens: use[1] } } : {}),
  };
}
