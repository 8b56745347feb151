import { utf8Encode } from "@bzzz/base";
import { z } from "zod";
import { ANTHROPIC } from "./anthropic.ts";
import { GUESSED_BYTES_PER_TOKEN } from "./constants.ts";
import type { Dialect, LimitName, RawReply } from "./dialect.ts";
import { ModelError } from "./errors.ts";
import { OPENAI } from "./openai.ts";
import { readTokenFile } from "./token_file.ts";
import { type JsonRequest, sendJson, type TransportDeps } from "./transport.ts";
import type { ChatReply, ChatRequest, ChatUse, ModelApi } from "./types.ts";

/** Which server, and how it is spoken to. */
export interface ModelClientOptions {
  /** "http://127.0.0.1:11434/v1" for `openai`, "https://api.anthropic.com" for `anthropic`. */
  readonly url: string;
  readonly api: ModelApi;
  /** File of mode 0600 with the token; none is sent without. */
  readonly tokenFile?: string | undefined;
  /** Milliseconds that one try of a request may take. */
  readonly timeoutMs: number;
}

/** Milliseconds that a list of models may take: it is asked for again and again. */
const LIST_TIMEOUT_MS = 10_000;

const DIALECTS: Readonly<Record<ModelApi, Dialect>> = { openai: OPENAI, anthropic: ANTHROPIC };

/** Asks a server of models. Holds nothing open between requests. */
export class ModelClient {
  readonly url: string;
  readonly #deps: TransportDeps;
  readonly #options: ModelClientOptions;
  readonly #dialect: Dialect;
  /** What this server wants, once it has said so. */
  #limitName: LimitName = "max_tokens";

  constructor(deps: TransportDeps, options: ModelClientOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#dialect = DIALECTS[options.api];
    this.url = options.url.replace(/\/+$/, "");
  }

  /** One answer. @throws ModelError; the reason of `signal` */
  async chat(request: ChatRequest, options: { readonly signal?: AbortSignal } = {}): Promise<ChatReply> {
    const what = `the model "${request.model}" at ${this.url}`;
    const send = async (): Promise<unknown> =>
      await this.#send({
        method: "POST",
        path: this.#dialect.chatPath,
        body: this.#dialect.chatBody(request, { limitName: this.#limitName }),
        timeoutMs: this.#options.timeoutMs,
        what,
        signal: options.signal,
      });
    let json: unknown;
    try {
      json = await send();
    } catch (error) {
      if (!(error instanceof ModelError) || !this.#learnLimitName(error)) throw error;
      json = await send();
    }
    const reply = readable(what, () => this.#dialect.readChat(json));
    return { ...reply, use: useOf(request, reply) };
  }

  /** Names of the models that the server has, in its order. One try. @throws ModelError; the reason of `signal` */
  async list(options: { readonly signal?: AbortSignal } = {}): Promise<readonly string[]> {
    const what = `${this.url} for its models`;
    const json = await this.#send({
      method: "GET",
      path: this.#dialect.listPath,
      timeoutMs: Math.min(LIST_TIMEOUT_MS, this.#options.timeoutMs),
      what,
      tries: 1,
      signal: options.signal,
    });
    return readable(what, () => this.#dialect.readList(json));
  }

  async #send(
    { path, ...request }: Omit<JsonRequest, "url" | "headers"> & { readonly path: string },
  ): Promise<unknown> {
    const { tokenFile } = this.#options;
    const secret = tokenFile === undefined ? undefined : await readTokenFile(tokenFile);
    const headers = this.#dialect.headers(secret);
    return await sendJson(this.#deps, { ...request, url: this.url + path, headers, secret });
  }

  /** Whether the server asks for the other name of the limit, which is then used from now on. */
  #learnLimitName(error: ModelError): boolean {
    const isNewer = error.code === "model_request_refused" && error.message.includes("max_completion_tokens");
    if (!isNewer || this.#limitName === "max_completion_tokens") return false;
    this.#limitName = "max_completion_tokens";
    return true;
  }
}

function readable<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof z.ZodError)) throw cause;
    const [issue] = cause.issues;
    const where = issue?.path.join(".") || "the whole";
    const found = `its answer is JSON of another form, at ${where}: ${issue?.message ?? "unknown"}; is "api" right?`;
    throw new ModelError("model_answer_unreadable", `Cannot ask ${what}: ${found}`, { cause });
  }
}

/** What is not told is guessed high, from the bytes that went both ways. */
function useOf(request: ChatRequest, { use, text, calls }: RawReply): ChatUse {
  if (use) return { ...use, isGuessed: false };
  const tokensOf = (value: unknown): number =>
    Math.ceil(utf8Encode(JSON.stringify(value)).byteLength / GUESSED_BYTES_PER_TOKEN);
  return { inputTokens: tokensOf(request), outputTokens: tokensOf({ text, calls }), isGuessed: true };
}
