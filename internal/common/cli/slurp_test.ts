import assert from "node:assert/strict";
import { createTestShell } from "./testing.ts";

const PLAN = "ucxl://basil:developer@shop:pay/plan.md";

Deno.test("slurp: status, context with sources, graph, alignment; a member's words are inert", async () => {
  const { run, mesh } = createTestShell();

  assert.match((await run("slurp")).out, /^Leader: agent-7f3a\nThis node has derived everything, term 3\nWaiting: 0\n/);
  assert.match(
    (await run("slurp")).out,
    /Summaries: by process:sum, 0 made, 0 failed, at most 60 an hour; 2 tasks wait for theirs; it pauses/,
  );
  const context = await run("slurp", "context", PLAN, "--depth", "3");
  assert.deepEqual(mesh.slurp.lastQuery, { address: "ucxl://basil:developer@shop:pay/*^/plan.md", max_depth: 3 });
  assert.match(
    context.out,
    /summary: Nobody pays .*twice\.\n {2}from shop:pay\/plan\.md, ucxl:\/\/basil:.*, summed up by a model\n/,
  );
  assert.match(context.out, /tags: checkout, payment/);
  assert.match(context.out, /Use a queue \(structural_change\)/);
  assert.match(context.out, /could not read 1 of the sources/);
  assert.equal(context.out.includes("\u001b"), false);
  const graph = await run("slurp", "graph", PLAN, "--hops", "4", "--direction", "effects");
  assert.match(graph.out, /\n1 Use a queue ucxl:.*\n[\s\S]*queue\.json cites ucxl:[\s\S]*1 decisions stand on it/);
  assert.match(
    (await run("slurp", "align", PLAN)).out,
    /by 0\.5 of 1\n {2}Pay once: 0\.5 \(weight 1\)\n {4}found: twice in summary\n {4}missing: never/,
  );
  assert.equal(JSON.parse((await run("slurp", "context", PLAN, "--json")).out).fields.length, 2);
});

Deno.test("slurp dlq: list, show and replay, with a status for what cannot be", async () => {
  const { run, mesh } = createTestShell();

  assert.match((await run("slurp", "dlq", "list")).out, /0a1b2c3d4e5f +2026-11-22 .* shop:pay +sources_missing +4/);
  assert.match(
    (await run("slurp", "dlq", "show", "0a1b2c3d4e5f")).out,
    /after 4 tries\nsources_missing: .*\n {2}context_written ucxl:/,
  );
  assert.deepEqual((await run("slurp", "dlq", "replay", "0a1b2c3d4e5f")).out, "1 waits for another try\n");
  assert.equal((await run("slurp", "dlq", "list")).out, "No dead letters.\n");
  const statuses: readonly [args: string[], status: number][] = [
    [["slurp", "dlq", "show", "none"], 3],
    [["slurp", "dlq", "show"], 2],
    [["slurp", "dlq", "list", "one"], 2],
    [["slurp", "dlq", "burn"], 2],
    [["slurp", "graph", PLAN, "--hops", "40"], 2],
    [["slurp", "context", "nothing"], 8],
    [["slurp", "align", PLAN.replace("shop", "bank")], 3],
  ];
  for (const [args, status] of statuses) assert.equal((await run(...args)).status, status, args.join(" "));
  mesh.slurp.isLeader = false;
  assert.match((await run("slurp")).out, /Summaries: what rules find/);
  const refused = await run("slurp", "dlq", "replay");
  assert.deepEqual([refused.status, /does not lead/.test(refused.err)], [4, true]);
});
