import assert from "node:assert/strict";
import { utf8Encode } from "@bzzz/base";
import { parseConcrete } from "@bzzz/ucxl";
import { idle, put, SlurpMesh } from "../testing.ts";

Deno.test("decisions: what led to an address, what is affected, its versions; and the context names them", async () => {
  await using mesh = new SlurpMesh();
  const leader = mesh.add("admin");
  const plan = "ucxl://a:b@shop:pay/plan.md";
  await put(leader, plan, "One.", "observer");
  const cite = (address: string) => {
    const version = leader.node.index.latest(parseConcrete(address));
    return { address: `${address}?rev=${version?.content?.revision}` };
  };
  const decide = async (name: string, citations: { address: string }[], supersedes?: string) => {
    const address = `ucxl://a:b@shop:pay/decisions/${name}.json`;
    await leader.node.context.put(parseConcrete(address), {
      bytes: utf8Encode(JSON.stringify({
        v: 1,
        type: "architectural",
        title: `Decision ${name}`,
        summary: "because",
        outcome: "structural_change",
        citations,
        ...(supersedes === undefined ? {} : { supersedes }),
      })),
      mediaType: "application/json",
      audience: ["developer"],
    });
    return address;
  };
  const queue = await decide("queue", [cite(plan)]);
  await put(leader, plan, "Two.", "observer");
  const pool = await decide("pool", [cite(queue)]);
  const topic = await decide("topic", [], pool);
  mesh.win(leader, 1);
  await idle(leader);
  const around = (address: string, hops: number, direction: "causes" | "effects" | "both") =>
    leader.slurp.around(parseConcrete(address), { hops, direction });

  const one = await around(pool, 1, "both");
  assert.deepEqual(one.nodes.map(({ title, hops }) => [title, hops]), [
    ["Decision pool", 0],
    ["Decision queue", 1],
    ["Decision topic", 1],
  ]);
  assert.equal((await around(topic, 9, "causes")).nodes.length, 4, "back to the version of the plan");
  const ofPlan = await around(plan, 9, "effects");
  assert.deepEqual(ofPlan.nodes.map(({ title }) => title), [
    undefined,
    "Decision queue",
    "Decision pool",
    "Decision topic",
  ]);
  assert.deepEqual(ofPlan.evolution.map(({ version, citedBy }) => [version.n, citedBy.length]), [[1, 1], [2, 0]]);
  await assert.rejects(around("ucxl://a:b@shop:pay/none", 1, "both"), { code: "not_found" });
  const context = await leader.slurp.contextOf(parseConcrete(plan));
  assert.deepEqual(context.decisions.map(({ title, outcome }) => [title, outcome]), [[
    "Decision queue",
    "structural_change",
  ]]);
  assert.equal((await leader.slurp.contextOf(parseConcrete("ucxl://a:b@shop:pay"))).decisions.length, 3);
  const observer = mesh.add("observer");
  await mesh.sync();
  assert.equal((await observer.slurp.around(parseConcrete(plan), { hops: 3, direction: "both" })).nodes.length, 0);
  assert.deepEqual((await observer.slurp.contextOf(parseConcrete(plan))).decisions, []);
});
