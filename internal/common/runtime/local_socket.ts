/**
 * The API of a node on a UNIX socket: for views and verbs of the same user on the same host, who reach it without a port. The folder is
 * 0700 and the socket 0600; requests still carry the bearer token.
 *
 * @module
 */
import { type Clock, errorMessage, TimeoutError, utf8Encode, withTimeout } from "@bzzz/base";
import { keepServing, type KeptServer } from "@bzzz/health";
import type { Logger } from "@bzzz/logging";
import { dirname } from "node:path";

/** `sun_path` has 108 bytes with its end on Linux and 104 on macOS. */
const MAX_PATH_BYTES = 103;
/** How long requests may take to end when the server stops. */
const GRACE_MS = 2_000;

/**
 * Serves a handler on a socket. A file system or a sandbox that has no sockets costs the socket, not the node: `path` is undefined then,
 * the log says why, and clients use the port.
 */
export class SocketServer {
  readonly #deps: { readonly clock: Pick<Clock, "setTimer">; readonly logger: Logger };
  readonly #handler: (request: Request) => Promise<Response>;
  readonly #options: { readonly path: string; readonly beforeStop: () => void };
  #server: KeptServer<Deno.UnixAddr> | undefined;

  /** `beforeStop` ends what would stream for ever. */
  constructor(
    deps: { clock: Pick<Clock, "setTimer">; logger: Logger },
    handler: (request: Request) => Promise<Response>,
    options: { path: string; beforeStop: () => void },
  ) {
    this.#deps = deps;
    this.#handler = handler;
    this.#options = options;
  }

  /** Where it listens; undefined when it does not. */
  get path(): string | undefined {
    return this.#server && this.#options.path;
  }

  /** Listens. Call it while this process holds the data directory: a socket that is there already is a dead node's. */
  async start(): Promise<void> {
    const { path } = this.#options;
    const { logger } = this.#deps;
    if (Deno.build.os === "windows" || utf8Encode(path).byteLength > MAX_PATH_BYTES) {
      logger.warn("No local socket: the path of the data directory is too long for one; clients use the port", {
        bytes: utf8Encode(path).byteLength,
      });
      return;
    }
    try {
      makePrivate(dirname(path));
      this.#server = keepServing(this.#deps, () => this.#listen(), { name: "socket" });
    } catch (error) {
      logger.warn("No local socket; clients use the port", { reason: errorMessage(error) });
      await this.stop();
    }
  }

  /** Takes no more connections, lets requests end for a while, and removes the socket. Idempotent, never rejects. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    this.#options.beforeStop();
    try {
      const what = "requests of the local socket";
      await withTimeout(this.#deps.clock, server.shutdown(), { timeoutMs: GRACE_MS, what });
      remove(this.#options.path);
    } catch (error) {
      server.unref();
      const isLate = error instanceof TimeoutError;
      this.#deps.logger.warn("The local socket was left with open connections", { isLate }, error);
    }
  }

  #listen(): Deno.HttpServer<Deno.UnixAddr> {
    const { path } = this.#options;
    remove(path);
    const server = Deno.serve({ path, onListen: () => {}, onError: (error) => this.#broke(error) }, this.#handler);
    try {
      Deno.chmodSync(path, 0o600);
    } catch (error) {
      server.unref();
      void server.shutdown(); // nobody has connected to it yet
      throw error;
    }
    return server;
  }

  #broke(error: unknown): Response {
    this.#deps.logger.error("A request broke the handler", { server: "socket" }, error);
    return new Response('{"error":{"code":"internal"}}\n', { status: 500 });
  }
}

function makePrivate(folder: string): void {
  Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  Deno.chmodSync(folder, 0o700);
}

function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Requests through the socket at `path`. `close` ends its connections; a program that ends closes them as well. */
export function openSocketFetch(
  path: string,
): { readonly fetch: (request: Request) => Promise<Response>; close(): void } {
  let client: Deno.HttpClient | undefined;
  return {
    fetch: (request) => {
      client ??= Deno.createHttpClient({ proxy: { transport: "unix", path } });
      return fetch(request, { client });
    },
    close: () => client?.close(),
  };
}
