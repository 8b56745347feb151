import assert from "node:assert/strict";
import { BzzzError } from "@bzzz/base";
import { SHOP, Stage, TOKEN } from "./testdata/stage.ts";

Deno.test("what fails at one issue stops no other, and is tried again later", async () => {
  await using stage = new Stage();
  const [first, second] = [stage.github.add(SHOP), stage.github.add(SHOP)];
  stage.github.fault({
    on: `POST /repos/${SHOP}/issues/1/comments`,
    times: 2,
    answer: () => Response.json({ message: "Validation Failed" }, { status: 422 }),
  });
  await stage.lead();

  await stage.until("the other issue", () => second?.comments.length === 1);
  assert.deepEqual([first?.comments.length, stage.source.status().failure?.code], [0, "refused"]);
  await stage.until("the first issue", () => first?.comments.length === 1);
  await stage.rounds(1);

  assert.equal(stage.source.status().failure, undefined);
  assert.equal(stage.records.length, 1, "it is said once");
});

Deno.test("an issue at which something fails for ever is tried ever more rarely", async () => {
  await using stage = new Stage({ pollIntervalMs: 5_000 });
  stage.github.add(SHOP);
  const answer = () => Response.json({ message: "Validation Failed" }, { status: 422 });
  stage.github.fault({ on: "POST", times: 1_000, answer });
  await stage.lead();
  const startedAtMs = stage.clock.monotonicMs();

  await stage.until("five hours", () => stage.clock.monotonicMs() > startedAtMs + 5 * 3_600_000);

  assert.ok(stage.writes.length >= 8 && stage.writes.length <= 20, `${stage.writes.length} tries`);
});

Deno.test("a cancel that comes too late is no failure; one that this node may not do is, and says so", async () => {
  for (const [code, failure] of [["task_closed", undefined], ["not_allowed", "not_allowed"]] as const) {
    await using stage = new Stage({ pollIntervalMs: 10_000 });
    const issue = stage.github.add(SHOP);
    await stage.lead();
    await stage.until("the comment", () => issue.comments.length === 1);
    stage.tasks.refusal = new BzzzError(code, "Cannot cancel the task");

    issue.state = "closed";
    await stage.rounds(2);

    assert.equal(stage.source.status().failure?.code, failure);
    assert.ok(stage.tasks.cancels <= 2, `each is told in the mesh: ${stage.tasks.cancels} in two rounds`);
  }
});

Deno.test("a limit ends the round, and nothing is sent until it has passed", async () => {
  await using stage = new Stage({ pollIntervalMs: 5_000 });
  const issue = stage.github.add(SHOP);
  const headers = { "retry-after": "600" };
  stage.github.fault({ on: `GET /repos/${SHOP}/issues?`, answer: () => new Response("", { status: 429, headers }) });
  await stage.lead();
  await stage.until("the limit", () => stage.source.status().failure?.code === "rate_limited");

  await stage.clock.advance(590_000);
  assert.equal(stage.github.seen.length, 1);
  await stage.until("the comment", () => issue.comments.length === 1);

  assert.equal(stage.source.status().counters.get("rate_limited"), 1);
});

Deno.test("A-22 rounds that fail come ever later, and one that does not is as usual", async () => {
  await using stage = new Stage({ pollIntervalMs: 10_000 });
  stage.github.add(SHOP);
  const times: number[] = [];
  const answer = () => {
    times.push(stage.clock.monotonicMs());
    return new Response("<html>", { status: 502 });
  };
  stage.github.fault({ on: `GET /repos/${SHOP}/issues?`, times: 8, answer });
  await stage.lead();

  await stage.until("a good round", () => stage.source.status().lastSuccessAtMs);

  const pauses = times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0));
  assert.ok(pauses.every((pause) => pause >= 10_000 && pause <= 900_000), `${pauses}`);
  assert.ok((pauses.at(-1) ?? 0) > 300_000, `${pauses}`);
});

Deno.test("where the token may only read, issues are posted and nothing is tried twice", async () => {
  await using stage = new Stage();
  stage.github.add(SHOP);
  stage.github.add(SHOP);
  stage.github.fault({ on: "POST", times: 99, answer: () => new Response("{}", { status: 403 }) });
  await stage.lead();
  await stage.rounds(3);

  assert.deepEqual([stage.tasks.tasks.size, stage.writes.length], [2, 1]);
});

Deno.test("an account that may comment and no more is noticed at its first comment", async () => {
  await using stage = new Stage({ association: "CONTRIBUTOR" });
  stage.github.add(SHOP);
  stage.github.add(SHOP);
  await stage.lead();
  await stage.rounds(3);

  assert.deepEqual([stage.tasks.tasks.size, stage.writes.length], [2, 1]);
  assert.equal(stage.records.some(({ error }) => error instanceof BzzzError && error.code === "forbidden"), true);
});

Deno.test("without a token issues are posted and cancelled, and nothing is written", async () => {
  await using stage = new Stage({ mayWrite: false });
  const [issue, invalid] = [stage.github.add(SHOP), stage.github.add(SHOP, { labels: ["bzzz-task", "priority-x"] })];
  await stage.lead();
  await stage.rounds(2);
  assert.deepEqual([stage.tasks.tasks.size, stage.source.status().counters.get("refused_untold")], [1, 2]);

  assert.ok(issue && invalid);
  issue.state = "closed";
  await stage.rounds(1);

  assert.equal(stage.tasks.at(0)?.state, "cancelled");
  assert.deepEqual([stage.writes, stage.github.seen.every((one) => one.authorization === undefined)], [[], true]);
});

Deno.test("no record has the token or an issue's words", async () => {
  await using stage = new Stage();
  stage.github.add(SHOP, { title: "Words of a stranger", labels: ["bzzz-task", "priority-strange"] });
  stage.github.fault({ on: "POST", times: 9, answer: () => Response.json({ message: "strange" }, { status: 422 }) });
  await stage.lead();
  await stage.rounds(2);

  const text = Deno.inspect(stage.records, { depth: 9 });
  assert.ok(stage.records.length > 0);
  for (const word of [TOKEN, "strange", "Words of a stranger"]) assert.equal(text.includes(word), false, word);
});
