import assert from "node:assert/strict";
import { ManualClock } from "@bzzz/base/testing";
import { type BodyOf, TOPICS } from "@bzzz/wire";
import { MockExecutor } from "./executors/mock.ts";
import type { AgentRunner } from "./mod.ts";
import { FakeMesh, type FakeNode } from "./testing.ts";

interface World {
  readonly clock: ManualClock;
  readonly ana: FakeNode;
  readonly runners: readonly AgentRunner[];
}

async function createWorld(agents: number, capabilitiesOf: (i: number) => string[]): Promise<World> {
  const clock = new ManualClock();
  const mesh = new FakeMesh(clock);
  const ana = mesh.addPerson("ana");
  const runners = [];
  for (let i = 0; i < agents; i++) {
    const node = mesh.addNode(`agent-${i}`);
    const executor = new MockExecutor({ clock });
    runners.push(await mesh.startAgent(node, executor, { capabilities: capabilitiesOf(i), leaseMs: 30_000 }));
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
