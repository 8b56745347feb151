import type { Clock, Random } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import {
  type ApiToken,
  type EventStreamOptions,
  LazyServer,
  loadServerParts,
  type RequestServer,
  TokenGuard,
} from "@bzzz/http";
import type { MeshFacade } from "./facade.ts";

/** What the API is made of. */
export interface ApiDeps {
  readonly mesh: MeshFacade;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Who gets in, and the bounds. */
export interface ApiOptions {
  /** Without one, nobody gets in. */
  readonly tokens: readonly ApiToken[];
  /** Host names, without port, that requests may be addressed to besides loopback. */
  readonly allowedHosts?: readonly string[];
  /** Default 1 MiB. */
  readonly maxBodyBytes?: number;
  /** Default 30 s; the event stream has its own bounds. */
  readonly requestTimeoutMs?: number;
  readonly events?: EventStreamOptions;
  /** Of the program, for the OpenAPI document. */
  readonly version: string;
}

/** A running API; `close` ends its event streams and is the owner's to call before the server stops. */
export interface Api extends RequestServer {
  stats(): { readonly eventClients: number; readonly droppedEventClients: number };
}

/**
 * The HTTP API over `deps.mesh`, without a server: the node's listener, tests and the in-process portal call `fetch`.
 * Every route needs a bearer token and an allowed Host. Errors are UCXL error bodies. The routes and their schemas are built
 * with the first request, not while the node starts.
 *
 * @throws RangeError for a token that is too short
 */
export function createApi(deps: ApiDeps, options: ApiOptions): Api {
  new TokenGuard(options.tokens); // a weak token is refused now, not with the first request
  const server = new LazyServer(async () => {
    const [{ createApp }, parts] = await Promise.all([import("./app.ts"), loadServerParts()]);
    return createApp(deps, options, parts);
  });
  return {
    fetch: server.fetch,
    close: () => server.close(),
    stats: () => server.built?.stats() ?? { eventClients: 0, droppedEventClients: 0 },
  };
}
