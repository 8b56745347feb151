import assert from "node:assert/strict";
import { ManualClock } from "@bzzz/base/testing";
import { MAX_IN_FLIGHT } from "./constants.ts";
import { registerKey } from "./keys.ts";
import type { ProposalOutcome } from "./proposal_types.ts";
import { type ReadBounds, SharedReads } from "./shared_reads.ts";

const KEY = registerKey("task", "1");

/** Questions as they were put, to be answered by the test. */
class Voters {
  readonly asked: { readonly bounds: ReadBounds; readonly answer: (outcome: ProposalOutcome) => void }[] = [];

  readonly ask = (bounds: ReadBounds): Promise<ProposalOutcome> => {
    const { promise, resolve, reject } = Promise.withResolvers<ProposalOutcome>();
    bounds.signal?.addEventListener("abort", () => reject(bounds.signal?.reason), { once: true });
    this.asked.push({ bounds, answer: resolve });
    return promise;
  };

  answer(index: number, reason: "no_quorum" | "overtaken"): void {
    this.asked[index]?.answer({ type: "undecided", reason });
  }
}

function setUp() {
  const clock = new ManualClock();
  const voters = new Voters();
  const reads = new SharedReads<ProposalOutcome>(clock);
  const read = (forMs?: number, signal?: AbortSignal) =>
    reads.read(KEY, voters.ask, { untilMs: clock.monotonicMs() + (forMs ?? 5000), signal });
  return { clock, voters, reads, read };
}

const reasonOf = (outcome: ProposalOutcome) => outcome.type === "undecided" ? outcome.reason : outcome.type;

Deno.test("readers who come while a question runs share the next one, and are not told what was asked before them", async () => {
  const { voters, read } = setUp();
  const early = read();
  const late = Array.from({ length: 200 }, () => read());

  const before = voters.asked.length;
  voters.answer(0, "overtaken");
  const first = await early;
  const after = voters.asked.length;
  voters.answer(1, "no_quorum");
  const told = new Set((await Promise.all(late)).map(reasonOf));

  assert.deepEqual([before, after], [1, 2]);
  assert.equal(reasonOf(first), "overtaken");
  assert.deepEqual([...told], ["no_quorum"], "an answer to a question from before they came is not theirs");
});

Deno.test("each reader has its own end; the question goes on for the others, until nobody is left", async () => {
  const { clock, voters, read } = setUp();
  const running = read();
  const [short, long] = [read(100), read(3000)];
  voters.answer(0, "overtaken");
  await running;

  clock.advance(101);
  const ended = await short;
  const question = voters.asked[1];
  const isAbandoned = question?.bounds.signal?.aborted;
  clock.advance(3000);
  const given = await long;

  assert.deepEqual([reasonOf(ended), reasonOf(given)], ["timeout", "timeout"]);
  assert.equal(question?.bounds.untilMs, 3000, "as long as its most patient reader");
  assert.deepEqual([isAbandoned, question?.bounds.signal?.aborted], [false, true]);
});

Deno.test("a reader whose signal aborts leaves with its reason; one that has aborted asks nothing", async () => {
  const { voters, read } = setUp();
  const stop = new AbortController();
  const reading = read(undefined, stop.signal);

  stop.abort(new Error("enough"));

  await assert.rejects(reading, /enough/);
  await assert.rejects(read(undefined, stop.signal), /enough/);
  assert.deepEqual([voters.asked.length, voters.asked[0]?.bounds.signal?.aborted], [1, true]);
  const next = read();
  voters.answer(1, "no_quorum");
  assert.equal(reasonOf(await next), "no_quorum", "and the register can be read again");
});

Deno.test("who comes after all that waited have left is not told that they left", async () => {
  const { clock, voters, read } = setUp();
  const running = read();
  const impatient = read(100);
  clock.advance(101);
  assert.equal(reasonOf(await impatient), "timeout");

  const reading = read();
  voters.answer(0, "overtaken");
  await running;
  assert.equal(voters.asked[1]?.bounds.signal?.aborted, false);
  voters.answer(1, "no_quorum");

  assert.equal(reasonOf(await reading), "no_quorum");
});

Deno.test("a thousand and more readers of one register wait, and one more is refused", async () => {
  const { voters, read } = setUp();
  const running = read();
  const waiting = Array.from({ length: MAX_IN_FLIGHT }, () => read());

  await assert.rejects(read(), { code: "queue_full" });

  voters.answer(0, "overtaken");
  await running;
  voters.answer(1, "no_quorum");
  assert.equal((await Promise.all(waiting)).length, MAX_IN_FLIGHT);
});
