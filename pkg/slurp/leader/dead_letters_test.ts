import assert from "node:assert/strict";
import { waitFor } from "@bzzz/base/testing";
import { parseConcrete } from "@bzzz/ucxl";
import { SlurpError } from "@bzzz/slurp";
import { countOf, idle, put, slicesOf, SlurpMesh } from "../testing.ts";

Deno.test("issue 012 what fails is tried again, then a dead letter that can be looked at and replayed", async () => {
  await using mesh = new SlurpMesh();
  const leader = mesh.add("admin", { retryWindowMs: 4_000, maxDeadLetters: 2 });
  const revision = await put(leader, "ucxl://a:b@shop:pay/x.md", "Words.", "developer");
  const sealed = leader.node.index.latest(parseConcrete("ucxl://a:b@shop:pay/x.md"))?.content?.sealed ?? "";
  const bytes = leader.node.content.contents.get(sealed) ?? new Uint8Array();
  leader.node.content.contents.delete(sealed);
  mesh.win(leader, 3);
  await waitFor(async () => {
    await leader.clock.advance(500);
    return leader.slurp.deadLetters().length === 1;
  }, { timeoutMs: 30_000, what: "the dead letter", state: () => leader.slurp.status() });

  const [letter] = leader.slurp.deadLetters();
  assert.deepEqual([letter?.code, letter?.term, letter?.project, letter?.task], ["sources_missing", 3, "shop", "pay"]);
  assert.ok((letter?.attempts ?? 0) >= 2);
  assert.equal(JSON.stringify(letter).includes("Words"), false);
  const partly = await leader.slurp.contextOf(parseConcrete("ucxl://x:y@shop:pay/x.md"));
  assert.equal(partly.fields.language?.value, "Markdown", "what is known of it is told");
  assert.equal(partly.slices[0]?.unread, 1);

  leader.node.content.contents.set(sealed, bytes);
  assert.throws(() => leader.slurp.replay("nothing"), (error: SlurpError) => error.code === "not_found");
  assert.equal(leader.slurp.replay(letter?.id), 1);
  await waitFor(async () => {
    await leader.clock.advance(500);
    return leader.slurp.deadLetters().length === 0;
  }, { timeoutMs: 30_000, what: "the replay", state: () => leader.slurp.status() });
  const whole = await leader.slurp.contextOf(parseConcrete("ucxl://x:y@shop:pay/x.md"));
  assert.equal(whole.fields.summary?.value, "Words.");
  assert.ok(whole.fields.summary?.source.includes(revision));

  await leader.election.lose();
  assert.throws(() => leader.slurp.replay(undefined), (error: SlurpError) => error.code === "not_the_leader");
});

Deno.test("a replay of many goes at its rate, and dead letters beyond the bound go, the oldest first", async () => {
  await using mesh = new SlurpMesh();
  const leader = mesh.add("admin", { retryWindowMs: 1, maxDeadLetters: 3 });
  for (const task of ["a", "b", "c", "d"]) {
    await put(leader, `ucxl://a:b@shop:${task}/x.md`, `Words of ${task}.`, "developer");
  }
  leader.node.content.contents.clear();
  mesh.win(leader, 1);
  await waitFor(async () => {
    await leader.clock.advance(1_000);
    return countOf(leader, "dead") === 4;
  }, { timeoutMs: 30_000, what: "four dead letters", state: () => leader.slurp.status() });
  assert.equal(leader.slurp.deadLetters().length, 3);
  assert.equal(countOf(leader, "dead_dropped"), 1);

  leader.slurp.replay(undefined);
  await waitFor(async () => {
    await leader.clock.advance(10);
    return countOf(leader, "replayed") === 1;
  }, { timeoutMs: 30_000, what: "the first replay" });
  await leader.clock.advance(900);
  assert.equal(countOf(leader, "replayed"), 1, "one a second");
  await waitFor(async () => {
    await leader.clock.advance(100);
    return countOf(leader, "replayed") === 3;
  }, { timeoutMs: 30_000, what: "all replays" });
});

Deno.test("an open breaker spends no try of a job", async () => {
  await using mesh = new SlurpMesh();
  const leader = mesh.add("admin");
  await put(leader, "ucxl://a:b@shop:pay/x.md", "Words.", "developer");
  leader.breaker.state = "open";
  mesh.win(leader, 1);
  await waitFor(async () => {
    await leader.clock.advance(5_000);
    return leader.slurp.status().state === "working";
  }, { timeoutMs: 30_000, what: "the job to wait" });
  assert.deepEqual([slicesOf(leader), countOf(leader, "failed")], [[], 0]);
  assert.equal(leader.slurp.status().breaker, "open");

  leader.breaker.state = "closed";
  await idle(leader);
  assert.deepEqual(slicesOf(leader), ["shop:pay developer 1"]);
});
