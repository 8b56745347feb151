import assert from "node:assert/strict";
import { WriteTurns } from "./write_turns.ts";

Deno.test("writes to one address go one after the other, those to different ones beside each other", async () => {
  const turns = new WriteTurns();
  const events: string[] = [];
  const open = Promise.withResolvers<void>();
  const write = (address: string, name: string, wait: Promise<void>) =>
    turns.run(address, async () => {
      events.push(`${name} begins`);
      await wait;
      events.push(`${name} ends`);
    });

  const first = write("a", "first", open.promise);
  const second = write("a", "second", Promise.resolve());
  await write("b", "other", Promise.resolve());
  assert.deepEqual(events, ["first begins", "other begins", "other ends"]);
  open.resolve();
  await Promise.all([first, second]);

  assert.deepEqual(events.slice(3), ["first ends", "second begins", "second ends"]);
});

Deno.test("of 64 waiting writes, to whichever address, one more is refused; a failed one makes room and holds up nobody", async () => {
  const turns = new WriteTurns();
  const stop = Promise.withResolvers<void>();
  const waiting = Array.from({ length: 64 }, (_, n) => turns.run(`${n % 3}`, () => stop.promise));

  await assert.rejects(turns.run("new", () => Promise.resolve()), { code: "queue_full" });

  stop.reject(new Error("the disk is gone"));
  const results = await Promise.allSettled(waiting);
  assert.ok(results.every(({ status }) => status === "rejected"));
  assert.equal(await turns.run("1", () => Promise.resolve("done")), "done");
});
