/** Levels from the quietest: see docs/operate for what belongs where. */
export const LOG_LEVELS = ["error", "warn", "info", "debug", "trace"] as const;
/** One of `LOG_LEVELS`. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Flat values only. Text of a peer belongs here (quoted and capped by the logger), never in the message. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** One event of the program. */
export interface LogRecord {
  readonly atMs: number;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
  readonly error: unknown;
}

/** Where records go. Must not throw. */
export type LogSink = (record: LogRecord) => void;

/** Injected everywhere; one child per service (`{ service }`). The specification's `logging.Logger`. */
export interface Logger {
  error(message: string, fields?: LogFields, error?: unknown): void;
  warn(message: string, fields?: LogFields, error?: unknown): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields, error?: unknown): void;
  trace(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to every record. */
  child(fields: LogFields): Logger;
  isEnabled(level: LogLevel): boolean;
}

/** A logger onto `sink`, for records at `level` and above in weight. */
export function createLogger(
  deps: { sink: LogSink; nowMs: () => number },
  options: { level: LogLevel; fields?: LogFields },
): Logger {
  const threshold = LOG_LEVELS.indexOf(options.level);
  const base = options.fields ?? {};
  const write = (level: LogLevel, message: string, fields?: LogFields, error?: unknown) => {
    if (LOG_LEVELS.indexOf(level) > threshold) return;
    deps.sink({ atMs: deps.nowMs(), level, message, fields: { ...base, ...fields }, error });
  };
  return {
    error: (message, fields, error) => write("error", message, fields, error),
    warn: (message, fields, error) => write("warn", message, fields, error),
    info: (message, fields) => write("info", message, fields),
    debug: (message, fields, error) => write("debug", message, fields, error),
    trace: (message, fields) => write("trace", message, fields),
    child: (fields) => createLogger(deps, { level: options.level, fields: { ...base, ...fields } }),
    isEnabled: (level) => LOG_LEVELS.indexOf(level) <= threshold,
  };
}
