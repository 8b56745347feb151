import assert from "node:assert/strict";
import { retryAfterOf } from "./transport.ts";

Deno.test("Retry-After is seconds or a date; anything else says nothing", () => {
  const nowMs = Date.parse("2026-01-01T00:00:00Z");

  assert.equal(retryAfterOf("7", nowMs), 7_000);
  assert.equal(retryAfterOf("Thu, 01 Jan 2026 00:00:09 GMT", nowMs), 9_000);
  assert.equal(retryAfterOf("Wed, 31 Dec 2025 00:00:00 GMT", nowMs), 0);
  for (const header of [null, "soon", "-1x", "99999999999"]) assert.equal(retryAfterOf(header, nowMs), undefined);
});
