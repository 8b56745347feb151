import assert from "node:assert/strict";
import { waitFor } from "@bzzz/base/testing";
import { parseConcrete } from "@bzzz/ucxl";
import { encodeSlice } from "../storage/slice_codec.ts";
import { countOf, fieldsOf, idle, OpenBreaker, put, type Seat, slicesOf, SlurpMesh } from "../testing.ts";

Deno.test("issue 014 the next leader takes over what was not done, and does nothing twice", async () => {
  await using mesh = new SlurpMesh();
  const first = mesh.add("admin");
  const second = mesh.add("admin");
  await put(first, "ucxl://a:b@shop:one/x.md", "One.", "developer");
  mesh.win(first, 1);
  await idle(first);
  await put(first, "ucxl://a:b@shop:two/x.md", "Two.", "developer");
  await first.election.lose(); // its queue is lost with it
  await mesh.sync();
  assert.deepEqual(slicesOf(second), ["shop:one developer 1"]);

  mesh.win(second, 2);
  await idle(second);
  await mesh.sync();

  assert.deepEqual(slicesOf(first), ["shop:one developer 1", "shop:two developer 1"]);
  assert.deepEqual([countOf(second, "slices_written"), countOf(second, "slices_unchanged")], [1, 1]);
  assert.equal((await fieldsOf(first, "ucxl://x:y@shop:two/x.md")).summary?.value, "Two.");
  assert.equal(first.slurp.status().state, "off");
});

Deno.test("with a model, more long contents of one task than it sums up at once all get their summaries, and no leader asks twice", async () => {
  await using mesh = new SlurpMesh();
  const [first, second] = [mesh.add("admin"), mesh.add("admin")];
  const contents = 60;
  const path = (n: number) => `ucxl://a:b@shop:pay/src/${n}.md`;
  const summary = async (seat: Seat, n: number) => (await fieldsOf(seat, path(n))).summary;
  for (let n = 0; n < contents; n++) {
    await put(first, path(n), `# File ${n}\n\n${"Many words. ".repeat(200)}`, "developer");
  }
  mesh.win(first, 1);
  await idle(first);
  assert.match(
    String((await summary(first, 0))?.value),
    /^File 0: Many words/,
    "what rules find, until there is a model",
  );

  const asked: string[] = [];
  const breaker = new OpenBreaker();
  for (const seat of [first, second]) {
    seat.slurp.setSummariser({
      name: "test",
      perHour: 1_000,
      breaker,
      summarise: ({ path }) => Promise.resolve(`model on ${path}: ${asked.push(path)}`),
    });
  }
  const summed = async (seat: Seat) =>
    await waitFor(async () => {
      await seat.clock.advance(1_000);
      return countOf(seat, "summaries_summarised") === contents && seat.slurp.status().lacking === 0;
    }, { timeoutMs: 30_000, what: "all summaries", state: () => seat.slurp.status() });
  await summed(first);
  await idle(first);

  assert.equal(new Set(asked).size, contents);
  assert.deepEqual(first.slurp.status().summaries, { by: "test", breaker: "closed", perHour: 1_000 });
  for (const n of [0, contents - 1]) {
    assert.match(String((await summary(first, n))?.value), /^model on src\/\d+\.md/);
    assert.equal((await summary(first, n))?.by, "model");
  }
  await first.election.lose();
  await mesh.sync();
  mesh.win(second, 2);
  await idle(second);
  assert.equal(asked.length, contents, "the next leader takes over what this one was told");
  assert.equal(countOf(second, "slices_written"), 0);
});

Deno.test("B-05 two leaders: who lost the lease writes nothing more, and a late write of a lower term does not count", async () => {
  await using mesh = new SlurpMesh();
  const old = mesh.add("admin");
  const young = mesh.add("admin");
  await put(old, "ucxl://a:b@shop:pay/x.md", "First.", "developer");
  await mesh.sync();
  mesh.win(old, 1);
  old.election.lapse();
  await waitFor(async () => {
    await old.clock.advance(50);
    return old.slurp.status().state === "off";
  }, { timeoutMs: 30_000, what: "the old leader to try" });
  assert.deepEqual(slicesOf(old), [], "its lease is over");

  mesh.win(young, 2);
  await idle(young);
  await old.clock.advance(60_000); // its stamp will be the later one
  const late = {
    v: 1 as const,
    term: 1,
    derived_at_ms: Math.floor(old.clock.nowMs()),
    project: "shop",
    task: "pay",
    roles: ["developer", "admin"],
    sources: ["ucxl://a:b@shop:pay/*^/x.md"],
    unread: 0,
    is_complete: true,
    nodes: [{ path: "x.md", fields: { summary: { value: "Late.", source: 0 } } }],
    decisions: [],
  };
  const place = parseConcrete("ucxl://slurp:developer@shop:pay/slurp/slice.json");
  await old.node.context.put(place, { ...await encodeSlice(late), audience: ["developer"] });
  await mesh.sync();
  assert.equal((await fieldsOf(young, "ucxl://x:y@shop:pay/x.md")).summary?.value, "First.");

  // a member that never led, and a leader that names a term it did not hold
  const other = mesh.add("admin");
  await mesh.sync();
  await other.node.context.put(place, { ...await encodeSlice({ ...late, term: 9 }), audience: ["developer"] });
  await old.node.context.put(place, { ...await encodeSlice({ ...late, term: 2 }), audience: ["developer"] });
  await mesh.sync();
  assert.equal((await fieldsOf(young, "ucxl://x:y@shop:pay/x.md")).summary?.value, "First.");
  assert.equal((await fieldsOf(other, "ucxl://x:y@shop:pay/x.md")).summary?.value, "First.");
});

Deno.test("a leader that reads less leaves alone what one that reads more derived, and derives the rest from metadata", async () => {
  await using mesh = new SlurpMesh();
  const admin = mesh.add("admin");
  const developer = mesh.add("developer");
  await put(admin, "ucxl://a:b@shop:pay/salary.md", "Salary words.", "admin");
  mesh.win(admin, 1);
  await idle(admin);
  await put(admin, "ucxl://a:b@shop:new/board.md", "Board words.", "architect");
  await admin.election.lose();
  await mesh.sync();

  mesh.win(developer, 2);
  await idle(developer);
  await mesh.sync();

  assert.equal((await fieldsOf(admin, "ucxl://x:y@shop:pay/salary.md")).summary?.value, "Salary words.");
  const board = await admin.slurp.contextOf(parseConcrete("ucxl://x:y@shop:new/board.md"));
  assert.deepEqual([board.fields.summary, board.fields.language?.value], [undefined, "Markdown"]);
  assert.equal(board.slices[0]?.unread, 1);
});

Deno.test("what a leader may read later in its term is derived then, without anything new being written", async () => {
  await using mesh = new SlurpMesh();
  const leader = mesh.add("developer");
  const admin = mesh.add("admin");
  await put(admin, "ucxl://a:b@shop:pay/salary.md", "Salary words.", "admin");
  await mesh.sync();
  mesh.win(leader, 1);
  await idle(leader);
  await mesh.sync();
  const unread = async () =>
    (await admin.slurp.contextOf(parseConcrete("ucxl://x:y@shop:pay/salary.md"))).slices[0]?.unread;
  assert.equal(await unread(), 1);

  leader.node.sealer.role = "admin";
  leader.slurp.rescan();
  await idle(leader);
  await mesh.sync();

  assert.equal(await unread(), 0);
  assert.equal((await fieldsOf(admin, "ucxl://x:y@shop:pay/salary.md")).summary?.value, "Salary words.");
});
