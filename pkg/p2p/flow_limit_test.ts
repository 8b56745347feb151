import assert from "node:assert/strict";
import type { PeerId } from "@bzzz/base";
import { ManualClock } from "@bzzz/base/testing";
import { FlowLimit } from "./flow_limit.ts";

const PEER = "12D3KooWPjceQrSwdWXPyLLeABRXmuqt69Rg3sBYbU1Nft9HyQ6X" as PeerId;
const LIMITS = { messagesPerSecond: 100, burstMessages: 10, patienceMs: 400 };

/** Presses with one message after the other for ten seconds; what became of it, and how many entries passed. */
async function press(isOwn: boolean, entries = 1, slowness = 1): Promise<{ outcome: string; passed: number }> {
  const clock = new ManualClock();
  const flow = new FlowLimit({
    clock: {
      monotonicMs: () => clock.monotonicMs(),
      sleep: (ms, options) => clock.sleep(slowness * ms, options),
    },
  }, LIMITS);
  const state = { outcome: "slowed", passed: 0 };
  const { signal } = new AbortController();
  const pressing = (async () => {
    while (state.outcome === "slowed" && clock.monotonicMs() < 10_000) {
      if (await flow.pass(PEER, { bytes: 100, messages: entries }, signal) === "flood") state.outcome = "flood";
      else state.passed += entries;
      if (flow.isPressing(PEER)) flow.note(PEER, isOwn, entries);
    }
  })();
  for (let i = 0; i < 550; i++) await clock.advance(20);
  await pressing;
  return state;
}

Deno.test("FlowLimit drops a peer that presses with its own messages", async () => {
  const { outcome, passed } = await press(true);

  assert.equal(outcome, "flood");
  assert.ok(passed < 100, `${passed} passed`);
});

Deno.test("FlowLimit drops such a peer on a busy machine, too, where each wait takes several times as long", async () => {
  for (const slowness of [3, 6, 9]) {
    const { outcome, passed } = await press(true, 1, slowness);

    assert.equal(outcome, "flood", `waits of ${slowness * 20} ms`);
    assert.ok(passed < 200, `${passed} passed with waits of ${slowness * 20} ms`);
  }
});

Deno.test("FlowLimit slows a peer down that presses with others' messages, for as long as it lasts", async () => {
  const { outcome, passed } = await press(false);

  assert.equal(outcome, "slowed");
  assert.ok(passed > 900 && passed < 1100, `${passed} passed in ten seconds at 100 a second`);
});

Deno.test("FlowLimit lets no more entries pass when many come in one message, more than a burst even", async () => {
  for (const entries of [7, 64]) {
    const own = await press(true, entries);
    const relayed = await press(false, entries);

    assert.equal(own.outcome, "flood", `${entries} at once`);
    assert.ok(own.passed < 100 + 3 * entries, `${own.passed} passed, ${entries} at once`);
    assert.equal(relayed.outcome, "slowed", `${entries} at once`);
    assert.ok(relayed.passed > 900 - entries && relayed.passed < 1100, `${relayed.passed} passed, ${entries} at once`);
  }
});

Deno.test("FlowLimit weighs whose entries a pressing peer brings, not whose messages", async () => {
  const clock = new ManualClock();
  const flow = new FlowLimit({ clock }, LIMITS);
  const { signal } = new AbortController();
  let outcome = "go";
  const pressing = (async () => {
    while (outcome === "go" && clock.monotonicMs() < 10_000) {
      outcome = await flow.pass(PEER, { bytes: 100, messages: 34 }, signal);
      flow.note(PEER, true, 32);
      flow.note(PEER, false);
      flow.note(PEER, false);
    }
  })();

  for (let i = 0; i < 550; i++) await clock.advance(20);
  await pressing;

  assert.equal(outcome, "flood", "two small messages of others do not excuse a large one of its own");
});
