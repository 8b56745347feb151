import { type Clock, createUlid, type Random, withTimeout } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import { REQUEST_TIMEOUT_MS } from "./constants.ts";
import { toErrorView } from "./errors.ts";

/** What every answer needs besides its route. */
export interface ResponderDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** What a handler may tell of the request it works on. */
export interface RequestFacts {
  readonly requestId: string;
  /** Milliseconds since the epoch. */
  readonly receivedAtMs: number;
}

/**
 * Answers every request and never rejects: an id for the log, a deadline, the one place that makes error bodies, and the
 * headers of every answer.
 */
export function createResponder(
  deps: ResponderDeps,
  handle: (request: Request, facts: RequestFacts) => Response | Promise<Response>,
  options: {
    /** For the log. */
    readonly what: string;
    /** Named in error bodies, with the path, when it is given. */
    readonly source?: string;
    readonly requestTimeoutMs?: number;
  },
): (request: Request) => Promise<Response> {
  const { clock, random, logger } = deps;
  const timeoutMs = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
  return async (request) => {
    const receivedAtMs = clock.nowMs();
    const requestId = createUlid(receivedAtMs, random);
    let response: Response;
    try {
      const work = Promise.resolve(handle(request, { requestId, receivedAtMs }));
      response = await withTimeout(clock, work, { timeoutMs, what: "the request" });
    } catch (error) {
      const path = new URL(request.url).pathname;
      const { source } = options;
      const at = { requestId, nowMs: clock.nowMs(), ...(source === undefined ? {} : { source, path }) };
      const { status, view, isDefect } = toErrorView(error, at);
      const fields = { requestId, status, method: request.method, path };
      if (isDefect) logger.error(`A request to the ${options.what} failed`, fields, error);
      else logger.debug(`A request to the ${options.what} was refused`, { ...fields, code: view.error.code });
      response = Response.json(view, { status });
      if (status === 401) response.headers.set("www-authenticate", 'Bearer realm="bzzz"');
      if (status === 405) response.headers.set("allow", String(view.error.details["allow"]));
      if (status === 503) response.headers.set("retry-after", "5");
    }
    response.headers.set("x-request-id", requestId);
    response.headers.set("x-content-type-options", "nosniff");
    if (!response.headers.has("cache-control")) response.headers.set("cache-control", "no-store");
    return response;
  };
}
