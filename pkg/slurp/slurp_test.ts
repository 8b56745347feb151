import assert from "node:assert/strict";
import { parseConcrete } from "@bzzz/ucxl";
import { SlurpError } from "@bzzz/slurp";
import { fieldsOf, idle, put, type Seat, slicesOf, SlurpMesh } from "./testing.ts";

Deno.test("F-04 the leader derives why, a child's word goes before its parent's, and each value names its source", async () => {
  await using mesh = new SlurpMesh();
  const leader = mesh.add("admin");
  await put(
    leader,
    "ucxl://ana:admin@global:global/README.md",
    "# All\n\nWe are calm.\n\n## Purpose\n\nTo be calm.",
    "observer",
  );
  await put(leader, "ucxl://ana:developer@shop:checkout/README.md", "# Checkout\n\nTakes money.", "observer");
  const revision = await put(leader, "ucxl://bo:developer@shop:checkout/src/pay.ts", "/** Pays once. */", "observer");
  mesh.win(leader, 1);
  await idle(leader);

  const context = await leader.slurp.contextOf(parseConcrete("ucxl://x:y@shop:checkout/src/pay.ts"));

  assert.equal(context.fields.summary?.value, "Pays once.");
  assert.equal(context.fields.summary?.level, "shop:checkout/src/pay.ts");
  assert.match(
    context.fields.summary?.source ?? "",
    new RegExp(`^ucxl://bo:developer@shop:checkout/@.*/src/pay.ts\\?rev=${revision}$`),
  );
  assert.equal(context.fields.purpose?.value, "To be calm.", "from the mesh");
  assert.equal(context.fields.purpose?.level, "global:global");
  assert.equal((await fieldsOf(leader, "ucxl://x:y@shop:checkout/src")).summary?.value, "Checkout: Takes money.");
  const shallow = await leader.slurp.contextOf(parseConcrete("ucxl://x:y@shop:checkout/src/pay.ts"), { maxDepth: 2 });
  assert.deepEqual([shallow.fields.purpose, shallow.isComplete, shallow.levels.length], [undefined, false, 2]);
});

Deno.test("need to know: a slice holds nothing that one of its readers could not read", async () => {
  await using mesh = new SlurpMesh();
  const leader = mesh.add("admin");
  const developer = mesh.add("developer");
  const observer = mesh.add("observer");
  await put(leader, "ucxl://a:b@shop:pay/README.md", "Open words.", "observer");
  await put(leader, "ucxl://a:b@shop:pay/plan.md", "Plan words.", "developer");
  await put(leader, "ucxl://a:b@shop:pay/salary.md", "Salary words.", "admin");
  mesh.win(leader, 1);
  await idle(leader);
  await mesh.sync();

  const words = async (seat: Seat) =>
    JSON.stringify(
      await Promise.all(
        ["README.md", "plan.md", "salary.md"].map((path) => fieldsOf(seat, `ucxl://x:y@shop:pay/${path}`)),
      ),
    );
  const [ofLeader, ofDeveloper, ofObserver] = [await words(leader), await words(developer), await words(observer)];

  assert.deepEqual(slicesOf(leader), ["shop:pay admin 1", "shop:pay developer 1", "shop:pay observer 1"]);
  assert.match(ofLeader, /Open.*Plan.*Salary/);
  assert.match(ofDeveloper, /Open.*Plan/);
  assert.doesNotMatch(ofDeveloper, /Salary|salary/);
  assert.match(ofObserver, /Open/);
  assert.doesNotMatch(ofObserver, /Plan|plan|Salary|salary/, "not even what it is called");
});

