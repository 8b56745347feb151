import { createSystemClock } from "@bzzz/base";
import { formatJson, formatText } from "./format.ts";
import { createLogger, type Logger, type LogLevel, type LogRecord, type LogSink } from "./logger.ts";

/** A line format of the log. */
export type LogFormat = "json" | "text";

/** Writes each record as a line to `write`; used with stderr or an opened log file. */
export function createLineSink(write: (line: Uint8Array) => void, format: LogFormat): LogSink {
  const encoder = new TextEncoder();
  const render = format === "json" ? formatJson : formatText;
  return (record) => write(encoder.encode(`${render(record)}\n`));
}

/** The last `capacity` records in memory, oldest first. */
export function createMemorySink(capacity = 10_000): { sink: LogSink; records: readonly LogRecord[] } {
  const records: LogRecord[] = [];
  return {
    records,
    sink: (record) => {
      records.push(record);
      if (records.length > capacity) records.shift();
    },
  };
}

/** The specification's `NewStandardLogger`: JSON lines on stderr, named, at info. */
export function createStandardLogger(name: string, options: { level?: LogLevel; format?: LogFormat } = {}): Logger {
  return createLogger({
    sink: createLineSink((line) => Deno.stderr.writeSync(line), options.format ?? "json"),
    nowMs: createSystemClock().nowMs,
  }, { level: options.level ?? "info", fields: { program: name } });
}

/** The specification's `NewTestLogger`: keeps records for the test to read. */
export function createTestLogger(level: LogLevel = "trace"): { logger: Logger; records: readonly LogRecord[] } {
  const { sink, records } = createMemorySink();
  return { logger: createLogger({ sink, nowMs: createSystemClock().nowMs }, { level }), records };
}

/** The specification's `NewNullLogger`. */
export function createNullLogger(): Logger {
  return createLogger({ sink: () => {}, nowMs: () => 0 }, { level: "error" });
}
