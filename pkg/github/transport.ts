import { abortable, type Clock, errorMessage } from "@bzzz/base";
import { readBody } from "./answer.ts";
import { API_VERSION, MAX_ANSWER_BYTES, MAX_REFUSAL_CHARACTERS, WRITE_PAUSE_MS } from "./constants.ts";
import { GitHubError, type GitHubErrorCode } from "./errors.ts";
import type { RateLimit } from "./rate_limit.ts";

/** Keeps requests from a server that is failing, and bounds each; the runtime's circuit breaker fits. */
export interface Breaker {
  readonly state: "closed" | "open" | "half_open";
  /** @throws BzzzError "breaker_open" with `details.retryAfterMs`; "timeout"; what `operation` throws */
  call<T>(
    operation: (options: { readonly signal: AbortSignal }) => Promise<T>,
    options: { readonly signal: AbortSignal },
  ): Promise<T>;
}

/** What requests leave through. */
export interface TransportDeps {
  readonly fetch: (request: Request) => Promise<Response>;
  readonly clock: Pick<Clock, "sleep" | "monotonicMs">;
  readonly limit: RateLimit;
  readonly breaker: Breaker;
  /** The token of now; undefined: without one. @throws GitHubError "unauthorized" */
  readonly token: () => Promise<string | undefined>;
  readonly onEvent: (name: string) => void;
}

/** What every request is sent under. */
export interface CallOptions {
  readonly signal: AbortSignal;
  /** Whether this node leads at this very moment: what changes something is sent only then. */
  readonly isHeld: () => boolean;
}

/** One request. */
export interface GitHubRequest extends CallOptions {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** An address below the API's. */
  readonly url: URL;
  /** Completes "Cannot …". */
  readonly what: string;
  readonly body?: unknown;
  readonly etag?: string;
}

/** An answer with status 200 to 299, or 304. */
export interface GitHubAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/**
 * Sends one request at a time and turns every refusal into a `GitHubError`. Follows no redirect: the token goes to the
 * configured server and to no other. Holds nothing open between requests.
 */
export class Transport {
  readonly #deps: TransportDeps;
  #wroteAtMs: number | undefined;

  constructor(deps: TransportDeps) {
    this.#deps = deps;
  }

  /** @throws GitHubError; BreakerOpenError "breaker_open"; TimeoutError; `signal.reason` when aborted */
  async send(request: GitHubRequest): Promise<GitHubAnswer> {
    const { limit, breaker, clock } = this.#deps;
    const { signal, method, what } = request;
    const isWrite = method !== "GET";
    if (isWrite) await this.#pauseWrites(signal);
    const waitMs = limit.waitMs();
    if (waitMs > 0) throw limited(what, waitMs);
    const token = await this.#deps.token();
    if (isWrite && !request.isHeld()) {
      throw new GitHubError("term_over", `Cannot ${what}: this node leads no more`, { details: { what } });
    }
    try {
      return await breaker.call((options) => this.#exchange(request, token, options.signal), { signal });
    } finally {
      if (isWrite) this.#wroteAtMs = clock.monotonicMs();
    }
  }

  async #exchange(request: GitHubRequest, token: string | undefined, signal: AbortSignal): Promise<GitHubAnswer> {
    const { fetch, limit, onEvent } = this.#deps;
    const { method, url, what, body, etag } = request;
    onEvent("requests");
    let response: Response;
    try {
      response = await abortable(
        fetch(
          new Request(url, {
            method,
            headers: {
              accept: "application/vnd.github+json",
              "user-agent": "bzzz-agent",
              "x-github-api-version": API_VERSION,
              ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
              ...(etag === undefined ? {} : { "if-none-match": etag }),
              ...(body === undefined ? {} : { "content-type": "application/json" }),
            },
            ...(body === undefined ? {} : { body: JSON.stringify(body) }),
            redirect: "manual",
            signal,
          }),
        ),
        signal,
      );
    } catch (cause) {
      throw unreachable(what, cause, signal);
    }
    const { status, headers } = response;
    const words = status === 403 ? await beginningOf(response, signal) : "";
    if (limit.note({ status, headers, words })) {
      onEvent("rate_limited");
      await response.body?.cancel();
      throw limited(what, limit.waitMs());
    }
    if (status === 304) {
      onEvent("not_modified");
      await response.body?.cancel();
      return { status, headers, body: new Uint8Array() };
    }
    if (!response.ok) {
      await response.body?.cancel();
      throw refusal(status, what);
    }
    try {
      return { status, headers, body: await abortable(readBody(response, MAX_ANSWER_BYTES, what), signal) };
    } catch (cause) {
      throw cause instanceof GitHubError ? cause : unreachable(what, cause, signal);
    }
  }

  async #pauseWrites(signal: AbortSignal): Promise<void> {
    if (this.#wroteAtMs === undefined) return;
    const { clock } = this.#deps;
    const waitMs = this.#wroteAtMs + WRITE_PAUSE_MS - clock.monotonicMs();
    if (waitMs > 0) await clock.sleep(waitMs, { signal });
  }
}

/** As much of a refusal as says why; the rest is not read. */
async function beginningOf(response: Response, signal: AbortSignal): Promise<string> {
  const reader = response.body?.getReader();
  if (!reader) return "";
  let text = "";
  const decoder = new TextDecoder();
  try {
    while (text.length < MAX_REFUSAL_CHARACTERS) {
      const { done, value } = await abortable(reader.read(), signal);
      if (done) break;
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    signal.throwIfAborted(); // a refusal that breaks off is one all the same
  } finally {
    await reader.cancel().catch(() => {}); // it has ended, or broken off
    reader.releaseLock();
  }
  return text;
}

function unreachable(what: string, cause: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  return new GitHubError("unreachable", `Cannot ${what}: GitHub cannot be reached: ${errorMessage(cause)}`, {
    cause,
    details: { what },
  });
}

function limited(what: string, retryAfterMs: number): GitHubError {
  const inMs = Math.ceil(retryAfterMs);
  return new GitHubError("rate_limited", `Cannot ${what}: GitHub's limit is reached, the next try is in ${inMs} ms`, {
    details: { what, retryAfterMs: inMs },
  });
}

function refusal(status: number, what: string): GitHubError {
  const [code, why] = reasonOf(status);
  return new GitHubError(code, `Cannot ${what}: ${why} (status ${status})`, { details: { what, status } });
}

function reasonOf(status: number): readonly [GitHubErrorCode, string] {
  if (status >= 500) return ["server_error", "GitHub fails"];
  if (status >= 300 && status < 400) {
    return ["moved", "it has moved; write its new name into tasks.github.repositories"];
  }
  switch (status) {
    case 401:
      return ["unauthorized", "GitHub does not accept the token; is the one in tasks.github.token_file still valid?"];
    case 403:
      return ["forbidden", "the token may not do this; it needs read and write access to issues"];
    case 404:
      return ["not_found", "it does not exist, or the token does not see it"];
    case 410:
      return ["gone", "it was deleted, or issues are switched off"];
    default:
      return ["refused", "GitHub refuses it"];
  }
}