Deno.test("what is deleted or meant for fewer is gone from the slices of those who may not read it any more", async () => {
  await using mesh = new SlurpMesh();
  const leader = mesh.add("admin");
  const observer = mesh.add("observer");
  await put(leader, "ucxl://a:b@shop:pay/note.md", "First words.", "observer");
  mesh.win(leader, 1);
  await idle(leader);
  await put(leader, "ucxl://a:b@shop:pay/note.md", "Second words.", "admin");
  await idle(leader);
  await mesh.sync();

  assert.deepEqual(await fieldsOf(observer, "ucxl://x:y@shop:pay/note.md"), {});
  assert.equal((await fieldsOf(leader, "ucxl://x:y@shop:pay/note.md")).summary?.value, "Second words.");
  await leader.node.context.remove(parseConcrete("ucxl://a:b@shop:pay/note.md"));
  await idle(leader);
  assert.deepEqual(await fieldsOf(leader, "ucxl://x:y@shop:pay/note.md"), {});
});

Deno.test("where it is switched off a leader derives nothing, and still reads", async () => {
  await using mesh = new SlurpMesh();
  const off = mesh.add("admin", { isEnabled: false });
  await put(off, "ucxl://a:b@shop:pay/x.md", "Words.", "developer");
  mesh.win(off, 1);
  await off.clock.advance(10_000);

  assert.deepEqual([slicesOf(off), off.slurp.status().state], [[], "off"]);
  assert.deepEqual(await fieldsOf(off, "ucxl://x:y@shop:pay/x.md"), {});
  assert.throws(() => off.slurp.replay(undefined), (error: SlurpError) => error.code === "slurp_disabled");
});

Deno.test("align: goals of the project, else of the mesh, each word with where it was found", async () => {
  await using mesh = new SlurpMesh();
  const leader = mesh.add("admin");
  await put(leader, "ucxl://a:b@shop:pay/README.md", "# Pay\n\nNobody pays twice.", "observer");
  mesh.win(leader, 1);
  await idle(leader);
  const address = parseConcrete("ucxl://x:y@shop:pay");
  await assert.rejects(leader.slurp.align(address), { code: "not_found" });

  await put(
    leader,
    "ucxl://a:b@global:global/.ucxl/goals.yaml",
    "version: 1\ngoals: [{name: all, keywords: [money]}]",
    "observer",
  );
  assert.equal((await leader.slurp.align(address)).score, 0);
  await put(
    leader,
    "ucxl://a:b@shop:project/.ucxl/goals.yaml",
    "version: 1\ngoals: [{name: once, keywords: [twice, never]}]",
    "observer",
  );
  const aligned = await leader.slurp.align(address);

  assert.equal(aligned.score, 0.5);
  assert.deepEqual(aligned.goals[0]?.found, [{ word: "twice", field: "summary" }]);
  assert.match(aligned.goalsSource, /@shop:project/);
  await put(leader, "ucxl://a:b@shop:project/.ucxl/goals.yaml", "version: 1\ngoals: 3", "observer");
  await assert.rejects(leader.slurp.align(address), { code: "invalid_goals" });
});

Deno.test("resolving from memory takes under 10 ms, and what a role may not read any more is forgotten", async () => {
  await using mesh = new SlurpMesh();
  const leader = mesh.add("admin");
  for (let i = 0; i < 50; i++) await put(leader, `ucxl://a:b@shop:pay/f${i}.md`, `Words ${i}.`, "developer");
  mesh.win(leader, 1);
  await idle(leader);
  await fieldsOf(leader, "ucxl://x:y@shop:pay/f1.md");

  const startedAtMs = performance.now();
  for (let i = 0; i < 50; i++) {
    assert.equal((await fieldsOf(leader, `ucxl://x:y@shop:pay/f${i}.md`)).summary?.value, `Words ${i}.`);
  }
  assert.ok((performance.now() - startedAtMs) / 50 < 10);
  assert.ok(leader.slurp.status().cache.hits >= 50);
  leader.node.sealer.role = "observer";
  leader.node.sealer.revocations++;
  assert.deepEqual(await fieldsOf(leader, "ucxl://x:y@shop:pay/f1.md"), {});
});
