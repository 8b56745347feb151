import assert from "node:assert/strict";
import { BzzzError } from "@bzzz/base";
import fc from "fast-check";
import {
  createLineSink,
  createLogger,
  createMemorySink,
  createNullLogger,
  createTestLogger,
  formatJson,
  formatText,
} from "./mod.ts";

const AT_MS = Date.UTC(2026, 0, 2, 3, 4, 5);

Deno.test("A-15 a logger drops what is below its level and adds the fields of its parents", () => {
  const { sink, records } = createMemorySink();
  const logger = createLogger({ sink, nowMs: () => AT_MS }, { level: "warn", fields: { program: "p" } });

  logger.child({ service: "s" }).warn("low disk", { freeMb: 3 });
  logger.info("started");

  assert.deepEqual(records.map((r) => [r.message, r.fields]), [["low disk", {
    program: "p",
    service: "s",
    freeMb: 3,
  }]]);
  assert.ok(logger.isEnabled("error") && !logger.isEnabled("debug"));
});

Deno.test("a JSON line has code and cause of an error, and no stack", () => {
  const cause = new Error("disk full");
  const error = new BzzzError("store_full", "Cannot write", { cause, details: { freeMb: 0 } });

  const line = formatJson({ atMs: AT_MS, level: "error", message: "m", fields: { n: 1 }, error });

  assert.deepEqual(JSON.parse(line), {
    time: "2026-01-02T03:04:05.000Z",
    level: "error",
    message: "m",
    n: 1,
    error: {
      name: "BzzzError",
      message: "Cannot write",
      code: "store_full",
      freeMb: 0,
      cause: { name: "Error", message: "disk full" },
    },
  });
});

Deno.test("text of a peer stays one line, capped and inert, in both formats", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 2000 }), (hostile) => {
    const record = {
      atMs: AT_MS,
      level: "debug",
      message: "got",
      fields: { text: hostile },
      error: undefined,
    } as const;
    const text = formatText(record);
    assert.doesNotMatch(text, /[\p{Cc}\p{Cf}]/u);
    assert.ok(!formatJson(record).includes("\n"));
  }));
  assert.ok(
    formatJson({ atMs: AT_MS, level: "info", message: "", fields: { t: "x".repeat(9999) }, error: 0 }).length < 1000,
  );
});

Deno.test("sinks write lines, keep records, or nothing", () => {
  const lines: string[] = [];
  const sink = createLineSink((bytes) => lines.push(new TextDecoder().decode(bytes)), "text");
  sink({ atMs: AT_MS, level: "info", message: "hello", fields: { a: "b c" }, error: undefined });
  const { logger, records } = createTestLogger();
  logger.trace("kept");
  createNullLogger().error("gone");

  assert.deepEqual(lines, ['2026-01-02T03:04:05.000Z info  hello a="b c"\n']);
  assert.equal(records[0]?.message, "kept");
});

Deno.test("createMemorySink() keeps only the newest records", () => {
  const { sink, records } = createMemorySink(2);
  for (const message of ["a", "b", "c"]) sink({ atMs: 0, level: "info", message, fields: {}, error: undefined });

  assert.deepEqual(records.map((r) => r.message), ["b", "c"]);
});
