import type { Clock, Random } from "@bzzz/base";
import {
  type ApiToken,
  type EventStreamOptions,
  LazyServer,
  loadServerParts,
  type RequestServer,
  TokenGuard,
} from "@bzzz/http";
import type { Logger } from "@bzzz/logging";
import type { ContextBackend } from "./server_deps.ts";

/** What the context server is made of. */
export interface UcxiDeps {
  readonly backend: ContextBackend;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Who gets in, and the bounds. */
export interface UcxiOptions {
  /** Without one, nobody gets in. */
  readonly tokens: readonly ApiToken[];
  /** Host names, without port, that requests may be addressed to besides loopback. */
  readonly allowedHosts?: readonly string[];
  /** Largest content of a write, bytes. */
  readonly maxContentBytes: number;
  /** Default 30 s; subscriptions have their own bounds. */
  readonly requestTimeoutMs?: number;
  readonly events?: EventStreamOptions;
  /** Of the program, for the OpenAPI document. */
  readonly version: string;
}

/** The context server (UCXI), without a listener; `close` ends its streams and is the owner's to call before the listener stops. */
export type UcxiServer = RequestServer;

/**
 * The UCXI server over `deps.backend`: the verbs of reference section 2.2 under `/ucxi/v1`, with bearer tokens, a Host check, entity
 * tags, ranges and resumable subscriptions. Answers are `{"response": …}`, refusals `{"error": …}`, both with UCXL codes. The routes
 * are built with the first request.
 *
 * @throws RangeError for a token that is too short
 */
export function createUcxiServer(deps: UcxiDeps, options: UcxiOptions): UcxiServer {
  new TokenGuard(options.tokens); // a weak token is refused now, not with the first request
  return new LazyServer(async () => {
    const [{ createUcxiApp }, parts] = await Promise.all([import("./app.ts"), loadServerParts()]);
    return createUcxiApp(deps, options, parts);
  });
}
