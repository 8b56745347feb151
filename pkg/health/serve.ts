import { type Clock, errorMessage, TimeoutError, withTimeout } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import { HealthError } from "./errors.ts";
import { keepServing } from "./keep_serving.ts";

/** A handler that listens. Closed by `stop()`, or `await using`. */
export interface ListeningServer extends AsyncDisposable {
  readonly hostname: string;
  /** The real port, also when 0 was asked for. */
  readonly port: number;
  readonly url: string;
  /**
   * Takes no more connections and tells handlers by their signal. Those that have not answered after `graceMs` answer 503;
   * a body that still streams after another `graceMs` is left to the end of the process. Idempotent; never rejects.
   */
  stop(): Promise<void>;
}

/** Answers a request. `signal` aborts when the server begins to stop: whoever streams ends the stream then. */
export type ServerHandler = (
  request: Request,
  context: { readonly signal: AbortSignal },
) => Response | Promise<Response>;

/** Where to listen. `port` 0 takes any free one; `graceMs` is 2,000 unless told. */
export interface ListenOptions {
  readonly hostname: string;
  readonly port: number;
  /** Names the server in errors and logs: "health". */
  readonly name: string;
  readonly graceMs?: number;
}

/**
 * Serves `handler` with `Deno.serve`. A handler that throws answers 500 and is logged; its message stays inside. While no
 * connections can be taken (no file descriptors are left), it tries again.
 * @throws HealthError `port_in_use`, `listen_not_permitted`, `listen_failed`
 */
export function listenAndServe(
  deps: { readonly clock: Pick<Clock, "setTimer">; readonly logger: Logger },
  handler: ServerHandler,
  options: ListenOptions,
): ListeningServer {
  const graceMs = options.graceMs ?? 2_000;
  const stopping = new AbortController();
  const { promise: cut, resolve: cutNow } = Promise.withResolvers<void>();
  const answering = async (request: Request) => {
    const answer = handler(request, { signal: stopping.signal });
    return answer instanceof Response ? answer : await Promise.race([answer, cut.then(shuttingDown)]);
  };
  const listenAt = ({ port }: { readonly port: number } = options) =>
    listen(deps.logger, { ...options, port }, answering);
  const server = keepServing(deps, listenAt, options);

  // Aborting Deno.serve while its shutdown() waits throws BadResource as an uncaught error (Deno 2.9.6): handlers are cut instead.
  const stopOnce = async () => {
    stopping.abort(new DOMException("The server stops", "AbortError"));
    const finished = server.shutdown();
    const what = `requests of the ${options.name} server`;
    try {
      await withTimeout(deps.clock, finished, { timeoutMs: graceMs, what });
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
      deps.logger.warn("Requests outlived the grace of their server", { server: options.name, graceMs });
      cutNow();
      await withTimeout(deps.clock, finished, { timeoutMs: graceMs, what });
    }
  };
  let stopped: Promise<void> | undefined;
  const stop = () =>
    stopped ??= stopOnce().catch((error) => {
      server.unref();
      deps.logger.warn("A server was left with open connections", { server: options.name }, error);
    });
  const { hostname, port } = server.addr;
  return { hostname, port, url: `http://${hostOf(hostname)}:${port}`, stop, [Symbol.asyncDispose]: stop };
}

/**
 * Looks whether `listenAndServe` could listen there now, and takes no connection: for what has to be known before a node is heard.
 * @throws HealthError `port_in_use`, `listen_not_permitted`, `listen_failed`
 */
export function assertCanListen(options: ListenOptions): void {
  try {
    Deno.listen({ hostname: options.hostname, port: options.port }).close();
  } catch (error) {
    throw listenError(error, options);
  }
}

function listen(
  logger: Logger,
  options: ListenOptions,
  handler: (request: Request) => Promise<Response>,
): Deno.HttpServer<Deno.NetAddr> {
  try {
    return Deno.serve({
      hostname: options.hostname,
      port: options.port,
      onListen: () => {},
      onError: (error) => {
        logger.error("A request broke the handler", { server: options.name }, error);
        return problem(500, "internal", "Cannot answer: the handler broke");
      },
    }, handler);
  } catch (error) {
    throw listenError(error, options);
  }
}

function listenError(error: unknown, options: ListenOptions): HealthError {
  const details = { server: options.name, hostname: options.hostname, port: options.port };
  const what = `Cannot listen on ${hostOf(options.hostname)}:${options.port} for the ${options.name} server`;
  if (error instanceof Deno.errors.AddrInUse) {
    const advice = "another program has the port; stop it or set another port";
    return new HealthError("port_in_use", `${what}: ${advice}`, { details, cause: error });
  }
  if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable) {
    const advice = "the program may not listen there; choose an address and port it was given, above 1023";
    return new HealthError("listen_not_permitted", `${what}: ${advice}`, { details, cause: error });
  }
  return new HealthError("listen_failed", `${what}: ${errorMessage(error)}`, { details, cause: error });
}

function shuttingDown(): Response {
  return problem(503, "shutting_down", "Cannot answer: the node is stopping");
}

function problem(status: number, code: string, message: string): Response {
  return new Response(`${JSON.stringify({ error: { code, message } })}\n`, {
    status,
    headers: { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" },
  });
}

function hostOf(hostname: string): string {
  return hostname.includes(":") ? `[${hostname}]` : hostname;
}
