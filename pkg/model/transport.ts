import { abortable, backoffMs, type Clock, createDeadline, errorMessage, type Random, TimeoutError } from "@bzzz/base";
import {
  MAX_ANSWER_BYTES,
  MAX_ERROR_BYTES,
  MAX_QUOTE_CHARACTERS,
  MAX_RETRY_AFTER_MS,
  MAX_TRIES,
  RETRY_BACKOFF,
} from "./constants.ts";
import { ModelError, type ModelErrorCode } from "./errors.ts";

/** How requests leave. `fetch` of the host in a node, a server of the test in tests. */
export type ModelFetch = (request: Request) => Promise<Response>;

/** What requests are sent with. */
export interface TransportDeps {
  readonly fetch: ModelFetch;
  readonly clock: Clock;
  readonly random: Random;
}

/** One request, whose answer is JSON. */
export interface JsonRequest {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, unknown>>;
  /** Milliseconds that one try may take, to the last byte of its answer. */
  readonly timeoutMs: number;
  /** What is asked for, for messages: "the model "qwen3" at http://…". */
  readonly what: string;
  /** Is never in a message, whatever the server repeats. */
  readonly secret?: string | undefined;
  /** Tries in all; default 3. */
  readonly tries?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Why one try failed, and when the next makes sense. */
interface Failure {
  readonly error: ModelError;
  /** Undefined: another try is of no use. */
  readonly retryAfterMs?: number | undefined;
}

type Outcome = { readonly json: unknown } | Failure;

/**
 * The JSON that a server answers: a bounded body within a bounded time, no redirect followed (it would carry the token
 * elsewhere), a busy server asked again at most twice, after the pause it asks for.
 *
 * @throws ModelError; the reason of `signal`
 */
export async function sendJson(deps: TransportDeps, request: JsonRequest): Promise<unknown> {
  const { clock, random } = deps;
  for (let tries = 1;; tries++) {
    request.signal?.throwIfAborted();
    const outcome = await sendOnce(deps, request);
    if ("json" in outcome) return outcome.json;
    const { error, retryAfterMs } = outcome;
    if (retryAfterMs === undefined || retryAfterMs > MAX_RETRY_AFTER_MS || tries >= (request.tries ?? MAX_TRIES)) {
      throw error;
    }
    // not before the time that the server names, and not all at that moment
    const delayMs = retryAfterMs + backoffMs(random, tries, RETRY_BACKOFF);
    await clock.sleep(delayMs, request.signal ? { signal: request.signal } : {});
  }
}

async function sendOnce({ fetch, clock }: TransportDeps, request: JsonRequest): Promise<Outcome> {
  const { method, url, headers, body, timeoutMs, what, signal } = request;
  using deadline = createDeadline(clock, { timeoutMs, what, ...(signal ? { parent: signal } : {}) });
  try {
    const sent = new Request(url, {
      method,
      headers: { accept: "application/json", ...(body ? { "content-type": "application/json" } : {}), ...headers },
      ...(body ? { body: JSON.stringify(body) } : {}),
      redirect: "manual",
      signal: deadline.signal,
    });
    const response = await abortable(fetch(sent), deadline.signal);
    return await readAnswer(response, request, { clock, signal: deadline.signal });
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof ModelError) return { error: cause };
    const reason: unknown = deadline.signal.aborted ? deadline.signal.reason : cause;
    if (reason instanceof TimeoutError) {
      const found = `it has not answered within ${timeoutMs} ms; is it loading, or too slow for timeout_seconds?`;
      return { error: failure("model_timeout", request, found, { cause }) };
    }
    const found = `${quote(errorMessage(cause), request)}; is the server running, and is the address right?`;
    return { error: failure("model_unreachable", request, found, { cause }), retryAfterMs: 0 };
  }
}

