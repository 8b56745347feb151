import type { ComponentLogger, Logger as Libp2pLogger } from "@libp2p/interface";

/**
 * libp2p logs several lines per frame through formatters; ours are switched off at the source, since what matters
 * reaches our own logger as events. One shared object, because scopes are made per stream.
 */
export function createSilentLibp2pLogger(): ComponentLogger {
  const ignore = (): void => {};
  const logger: Libp2pLogger = Object.assign(ignore, {
    enabled: false,
    error: ignore,
    trace: ignore,
    newScope: (): Libp2pLogger => logger,
  });
  return { forComponent: () => logger };
}
