import assert from "node:assert/strict";
import plugin from "./lint_plugin.ts";

function lint(path: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, path, source).map((found) => `${found.id}: ${found.message}`);
}

function assertClean(path: string, source: string): void {
  assert.deepEqual(lint(path, source), [], `${path}: ${source}`);
}

function assertFound(path: string, source: string, expected: RegExp): void {
  const found = lint(path, source);
  assert.equal(found.length, 1, `${path}: ${source}: ${found.join("; ")}`);
  assert.match(found[0] ?? "", expected, `${path}: ${source}`);
}

Deno.test("layers: a package imports what lies below it", () => {
  assertClean("cmd/agent/main.ts", `import { profile } from "@bzzz/agent";`);
  assertClean(
    "internal/agent/runner.ts",
    `import { runMain } from "@bzzz/runtime/main"; import type { X } from "@bzzz/cli";`,
  );
  assertClean("pkg/api/server.ts", `import { Journal } from "@bzzz/journal"; import { sha256 } from "@bzzz/crypto";`);
  assertClean("pkg/store/open.ts", `import { decodeFrame } from "@bzzz/wire"; import { Clock } from "@bzzz/base";`);
});

Deno.test("layers: a package does not import what lies above it", () => {
  const below = /^bzzz\/layers: pkg\/base lies below pkg\/wire/;
  assertFound("pkg/base/x.ts", `import { a } from "@bzzz/wire";`, below);
  assertFound("pkg/base/x.ts", `import type { a } from "@bzzz/wire";`, below);
  assertFound("pkg/base/x.ts", `export * from "@bzzz/wire";`, below);
  assertFound("pkg/base/x.ts", `export { a } from "@bzzz/wire";`, below);
  assertFound("pkg/base/x.ts", `await import("@bzzz/wire");`, below);
  assertFound("pkg/base/x.ts", `type A = import("@bzzz/wire").A;`, below);
  assertFound("pkg/base/x_test.ts", `import { a } from "@bzzz/wire";`, below);
  assertFound("internal/common/cli/x.ts", `import { a } from "@bzzz/runtime";`, /lies below internal\/common\/runtime/);
});

Deno.test("F-05 layers: neighbours meet only where the table says so", () => {
  assertClean("pkg/wire/x.ts", `import { a } from "@bzzz/crypto";`);
  assertClean("pkg/pubsub/x.ts", `import { a } from "@bzzz/p2p";`);
  assertFound("pkg/crypto/x.ts", `import { a } from "@bzzz/wire";`, /share a layer/);
  assertFound("pkg/p2p/x.ts", `import { a } from "@bzzz/pubsub";`, /share a layer/);
  assertFound("internal/agent/x.ts", `import { a } from "@bzzz/hap";`, /share a layer/);
  assertFound("internal/hap/x.ts", `import { a } from "@bzzz/agent";`, /share a layer/);
  assertClean("pkg/journal/sync_test.ts", `import { MemoryNetwork } from "@bzzz/p2p/testing";`);
});

Deno.test("layers: nothing reaches past a face", () => {
  assertFound("pkg/wire/x.ts", `import { a } from "../crypto/age.ts";`, /past its face/);
  assertFound("pkg/wire/x.ts", `import { a } from "../crypto/mod.ts";`, /past its face/);
  assertFound("test/integration/x_test.ts", `import { a } from "../../pkg/wire/codec.ts";`, /past its face/);
  assertFound("pkg/wire/x.ts", `import { a } from "@bzzz/crypto/age";`, /past mod\.ts, main\.ts/);
  assertClean("internal/hap/x.ts", `import { a } from "@bzzz/runtime/main";`);
  assertFound("internal/agent/x.ts", `import { a } from "@bzzz/hap/main";`, /share a layer/);
  assertFound("pkg/wire/x.ts", `import { a } from "../../internal/tools/doc_lint.ts";`, /past its face/);
  assertClean("test/deployment/x_test.ts", `import { a } from "../../internal/tools/doc_lint.ts";`);
  assertClean("pkg/wire/x.ts", `import { a } from "./codec.ts"; import { b } from "./bodies/task.ts";`);
  assertClean("pkg/wire/bodies/x.ts", `import { a } from "../codec.ts";`);
  assertClean("internal/common/cli/x.ts", `import config from "../../../deno.json" with { type: "json" };`);
});

