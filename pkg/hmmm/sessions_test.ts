import assert from "node:assert/strict";
import type { TaskId } from "@bzzz/base";
import fc from "fast-check";
import { SessionIndex, taskOfThread, threadOfTask } from "./mod.ts";

const id = (n: number) => `0000000000000000000000000${n}` as TaskId;

Deno.test("S-13 A-30 tasks that depend on each other share one session, whose name is the least of them", () => {
  const index = new SessionIndex();

  index.add(id(5), [id(3)]);
  index.add(id(7), [id(5), id(4)]);

  for (const n of [3, 4, 5, 7]) assert.equal(index.threadOf(id(n)), `session/${id(3)}`, `task ${n}`);
  assert.equal(index.threadOf(id(1)), undefined, "nothing to do with them");
});

Deno.test("A-12 a task's thread names the task", () => {
  assert.equal(taskOfThread(threadOfTask(id(1))), id(1));
  assert.equal(taskOfThread("session/x"), undefined);
});

Deno.test("property: every node with the same posts gives a session the same name, in whatever order they came", () => {
  const edges = fc.array(fc.tuple(fc.nat(9), fc.nat(9)).filter(([a, b]) => a !== b), { maxLength: 12 });
  const orders = edges.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })));
  fc.assert(fc.property(orders, ([inOrder, shuffled]) => {
    const names = [inOrder, shuffled].map((list) => {
      const index = new SessionIndex();
      for (const [a, b] of list) index.add(id(a), [id(b)]);
      return Array.from({ length: 10 }, (_, n) => index.threadOf(id(n)));
    });

    assert.deepEqual(names[0], names[1]);
  }));
});
