import assert from "node:assert/strict";
import { ManualClock } from "@bzzz/base/testing";
import fc from "fast-check";
import { compareHlc, HlcClock, MAX_HLC_COUNTER } from "./mod.ts";

Deno.test("S-36 tick() only grows, whatever the wall clock and the peers do", async () => {
  const step = fc.oneof(
    fc.record({ type: fc.constant("advance" as const), ms: fc.integer({ min: 0, max: 50 }) }),
    fc.record({ type: fc.constant("jump" as const), ms: fc.integer({ min: -100_000, max: 100_000 }) }),
    fc.record({ type: fc.constant("observe" as const), ms: fc.integer({ min: -10_000, max: 10_000 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const clock = new ManualClock();
      const hlc = new HlcClock({ clock });
      let last = hlc.tick();
      for (const { type, ms } of steps) {
        if (type === "advance") await clock.advance(ms);
        else if (type === "jump") clock.jumpWall(ms);
        else {
          const remote = { ms: clock.nowMs() + ms, counter: MAX_HLC_COUNTER };
          hlc.observe(remote);
          const after = hlc.tick();
          assert.ok(compareHlc(after, remote) > 0, "a stamp after an observation is later than it");
          last = compareHlc(after, last) > 0 ? after : last;
        }
        const next = hlc.tick();
        assert.ok(compareHlc(next, last) > 0, "stamps grow");
        last = next;
      }
    }),
    { numRuns: 100 },
  );
});

Deno.test("a clock that is given its last stamp goes on after it", () => {
  const clock = new ManualClock(1000);
  const hlc = new HlcClock({ clock }, { ms: 5000, counter: 7 });

  assert.deepEqual(hlc.tick(), { ms: 5000, counter: 8 });
});
