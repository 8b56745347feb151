import type { Clock, Timer } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";

/** From a failure to the next attempt to listen, in milliseconds: long enough for descriptors to be closed by others. */
const LISTEN_AGAIN_MS = 1_000;

/** A server that listens again when it failed. */
export interface KeptServer<A extends Deno.Addr> {
  /** Where it began to listen. */
  readonly addr: A;
  /** As of `Deno.HttpServer`, and for good. */
  shutdown(): Promise<void>;
  unref(): void;
}

/**
 * Keeps a server listening until `shutdown`. `Deno.serve` gives up for ever when it cannot take a connection, as when this
 * process has no file descriptors left (Deno 2.9.6), which everybody who reaches a port can bring about: here that is logged,
 * and `listen` is called again with the address of the first time, until it succeeds. Requests under way go on meanwhile.
 * @throws what the first call of `listen` throws
 */
export function keepServing<A extends Deno.Addr>(
  deps: { readonly clock: Pick<Clock, "setTimer">; readonly logger: Logger },
  listen: (again?: A) => Deno.HttpServer<A>,
  options: { readonly name: string },
): KeptServer<A> {
  const { name: server } = options;
  let isOver = false;
  let isDown = false;
  let timer: Timer | undefined;
  let current = listen();
  const { addr } = current;

  const failed = (error: unknown): void => {
    if (isOver) return;
    // Told once for a time that it is down: whoever uses the descriptors up shall not fill the log, too.
    if (isDown) deps.logger.debug("A server cannot take connections yet", { server }, error);
    else deps.logger.error("A server can take no connections; it tries again", { server }, error);
    isDown = true;
    timer?.cancel();
    timer = deps.clock.setTimer(LISTEN_AGAIN_MS, listenAgain);
  };
  const watch = (): void => {
    const watched = current;
    watched.finished.catch((error) => watched === current ? failed(error) : undefined);
  };
  const listenAgain = (): void => {
    try {
      current = listen(addr);
    } catch (error) {
      failed(error);
      return;
    }
    watch();
    timer = deps.clock.setTimer(LISTEN_AGAIN_MS, () => {
      isDown = false;
      deps.logger.info("A server takes connections again", { server });
    });
  };
  watch();
  return {
    addr,
    shutdown: () => {
      isOver = true;
      timer?.cancel();
      return current.shutdown();
    },
    unref: () => current.unref(),
  };
}
