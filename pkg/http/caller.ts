import { abortable, BzzzError, type Clock, createDeadline, errorMessage, type Random } from "@bzzz/base";
import { z } from "zod";
import { REQUEST_TIMEOUT_MS } from "./constants.ts";
import { ApiError, fromErrorView } from "./errors.ts";

/** How requests leave: `fetch` of the host, or the `fetch` of a server in the same process. */
export type HttpFetch = (request: Request) => Promise<Response>;

/** What a client is made of. */
export interface HttpCallerDeps {
  readonly fetch: HttpFetch;
  readonly clock: Clock;
  readonly random: Random;
}

/** Which server, and as whom. */
export interface HttpCallerOptions {
  /** "http://127.0.0.1:8090" */
  readonly baseUrl: string;
  readonly token: string;
  /** Where its routes live: "/api/v1". */
  readonly basePath: string;
  /** Bound of one `call`; default 30 s. */
  readonly timeoutMs?: number;
}

/** Options of every call. */
export interface CallOptions {
  readonly signal?: AbortSignal;
}

/** One request. */
export interface SendOptions extends CallOptions {
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  /** Bytes as they are, or anything else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default "application/json". */
  readonly accept?: string;
}

/** Sends requests to a server of a node and turns its error bodies into `ApiError`. Holds nothing open between calls. */
export class HttpCaller {
  readonly #deps: HttpCallerDeps;
  readonly #options: HttpCallerOptions;

  constructor(deps: HttpCallerDeps, options: HttpCallerOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /**
   * A successful answer (304 included); its body is the caller's to read.
   * @throws ApiError the server's own code, "node_unreachable", "unexpected_answer"; `signal.reason` when aborted
   */
  async send(method: string, route: string, options: SendOptions): Promise<Response> {
    const url = new URL(this.#options.basePath + route, this.#options.baseUrl);
    for (const [key, value] of Object.entries(options.query ?? {})) {
      if (value !== undefined) url.searchParams.set(key, String(value));
    }
    const { body } = options;
    const isJson = body !== undefined && !(body instanceof Uint8Array);
    const request = new Request(url, {
      method,
      headers: {
        authorization: `Bearer ${this.#options.token}`,
        accept: options.accept ?? "application/json",
        ...(isJson ? { "content-type": "application/json" } : {}),
        ...options.headers,
      },
      // a view on shared memory cannot be sent; `slice` is one on its own
      ...(body === undefined ? {} : { body: isJson ? JSON.stringify(body) : (body as Uint8Array).slice() }),
      ...(options.signal ? { signal: options.signal } : {}),
      redirect: "error", // a redirect would carry the token elsewhere
    });
    let response: Response;
    try {
      response = await abortable(this.#deps.fetch(request), options.signal); // in-process servers do not look at the signal
    } catch (cause) {
      throw this.#unreachable(cause, options.signal);
    }
    if (response.ok || response.status === 304) return response;
    const { errorViewSchema } = await import("./error_view.ts");
    const view = errorViewSchema.safeParse(await readJson(response, options.signal));
    throw view.success ? fromErrorView(response.status, view.data) : unexpected(response.status, "no error body");
  }

  /**
   * The JSON of a successful answer, checked. The schema is loaded when the answer is there.
   * @throws ApiError as `send`, and "timeout"
   */
  async call<S extends z.ZodType>(
    method: string,
    route: string,
    loadSchema: () => Promise<S>,
    options: SendOptions,
  ): Promise<z.output<S>> {
    const timeoutMs = this.#options.timeoutMs ?? REQUEST_TIMEOUT_MS;
    using deadline = createDeadline(this.#deps.clock, {
      timeoutMs,
      what: `${method} ${route}`,
      ...(options.signal ? { parent: options.signal } : {}),
    });
    const response = await this.send(method, route, { ...options, signal: deadline.signal });
    const result = (await loadSchema()).safeParse(await readJson(response, deadline.signal));
    if (!result.success) throw unexpected(response.status, z.prettifyError(result.error).slice(0, 300));
    return result.data;
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

/** The JSON of an answer. @throws ApiError "unexpected_answer", "timeout"; `signal.reason` when aborted */
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

/** The error for an answer that is not of this project. */
function unexpected(status: number, found: string): ApiError {
  return new ApiError(
    "unexpected_answer",
    `Cannot understand the answer (HTTP ${status}): ${found}; is this a BZZZ node of a fitting version?`,
    { status },
  );
}

/** The path of a route with its values escaped: path`/tasks/${task}`. */
export function path(parts: TemplateStringsArray, ...values: string[]): string {
  return parts.reduce((out, part, i) => out + encodeURIComponent(values[i - 1] ?? "") + part);
}
