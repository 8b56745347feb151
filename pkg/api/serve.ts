import { BzzzError, type Clock, errorMessage } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import type { Api } from "./app.ts";

/** The address cannot be listened on. */
export class ApiServeError extends BzzzError<"port_in_use" | "address_not_available"> {}

/** Time that open requests get to finish when the server stops. */
const DRAIN_TIMEOUT_MS = 3_000;

/** A listening API. Whoever called `serveApi` stops it. */
export interface ApiServer extends AsyncDisposable {
  readonly hostname: string;
  /** The port that was bound; of interest when 0 was asked for. */
  readonly port: number;
  /** "http://127.0.0.1:8080" */
  readonly url: string;
  /** Ends event streams, lets open requests finish for up to 3 s, closes. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Listens for `api` on `hostname:port` (port 0: any free one).
 * @throws ApiServeError "port_in_use", "address_not_available"
 */
export function serveApi(
  deps: { api: Api; clock: Clock; logger: Logger },
  options: { hostname: string; port: number },
): ApiServer {
  const abort = new AbortController();
  const server = listen(deps, options, abort.signal);
  const { hostname, port } = server.addr;
  let stopping: Promise<void> | undefined;
  const stop = async () => {
    deps.api.close();
    const timer = deps.clock.setTimer(DRAIN_TIMEOUT_MS, () => abort.abort());
    try {
      await server.shutdown();
    } finally {
      timer.cancel();
    }
  };
  return {
    hostname,
    port,
    url: `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`,
    stop: () => stopping ??= stop(),
    [Symbol.asyncDispose]: () => stopping ??= stop(),
  };
}

function listen(
  deps: { api: Api; logger: Logger },
  options: { hostname: string; port: number },
  signal: AbortSignal,
): Deno.HttpServer<Deno.NetAddr> {
  try {
    return Deno.serve({
      ...options,
      signal,
      onListen: () => {},
      onError: (error) => {
        deps.logger.warn("An API connection failed", {}, error);
        return new Response(null, { status: 500 });
      },
    }, (request) => deps.api.fetch(request));
  } catch (cause) {
    const where = `${options.hostname}:${options.port}`;
    if (cause instanceof Deno.errors.AddrInUse) {
      throw new ApiServeError(
        "port_in_use",
        `Cannot listen for the API on ${where}: another program has the port; set another one in the configuration (ports.http_port)`,
        { details: { port: options.port }, cause },
      );
    }
    throw new ApiServeError(
      "address_not_available",
      `Cannot listen for the API on ${where}: ${errorMessage(cause)}; check the address and the permissions`,
      { details: { port: options.port }, cause },
    );
  }
}
