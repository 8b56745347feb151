import { isAbsolute, join } from "node:path";
import type { Clock } from "@bzzz/base";
import type { Config } from "@bzzz/config";
import { createLineSink, createLogger, type LogFormat, type Logger } from "@bzzz/logging";
import type { BinaryProfile } from "./profiles.ts";

/** The log of a node. Dispose it last. */
export interface NodeLog extends Disposable {
  readonly logger: Logger;
  /** The file it writes to, or undefined for stderr. */
  readonly path: string | undefined;
}

/**
 * Opens the log: the configured file, a file in the data directory while the interface owns the terminal, or stderr.
 * @throws Deno.errors.PermissionDenied and the like when the file cannot be opened
 */
export function openNodeLog(
  deps: { readonly clock: Pick<Clock, "nowMs">; readonly profile: BinaryProfile },
  options: {
    readonly config: Config;
    readonly home: string;
    readonly ownsTerminal: boolean;
    readonly stderrIsTerminal: boolean;
  },
): NodeLog {
  const { logging } = options.config;
  const { program } = deps.profile;
  const chosen = logging.file ?? (options.ownsTerminal ? `${program}.log` : undefined);
  const path = chosen === undefined ? undefined : isAbsolute(chosen) ? chosen : join(options.home, chosen);
  const file = path === undefined ? undefined : Deno.openSync(path, { append: true, create: true, mode: 0o600 });
  const automatic: LogFormat = path === undefined && options.stderrIsTerminal ? "text" : "json";
  const format = logging.format === "auto" ? automatic : logging.format;
  const write = (line: Uint8Array): void => {
    try {
      (file ?? Deno.stderr).writeSync(line);
    } catch {
      // The disk is full or the terminal is gone: a log line must not take the node down.
    }
  };
  const logger = createLogger(
    { sink: createLineSink(write, format), nowMs: deps.clock.nowMs },
    { level: logging.level, fields: { program } },
  );
  return { logger, path, [Symbol.dispose]: () => file?.close() };
}
