import assert from "node:assert/strict";
import { ManualClock } from "@bzzz/base/testing";
import { type BodyOf, TOPICS } from "@bzzz/wire";
import type { Advisor, HelpCall } from "./advisor.ts";
import { MockExecutor } from "./executors/mock.ts";
import type { AgentRunner } from "./mod.ts";
import { FakeMesh, type FakeNode } from "./testing.ts";

interface World {
  readonly clock: ManualClock;
  readonly ana: FakeNode;
  readonly runners: readonly AgentRunner[];
}

async function createWorld(
  agents: number,
  capabilitiesOf: (i: number) => string[],
  advisorOf: (i: number, clock: ManualClock) => Advisor | undefined = () => undefined,
): Promise<World> {
  const clock = new ManualClock();
  const mesh = new FakeMesh(clock);
  const ana = mesh.addPerson("ana");
  const runners = [];
  for (let i = 0; i < agents; i++) {
    const node = mesh.addNode(`agent-${i}`);
    const executor = new MockExecutor({ clock });
    const advisor = advisorOf(i, clock);
    const options = { capabilities: capabilitiesOf(i), leaseMs: 30_000, ...(advisor ? { advisor } : {}) };
    runners.push(await mesh.startAgent(node, executor, options));
  }
  return { clock, ana, runners };
}

async function call({ ana, clock }: World, fields: Partial<BodyOf<"message_posted">> = {}): Promise<void> {
  const body = { type: "question" as const, text: "Who can dig?", capabilities: ["dig"], ...fields };
  await ana.append({ kind: "message_posted", topic: TOPICS.hmmm, thread: "help/1", body });
  await clock.advance(5_000);
}

function answers({ ana }: World): BodyOf<"message_posted">[] {
  return ana.bodies("message_posted").filter(({ type }) => type === "answer");
}

async function end({ clock, runners }: World): Promise<void> {
  await Promise.all(runners.map((runner) => runner.stop()));
  assert.equal(clock.pendingTimers, 0);
}

Deno.test("S-14 a call for help is answered by those who can, with a time, and by three of twenty at most", async () => {
  const world = await createWorld(20, () => ["dig"]);

  await call(world);

  assert.equal(answers(world).length, 3);
  assert.deepEqual(answers(world).map(({ etaMs, hop }) => [etaMs, hop]), [[0, 1], [0, 1], [0, 1]]);
  await end(world);
});

Deno.test("who lacks the capability is silent, and so is everybody to a plain question", async () => {
  const world = await createWorld(3, (i) => i === 1 ? ["dig"] : ["text"]);

  await call(world);
  await call(world, { capabilities: [] });

  assert.equal(answers(world).length, 1);
  await end(world);
});

Deno.test("what was passed on too often, or is too old, is not answered", async () => {
  const world = await createWorld(2, () => ["dig"]);

  await call(world, { hop: 4 });
  await call(world, { ttlMs: 1 }); // the way takes five

  assert.deepEqual(answers(world), []);
  await end(world);
});

Deno.test("S-14 an agent with an advisor says when its answer comes, and the answer follows", async () => {
  const asked: HelpCall[] = [];
  const world = await createWorld(1, () => ["dig"], (_, clock) => ({
    expectedMs: 2_000,
    begin: async (call) => {
      asked.push(call);
      await clock.sleep(2_000);
      return "With a spade. ".repeat(1_000);
    },
  }));

  await call(world);

  const [first, second, third] = answers(world);
  assert.deepEqual([first?.text, first?.etaMs], ["I can help: my answer follows", 2_000]);
  assert.deepEqual([second?.text.length, second?.text.startsWith("With a spade."), second?.etaMs], [
    8_192,
    true,
    undefined,
  ]);
  assert.equal(third, undefined);
  assert.deepEqual(asked, [{ text: "Who can dig?", by: { name: "ana", role: "developer" }, capabilities: ["dig"] }]);
  await end(world);
});

Deno.test("an advisor that fails is owned up to; one that cannot now is not waited for", async () => {
  const failing = await createWorld(1, () => ["dig"], () => ({
    expectedMs: 1,
    begin: () => Promise.reject(new Error("the model is gone")),
  }));
  const busy = await createWorld(1, () => ["dig"], () => ({ expectedMs: 1, begin: () => undefined }));

  await call(failing);
  await call(busy);

  assert.deepEqual(answers(failing).map(({ text }) => text), [
    "I can help: my answer follows",
    "I cannot answer after all",
  ]);
  assert.deepEqual(answers(busy).map(({ text, etaMs }) => [text, etaMs]), [["I can help, at once", 0]]);
  await end(failing);
  await end(busy);
});

Deno.test("an agent that stops while its advisor thinks stops that, and says nothing more", async () => {
  let stopped = false;
  const world = await createWorld(1, () => ["dig"], () => ({
    expectedMs: 1,
    begin: (_call, signal) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => {
          stopped = true;
          reject(signal.reason);
        }, { once: true });
      }),
  }));
  await call(world);

  const ended = end(world);
  assert.equal(stopped, true, "at once: there is no task to wait for");
  await world.clock.advance(60_000);
  await ended;

  assert.equal(answers(world).length, 1);
});