async function readAnswer(
  response: Response,
  request: JsonRequest,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Outcome> {
  if (response.status >= 300 && response.status < 400) {
    await response.body?.cancel();
    const target = quote(response.headers.get("location") ?? "nowhere", request);
    const found = `it sends elsewhere, to ${target}, which is not followed; set the address itself`;
    return { error: failure("model_unreachable", request, found, { status: response.status }) };
  }
  if (!response.ok) {
    const said = serverWords(await readBody(response, MAX_ERROR_BYTES, signal) ?? "", request);
    return refusalOf(response, request, said, clock.nowMs());
  }
  const text = await readBody(response, MAX_ANSWER_BYTES, signal);
  if (text === undefined) {
    const found = `its answer has more than ${MAX_ANSWER_BYTES} bytes`;
    return { error: failure("model_answer_too_large", request, found) };
  }
  try {
    return { json: JSON.parse(text) };
  } catch {
    const type = quote(response.headers.get("content-type") ?? "no type", request);
    const found = `expected JSON, found ${type} that begins with "${quote(text, request).slice(0, 60)}"; ` +
      "is the address that of the API?";
    return { error: failure("model_answer_unreadable", request, found) };
  }
}

function refusalOf(response: Response, request: JsonRequest, said: string, nowMs: number): Failure {
  const { status } = response;
  const words = said === "" ? "" : `: ${said}`;
  const error = (code: ModelErrorCode, hint: string): ModelError =>
    failure(code, request, `it answers HTTP ${status}${words}${hint}`, { status });
  if (status === 401 || status === 403) {
    return { error: error("model_unauthorized", "; name a file with a valid token in executor.model.token_file") };
  }
  if (status === 404) return { error: error("model_missing", "; is the name of the model right, and the address?") };
  if (status !== 429 && status < 500) return { error: error("model_request_refused", "") };
  const pauseMs = retryAfterOf(response.headers.get("retry-after"), nowMs) ?? 0;
  const wait = pauseMs > MAX_RETRY_AFTER_MS ? `; it asks to wait for ${Math.ceil(pauseMs / 1000)} s` : "";
  return { error: error(status === 429 ? "model_busy" : "model_server_failed", wait), retryAfterMs: pauseMs };
}

/** Milliseconds of a Retry-After header (RFC 9110 section 10.2.3): seconds or a date. */
export function retryAfterOf(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000;
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}

/** The text of a body; undefined when it is larger than that, whatever its server says of its length. */
async function readBody(response: Response, maxBytes: number, signal: AbortSignal): Promise<string | undefined> {
  if (!response.body) return "";
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await abortable(reader.read(), signal);
      if (done) return text + decoder.decode();
      bytes += value.byteLength;
      if (bytes > maxBytes) return undefined;
      text += decoder.decode(value, { stream: true });
    }
  } finally {
    await reader.cancel().catch(() => {}); // the answer is read, or its connection is broken already
  }
}

/** What the server says is wrong, in its own words: `error.message` of both dialects, `error` or `detail` of others. */
function serverWords(text: string, request: JsonRequest): string {
  try {
    const { error, detail } = JSON.parse(text) as { error?: unknown; detail?: unknown };
    const message = typeof error === "object" && error !== null && "message" in error ? error.message : error ?? detail;
    return typeof message === "string" ? quote(message, request) : "";
  } catch {
    return ""; // a page of a proxy tells nothing to who reads a log
  }
}

/** Words of others in a message of ours: short, one line, and never the secret that was sent. */
function quote(text: string, { secret }: JsonRequest): string {
  const safe = secret ? text.replaceAll(secret, "[token]") : text;
  return safe.slice(0, MAX_QUOTE_CHARACTERS).replace(/[\p{Cc}\p{Cf}]+/gu, " ").trim();
}

function failure(
  code: ModelErrorCode,
  { what }: JsonRequest,
  found: string,
  { cause, status }: { readonly cause?: unknown; readonly status?: number } = {},
): ModelError {
  return new ModelError(code, `Cannot ask ${what}: ${found}`, {
    ...(cause === undefined ? {} : { cause }),
    ...(status === undefined ? {} : { details: { status } }),
  });
}
