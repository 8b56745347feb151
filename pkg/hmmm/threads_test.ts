import assert from "node:assert/strict";
import type { PeerId } from "@bzzz/base";
import fc from "fast-check";
import {
  checkMessage,
  DEFAULT_TTL_MS,
  EMPTY_THREAD,
  foldThread,
  MAX_THREAD_AGENTS,
  MAX_THREAD_MESSAGES,
  type MessageEntry,
  ThreadIndex,
} from "./mod.ts";
import { AGENT, ANA, message } from "./testing.ts";

const THREAD = "task/1";
const agents = Array.from({ length: 7 }, (_, i) => `agent-${i}` as PeerId);
const guarded = { author: AGENT, isPerson: false, type: "message", sentAtMs: 0 } as const;

Deno.test("checkMessage() refuses what was passed on too often or is too old to act on", () => {
  assert.equal(checkMessage(EMPTY_THREAD, { ...guarded, hop: 3 }, 0), undefined);
  assert.equal(checkMessage(EMPTY_THREAD, { ...guarded, hop: 4 }, 0), "hop_limit");
  assert.equal(checkMessage(EMPTY_THREAD, { ...guarded, ttlMs: 10 }, 11), "expired");
  assert.equal(checkMessage(EMPTY_THREAD, guarded, DEFAULT_TTL_MS), undefined);
  assert.equal(checkMessage(EMPTY_THREAD, guarded, DEFAULT_TTL_MS + 1), "expired");
  assert.equal(checkMessage(EMPTY_THREAD, guarded), undefined, "history is never too old to read");
});

Deno.test("A-32 at most five agents speak in a thread; people always may", () => {
  const view = foldThread(THREAD, [
    ...agents.map((agent, i) => message(agent, i + 1)),
    message(ANA, 50, {}, true),
  ]);

  assert.deepEqual(view?.use.agents, agents.slice(0, MAX_THREAD_AGENTS));
  assert.deepEqual(view?.refusals, { too_many_agents: 2 });
  assert.deepEqual(view?.people, [ANA]);
});

Deno.test("after fifty messages of agents one summary is let in, then only a person", () => {
  const chatter = Array.from({ length: MAX_THREAD_MESSAGES }, (_, i) => message(AGENT, i + 1));
  const more = [
    message(AGENT, 100),
    message(AGENT, 101, { type: "summary" }),
    message(AGENT, 102, { type: "summary" }),
  ];

  const stuck = foldThread(THREAD, [...chatter, ...more]);
  const freed = foldThread(THREAD, [...chatter, ...more, message(ANA, 103, {}, true), message(AGENT, 104)]);

  assert.equal(stuck?.needsEscalation, true);
  assert.equal(stuck?.messages.length, MAX_THREAD_MESSAGES + 1);
  assert.deepEqual(stuck?.refusals, { escalation_required: 2 });
  assert.equal(freed?.needsEscalation, false);
  assert.equal(freed?.messages.length, MAX_THREAD_MESSAGES + 3);
});

Deno.test("A-28 a blocking objection stands until its author agrees; words in a text do not count", () => {
  const objection = message(AGENT, 1, { type: "objection", severity: "blocking" });
  const polite = message(agents[0] as PeerId, 2, { text: "I agree, sounds good, help, human" });
  const other = message(agents[0] as PeerId, 3, { type: "agreement" });

  assert.deepEqual(foldThread(THREAD, [objection, polite, other])?.blockingObjections, [objection.id]);
  const settled = foldThread(THREAD, [objection, polite, other, message(AGENT, 4, { type: "agreement" })]);
  assert.deepEqual(settled?.blockingObjections, []);
});

Deno.test("property: the same set of messages gives the same thread in any order", () => {
  const arbitrary: fc.Arbitrary<MessageEntry> = fc.tuple(
    fc.constantFrom(...agents, ANA),
    fc.integer({ min: 1, max: 99 }),
    fc.integer({ min: 0, max: 4 }),
  ).map(([who, ms, hop]) => message(who, ms, { hop }, who === ANA));
  fc.assert(fc.property(
    fc.array(arbitrary, { minLength: 1, maxLength: 40 }).chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 }))
    ),
    ([inOrder, shuffled]) => {
      const index = new ThreadIndex();
      for (const entry of shuffled) index.add(entry);
      assert.deepEqual(index.get(THREAD), foldThread(THREAD, inOrder));
    },
  ));
});

Deno.test("the index is bounded: the thread that is silent for longest goes first", () => {
  const index = new ThreadIndex({ capacity: 2 });
  for (const [i, thread] of ["a", "b", "a", "c"].entries()) index.add({ ...message(AGENT, i + 1), thread });

  assert.deepEqual(index.list().map((v) => v.thread), ["c", "a"]);
});

Deno.test("who floods threads loses its own oldest messages, and nobody's objection", () => {
  const index = new ThreadIndex({ maxBytes: 100_000 });
  const objection = message(ANA, 1, { type: "objection", severity: "blocking" }, true);
  const own = message("ben" as PeerId, 2, {}, true);
  index.add(objection);
  index.add(own);

  for (let n = 0; n < 1_000; n++) {
    index.add({ ...message("mallory" as PeerId, 3 + n, {}, true), thread: n % 2 === 0 ? "task/1" : `flood/${n}` });
  }

  const view = index.get("task/1");
  assert.deepEqual(view?.messages.slice(0, 2).map(({ id }) => id), [objection.id, own.id]);
  assert.deepEqual(view?.blockingObjections, [objection.id]);
  const kept = index.list().reduce((sum, { messages }) => sum + messages.length, 0);
  assert.ok(kept > 50 && kept < 300, `${kept} messages in 100 kB`);
});

Deno.test("who begins threads without end pushes out its own", () => {
  const index = new ThreadIndex({ capacity: 10 });
  index.add(message(ANA, 1));
  for (let n = 0; n < 100; n++) index.add({ ...message("mallory" as PeerId, 2 + n), thread: `flood/${n}` });

  assert.ok(index.get("task/1"));
  assert.equal(index.list().length, 10);
  assert.equal(index.list()[0]?.thread, "flood/99");
});