Deno.test("layers: fakes stay in tests, and a package names itself only there", () => {
  assertFound("pkg/api/x.ts", `import { ManualClock } from "@bzzz/base/testing";`, /for tests/);
  assertClean("pkg/api/x_test.ts", `import { ManualClock } from "@bzzz/base/testing";`);
  assertClean("pkg/api/testing.ts", `import { ManualClock } from "@bzzz/base/testing";`);
  assertFound("pkg/api/x.ts", `import { a } from "@bzzz/api";`, /relative path/);
  assertClean("pkg/api/x_test.ts", `import { a } from "@bzzz/api";`);
});

Deno.test("layers: each dependency has its owner", () => {
  assertClean("pkg/store/x.ts", `import { DatabaseSync } from "node:sqlite";`);
  assertFound("pkg/journal/x.ts", `import { DatabaseSync } from "node:sqlite";`, /belongs to pkg\/store/);
  assertFound("pkg/journal/x.ts", `import { peerIdFromString } from "@libp2p/peer-id";`, /belongs to pkg\/p2p/);
  assertFound("internal/agent/x.ts", `import { parse } from "yaml";`, /belongs to pkg\/config/);
  assertClean("internal/hap/web/x.ts", `import { Hono } from "hono"; import { z } from "zod";`);
  assertClean("internal/common/web/x.ts", `import { Hono } from "hono"; import { sanitiseLine } from "@bzzz/cli";`);
  assertFound("pkg/api/x.ts", `import fc from "fast-check";`, /for tests only/);
  assertClean("pkg/api/x_test.ts", `import fc from "fast-check"; import { test } from "node:test";`);
  assertFound("pkg/api/x.ts", `import chalk from "chalk";`, /has no owner/);
  assertFound("pkg/api/x.ts", `import { z } from "npm:zod@4";`, /named in deno\.json/);
  assertClean("test/deployment/x_test.ts", `import { parse } from "yaml";`);
});

Deno.test("F-07 F-08 layers: a folder that no layer names is refused", () => {
  assertFound("pkg/surprise/x.ts", `import { a } from "@bzzz/base";`, /pkg\/surprise is in no layer/);
});

Deno.test("no-default-export: exports have names", () => {
  assertFound("pkg/base/x.ts", `export default 1;`, /^bzzz\/no-default-export/);
  assertFound("pkg/base/x.ts", `const a = 1; export { a as default };`, /^bzzz\/no-default-export/);
  assertClean("pkg/base/x.ts", `export const a = 1;`);
  assertClean("internal/tools/lint_plugin.ts", `export default {};`);
});

Deno.test("no-hidden-effects: time comes from a Clock and chance from a Random", () => {
  const uses = [
    "setTimeout(f, 1)",
    "setInterval(f, 1)",
    "Date.now()",
    "performance.now()",
    "Math.random()",
    "new Date()",
  ];
  for (const use of [...uses, "globalThis.setTimeout(f, 1)"]) {
    assertFound("pkg/journal/x.ts", `${use};`, /^bzzz\/no-hidden-effects/);
    assertClean("pkg/base/clock.ts", `${use};`);
  }
  assertClean("pkg/journal/x.ts", `new Date(5); clock.setTimer(1, f); const { signal } = AbortSignal.timeout(5);`);
  assertClean("test/benchmarks/x.ts", `const startedAt = performance.now();`);
  assertFound("pkg/journal/x_test.ts", `setTimeout(f, 1);`, /hides time/);
});

Deno.test("no-hidden-effects: only a main ends the process", () => {
  assertFound("pkg/journal/x.ts", `Deno.exit(1);`, /cmd\/ and runMain/);
  assertFound("test/integration/x_test.ts", `Deno.exit(1);`, /cmd\/ and runMain/);
  assertClean("cmd/hap/main.ts", `Deno.exit(1);`);
  assertClean("internal/common/runtime/main.ts", `Deno.exit(1);`);
});

Deno.test("ascii-expressions: the bundler leaves them as they are, so they are written with escapes", () => {
  assertFound("pkg/wire/x.ts", `export const mark = /a⏎/u;`, /"⏎" in a regular expression .* write it as \\u23ce/);
  assertClean("pkg/wire/x.ts", String.raw`export const mark = /a\u23ce/u; export const text = "⏎";`);
  assertClean("pkg/wire/x_test.ts", `export const mark = /a⏎/u;`);
});
