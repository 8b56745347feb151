import assert from "node:assert/strict";
import { createSeededRandom, ManualClock } from "@bzzz/base/testing";
import { createSigningKey } from "@bzzz/crypto";
import { OpenKey, SUSPEND_LOOK_MS, SUSPEND_TOLERANCE_MS } from "./open_key.ts";

const LIMITS = { forMs: 600_000, idleMs: 60_000 };

function world() {
  const clock = new ManualClock();
  const reasons: string[] = [];
  const open = new OpenKey(clock, (reason) => reasons.push(reason));
  const key = createSigningKey(createSeededRandom(1));
  open.hold(key, LIMITS);
  return { clock, reasons, open, key };
}

function isWiped({ key }: ReturnType<typeof world>): boolean {
  try {
    key.sign(new Uint8Array(1));
    return false;
  } catch {
    return true;
  }
}

Deno.test("a key that nobody uses closes, one that is used stays open until its time is over", async () => {
  const idle = world();
  await idle.clock.advance(LIMITS.idleMs - 1);
  assert.ok(idle.open.untilMs());
  await idle.clock.advance(1);
  assert.deepEqual([idle.open.use(), idle.reasons, isWiped(idle)], [undefined, ["idle"], true]);

  const used = world();
  const startMs = used.clock.nowMs();
  while (used.clock.nowMs() - startMs < LIMITS.forMs) {
    assert.ok(used.open.use());
    await used.clock.advance(LIMITS.idleMs / 2);
  }
  assert.deepEqual([used.open.use(), used.reasons, isWiped(used)], [undefined, ["time_over"], true]);
  assert.equal(used.clock.pendingTimers, 0);
});

Deno.test("it says when it closes: the idle time from its last use, and never more than its time", async () => {
  const { clock, open } = world();
  assert.equal(open.untilMs(), clock.nowMs() + LIMITS.idleMs);
  for (let i = 0; i < 19; i++) {
    await clock.advance(LIMITS.idleMs / 2);
    open.use();
  }

  assert.equal(open.untilMs(), clock.nowMs() + LIMITS.idleMs / 2);
  open.close("told");
});

Deno.test("after a sleep of the machine it is closed before anything uses it, and is wiped without a use as well", async () => {
  const asleep = world();
  asleep.clock.jumpWall(SUSPEND_TOLERANCE_MS + 1);
  assert.equal(asleep.open.use(), undefined);
  assert.deepEqual([asleep.reasons, isWiped(asleep)], [["suspended"], true]);

  const unused = world();
  unused.clock.jumpWall(-SUSPEND_TOLERANCE_MS - 1);
  await unused.clock.advance(SUSPEND_LOOK_MS);
  assert.deepEqual([unused.reasons, isWiped(unused)], [["suspended"], true]);

  const stepped = world();
  stepped.clock.jumpWall(SUSPEND_TOLERANCE_MS);
  assert.ok(stepped.open.use());
  stepped.open.close("told");
});

Deno.test("closing wipes, once, and another key takes the place of one that is open", () => {
  const first = world();
  const { open, reasons } = first;
  const next = createSigningKey(createSeededRandom(2));
  open.hold(next, LIMITS);
  assert.deepEqual([isWiped(first), open.use() === next], [true, true]);

  open.close("told");
  open.close("told");

  assert.deepEqual([reasons, open.untilMs()], [["told", "told"], undefined]);
});
