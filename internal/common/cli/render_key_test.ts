import assert from "node:assert/strict";
import { describeKey, keyTimeLeft } from "./render_key.ts";

Deno.test("the time of an open key is told in minutes and seconds, and never less than none", () => {
  assert.deepEqual([600_000, 59_001, 1, 0, -5].map((ms) => keyTimeLeft(ms, 0)), [
    "10:00",
    "1:00",
    "0:01",
    "0:00",
    "0:00",
  ]);
});

Deno.test("a key in words: a time that is over is a locked key, also before the node was asked again", () => {
  assert.equal(describeKey({ state: "unlocked", unlocked_until_ms: 65_000 }, 0), "open for 1:05 more");
  assert.equal(describeKey({ state: "unlocked", unlocked_until_ms: 65_000 }, 65_000), "locked");
  assert.equal(describeKey({ state: "locked" }, 0), "locked");
  assert.match(describeKey({ state: "open" }, 0), /no passphrase/);
  assert.equal(describeKey({ state: "none" }, 0), "nobody's");
});
