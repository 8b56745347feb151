import assert from "node:assert/strict";
import { createSeededRandom, ManualClock } from "@bzzz/base/testing";
import { RateLimit } from "./rate_limit.ts";

function limitAt(clock: ManualClock): RateLimit {
  return new RateLimit({ clock, random: createSeededRandom(1) });
}

function answer(status: number, headers: Record<string, string>): Response {
  return new Response(null, { status, headers });
}

Deno.test("a limit with a time is waited for, by the server's clock, and at most an hour", async () => {
  const clock = new ManualClock(Date.UTC(2026, 0, 1));
  const limit = limitAt(clock);
  const nowS = Date.UTC(2026, 0, 1) / 1_000;

  assert.equal(limit.note(answer(403, { "retry-after": "30" })), true);
  assert.equal(limit.waitMs(), 30_000);
  await clock.advance(30_000);
  assert.equal(limit.waitMs(), 0);
  const reset = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(nowS + 100) };
  // the server's clock is a day behind: it is its own word that counts
  const date = new Date((nowS + 90) * 1_000).toUTCString();
  assert.equal(limit.note(answer(429, { ...reset, date })), true);
  assert.equal(limit.waitMs(), 11_000);
  assert.equal(limit.note(answer(403, { ...reset, "x-ratelimit-reset": String(nowS + 1e6) })), true);
  assert.equal(limit.waitMs(), 3_600_000);
});

Deno.test("a limit without a time is waited for a minute and more, longer each time", () => {
  const clock = new ManualClock();
  const limit = limitAt(clock);

  const waits = [1, 2, 3, 4].map(() => {
    assert.equal(limit.note(answer(429, {})), true);
    return limit.waitMs();
  });

  assert.ok((waits[0] ?? 0) >= 60_000, `${waits}`);
  assert.deepEqual(waits, waits.toSorted((a, b) => a - b));
  assert.ok((waits[3] ?? 0) > 180_000 && (waits[3] ?? 0) <= 3_600_000, `${waits}`);
});

Deno.test("the last request of an hour is answered, and nothing is sent after it; a plain 403 is no limit", () => {
  const clock = new ManualClock();
  const limit = limitAt(clock);
  const reset = String(clock.nowMs() / 1_000 + 60);

  assert.equal(limit.note(answer(403, { "x-ratelimit-remaining": "17" })), false);
  assert.equal(limit.waitMs(), 0);
  assert.equal(limit.note(answer(200, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset })), false);
  assert.equal(limit.waitMs(), 61_000);
});
