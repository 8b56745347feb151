/**
 * Structured logging: records with flat fields, onto sinks. No global state, no secrets, no peer's text as the message.
 *
 * @module
 */
export { formatJson, formatText } from "./format.ts";
export { createLogger, LOG_LEVELS } from "./logger.ts";
export type { LogFields, Logger, LogLevel, LogRecord, LogSink } from "./logger.ts";
export { createLineSink, createMemorySink, createNullLogger, createStandardLogger, createTestLogger } from "./sinks.ts";
export type { LogFormat } from "./sinks.ts";
