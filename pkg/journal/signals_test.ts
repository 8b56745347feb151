import assert from "node:assert/strict";
import { ManualClock } from "@bzzz/base/testing";
import { TOPICS } from "@bzzz/wire";
import { TestAuthor } from "@bzzz/wire/testing";
import { createTestJournal } from "./testing.ts";
import { at, flip, live } from "./testdata/entries.ts";

Deno.test("signals are verified, fresh, never repeated, and not stored", async () => {
  const clock = new ManualClock();
  await using test = createTestJournal({ clock });
  const author = new TestAuthor(2);
  const seen: string[] = [];
  test.journal.events.on("signal:received", ({ signal }) => seen.push(signal.kind));
  const [first, second] = [author.signal("leaving", { reason: "1" }), author.signal("leaving", { reason: "2" })];
  const whole = author.signal("leaving", { reason: "3" }).frame;
  const broken = flip(whole, whole.length - 1, 1);

  assert.equal(live(test, second.frame), "accept signal");
  assert.equal(live(test, second.frame), "ignore duplicate");
  assert.equal(live(test, first.frame), "ignore replayed");
  assert.equal(live(test, broken), "reject bad_signature");
  await clock.advance(61_000);
  assert.equal(live(test, author.signal("leaving", { reason: "4" }).frame), "ignore stale");

  assert.deepEqual(seen, ["leaving"]);
  assert.equal(test.journal.stats().entries, 0);
});

Deno.test("sendSignal() publishes a signal that another journal takes", async () => {
  await using test = createTestJournal();
  await using other = createTestJournal({ seed: 2 });

  const recipients = await test.journal.sendSignal({ kind: "leaving", topic: TOPICS.agents, body: { reason: "bye" } });

  assert.equal(recipients, 1);
  assert.equal(live(other, at(test.published, 0).frame), "accept signal");
});
