import assert from "node:assert/strict";
import { waitFor } from "@bzzz/base/testing";
import { createTestShell } from "../testing.ts";

const FORM = {
  type: "object",
  properties: {
    hours: { type: "integer", minimum: 1, maximum: 40, title: "Budget" },
    where: { type: "string", enum: ["main", "next"] },
  },
  required: ["hours"],
};
const PUSH = {
  verb: "repo.push",
  target: "origin main",
  args: [{ name: "commits", value: 3 }],
  effect: "3 commits reach everybody",
  reversible: true,
};

async function withFile(content: unknown, test: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.writeTextFile(path, typeof content === "string" ? content : JSON.stringify(content));
    await test(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("ask: opens a request to a person, a role or everybody, with what it offers", async () => {
  const { run, mesh } = createTestShell();

  const asked = await run(
    "ask",
    "--choice",
    "main",
    "--choice",
    "next",
    "--stakes",
    "high",
    "--quorum",
    "2/3",
    "@ana",
    "Which",
    "branch?",
  );
  const wrong = await run("ask", "ana", "Which?");
  const broken = await run("ask", "--quorum", "3/2", "all", "Which?");

  assert.equal(asked.status, 0);
  const [record] = mesh.requestMap.values();
  assert.deepEqual(
    [record?.kind, record?.title, record?.to, record?.stakes],
    ["choice", "Which branch?", { human: "ana", quorum: { n: 2, of: 3 } }, "high"],
  );
  assert.deepEqual([wrong.status, broken.status], [2, 2]);
  assert.match(wrong.err, /@ana, a role as role:reviewer, or all/);
});

Deno.test("ask --wait: prints the answer, and the status says what became of it", async () => {
  for (const [decision, status, said] of [["answer", 0, "main"], ["deny", 6, "deny: not today"]] as const) {
    const { run, mesh } = createTestShell();
    const running = run("ask", "all", "Which", "branch?", "--wait", "10m");
    const record = await waitFor(() => [...mesh.requestMap.values()][0], { timeoutMs: 30_000, what: "the request" });

    const answer = decision === "deny" ? { reason: "not today" } : { text: "main" };
    await mesh.answer(record.request_id, { request_digest: record.digest, decision, ...answer });
    const { status: ended, out } = await running;

    assert.equal(ended, status);
    assert.equal(out.trim(), said);
  }
});

Deno.test("wait: nobody answers in time: 5; a withdrawn one: 3", async () => {
  const { run, mesh, clock } = createTestShell();
  const open = mesh.openRequest();
  const gone = mesh.openRequest();
  await mesh.withdraw(gone.request_id, { reason: "found out" });

  const withdrawn = await run("wait", gone.request_id);
  const running = run("wait", open.request_id, "--timeout", "3s");
  let ended: Awaited<typeof running> | undefined;
  const ending = running.then((result) => ended = result);
  while (!ended) await clock.advance(500);
  await ending;

  assert.equal(withdrawn.status, 3);
  assert.equal(ended.status, 5);
  assert.match(ended.err, /still open/);
});

Deno.test("answer: a form is filled in by --set, by a file, and one field at a time; errors name the field", async () => {
  const { run, mesh } = createTestShell({ answers: ["41", "4", "2"] });
  const open = () => mesh.openRequest({ kind: "form", form: FORM, allow: ["answer", "deny"] }).request_id;
  const valuesOf = (id: string) => mesh.requestMap.get(id)?.answer?.values;
  const [first, second, third] = [open(), open(), open()];

  const wrong = await run("answer", first, "--set", "hours=41", "--set", "colour=red");
  await run("answer", first, "--set", "hours=4", "--set", "where=MAIN");
  await withFile({ hours: 7 }, async (path) => void await run("answer", second, "--json-file", path));
  const asked = await run("answer", third);

  assert.equal(wrong.status, 8);
  assert.match(wrong.err, /colour: there is no such field/);
  assert.match(wrong.err, /hours: .*40/);
  assert.deepEqual(valuesOf(first), { hours: 4, where: "main" });
  assert.deepEqual(valuesOf(second), { hours: 7 });
  assert.equal(asked.status, 0, asked.err);
  assert.deepEqual(valuesOf(third), { hours: 4, where: "next" });
});

Deno.test("answer: a file that is missing or no JSON is named", async () => {
  const { run, mesh } = createTestShell();
  const id = mesh.openRequest({ kind: "form", form: FORM }).request_id;

  const missing = await run("answer", id, "--json-file", "/nowhere/form.json");
  assert.deepEqual([missing.status, /there is no such file/.test(missing.err)], [3, true]);
  await withFile("{", async (path) => assert.equal((await run("answer", id, "--json-file", path)).status, 8));
  await withFile("[]", async (path) => assert.equal((await run("answer", id, "--json-file", path)).status, 8));
});

Deno.test("show: the exact action, its arguments and who must agree are all there", async () => {
  const { run, mesh } = createTestShell();
  const id = mesh.openRequest({
    kind: "approval",
    allow: ["approve", "deny", "edit", "escalate"],
    action: PUSH,
    to: { role: "reviewer", quorum: { n: 2, of: 3 } },
    refs: ["ucxl://any:any@bzzz:main/*^/diff/41"],
    on_behalf_of: ["coder"],
    form: FORM,
  }).request_id;

  const { out } = await run("show", id);

  for (
    const line of [
      "To: role reviewer; 2 of 3 must agree",
      "Asked for: coder",
      "  repo.push origin main",
      "    commits: 3",
      "  Effect: 3 commits reach everybody",
      "  Can be undone: yes",
      "  hours * (Budget): integer, 1 to 40",
      "  ucxl://any:any@bzzz:main/*^/diff/41",
    ]
  ) assert.ok(out.includes(line), `${line}\n${out}`);
});

Deno.test("approve: the beginning or the end of the digest, a scope, and an edited action of the same verb", async () => {
  const { run, mesh } = createTestShell();
  const open = () => mesh.openRequest({ kind: "approval", allow: ["approve", "deny", "edit"], action: PUSH });
  const first = open();
  const answerOf = (id: string) => mesh.requestMap.get(id)?.answer;

  const short = await run("approve", first.request_id, "--digest", first.digest.slice(-8));
  const tail = await run("approve", first.request_id, "--digest", first.digest.slice(-16), "--scope", "2h");
  const second = open();
  await withFile({ ...PUSH, args: [{ name: "commits", value: 1 }] }, async (path) => {
    await run("approve", second.request_id, "--digest", second.digest, "--edit", path, "--scope", "task");
  });
  const third = open();
  const bad = await run("approve", third.request_id, "--digest", third.digest, "--scope", "always");

  assert.deepEqual([short.status, tail.status, bad.status], [8, 0, 2]);
  assert.equal(answerOf(first.request_id)?.scope, "until");
  assert.equal(answerOf(second.request_id)?.scope, "task");
  assert.deepEqual(answerOf(second.request_id)?.edited_action?.args, [{ name: "commits", value: 1 }]);
  assert.equal(answerOf(third.request_id), undefined);
});

Deno.test("snooze, escalate and withdraw say what they did; a snoozed ask leaves the inbox and comes back", async () => {
  const { run, mesh } = createTestShell();
  const { request_id: id } = mesh.openRequest({ allow: ["answer", "escalate"] });

  const snoozed = await run("snooze", id, "--for", "1h");
  const hidden = await run("inbox");
  const listed = await run("inbox", "--state", "snoozed");
  const back = await run("snooze", id, "--for", "0s");
  const handed = await run("escalate", id, "--to", "@basil", "--reason", "on a train");
  const shown = await run("inbox");

  assert.match(snoozed.out, /put off until 2026-11-22 19:03/);
  assert.match(hidden.out, /Nobody waits/);
  assert.match(listed.out, /snoozed/);
  assert.match(back.out, /is back/);
  assert.match(handed.out, /on to basil/);
  assert.match(shown.out, /escalated/);
});

Deno.test("inbox --json | head -1: a reader that has enough is no failure", async () => {
  const shell = createTestShell();
  for (let i = 0; i < 20; i++) shell.mesh.openRequest();
  shell.sink.closeAfter = 1;

  assert.equal((await shell.run("inbox", "--json")).status, 0);
});

Deno.test("inbox: by stakes and by who asks", async () => {
  const { run, mesh } = createTestShell();
  mesh.openRequest({ title: "Loud", stakes: "high" });
  mesh.openRequest({ title: "Quiet" });

  assert.match((await run("inbox", "--stakes", "high")).out, /Loud/);
  assert.doesNotMatch((await run("inbox", "--stakes", "high")).out, /Quiet/);
  assert.match((await run("inbox", "--from", "agent-7f3a")).out, /Quiet/);
  assert.match((await run("inbox", "--from", "nobody")).out, /Nobody waits/);
});

Deno.test("grants: what holds for longer than once is listed, and taken back with a reason", async () => {
  const { run, mesh } = createTestShell();
  const ask = (title: string) =>
    mesh.openRequest({ kind: "approval", title, allow: ["approve", "deny"], action: PUSH });
  const [once, until] = [ask("Push once?"), ask("Push till four?")];
  await run("approve", once.request_id, "--digest", once.digest.slice(-16));
  assert.match((await run("grants")).out, /No approval holds/);
  await run("approve", until.request_id, "--digest", until.digest.slice(-16), "--scope", "2h");

  const listed = await run("grants");
  assert.match(listed.out, /until 2026-11-22 20:03 +repo\.push/);
  assert.doesNotMatch(listed.out, new RegExp(once.request_id.slice(-4)));
  const taken = await run("grants", "revoke", until.request_id, "not", "any", "more");

  assert.deepEqual([taken.status, /Took back the approval of ask/.test(taken.out)], [0, true], taken.err);
  assert.match((await run("grants")).out, /No approval holds/);
  assert.match((await run("show", until.request_id)).out, /Taken back: by ana.*not any more/);
  assert.equal((await run("revoke", until.request_id)).status, 3);
});

Deno.test("how long, put off until when, and to whom are words as well as flags; both at once are refused", async () => {
  const { run, mesh, clock } = createTestShell();
  const open = () => mesh.openRequest({ kind: "approval", allow: ["approve", "deny", "escalate"], action: PUSH });
  const [first, second, third] = [open(), open(), open()];
  const answerOf = (id: string) => mesh.requestMap.get(id)?.answer;
  const approve = (ask: typeof first, ...words: string[]) =>
    run("approve", ask.request_id, ...words, "--digest", ask.digest);

  const both = await approve(third, "task", "--scope", "once");
  const bad = await approve(third, "forever");
  await approve(first, "task");
  await approve(second, "until", "2h");
  const put = await run("snooze", third.request_id, "30m");
  const badTime = await run("snooze", third.request_id, "soon");
  const handed = await run("escalate", third.request_id, "@basil");

  assert.deepEqual([both.status, bad.status, badTime.status], [2, 2, 2]);
  assert.match(both.err, /both "task" and --scope once/);
  assert.match(badTime.err, /"soon": expected a time like 30m/);
  assert.equal(answerOf(first.request_id)?.scope, "task");
  assert.equal(answerOf(second.request_id)?.until_ms, clock.nowMs() + 7_200_000);
  assert.equal(answerOf(third.request_id), undefined);
  assert.match(put.out, /put off until 2026-11-22 18:33/);
  assert.match(handed.out, /on to basil/);
});
