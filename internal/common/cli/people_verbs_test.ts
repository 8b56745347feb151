import assert from "node:assert/strict";
import { waitFor } from "@bzzz/base/testing";
import { createTestShell } from "./testing.ts";

Deno.test("an ask: inbox, show, answer, too late", async () => {
  const { run, mesh } = createTestShell();
  const request = mesh.openRequest({ deadline_ms: Date.UTC(2026, 10, 22, 18, 44), on_timeout: "escalate" });
  mesh.openRequest({ is_addressed_to_me: false, to: { human: "bob" }, title: "for bob" });
  const short = request.request_id.slice(-4);

  const listed = await run("inbox");
  const shown = await run("show", short);
  const answered = await run("answer", short.toLowerCase(), "use", "main");
  const late = await run("answer", short, "use", "dev");

  assert.equal(
    listed.out,
    [
      "ASK   STAKES  KIND      FROM        DUE        STATE    TITLE",
      `${short}  normal  question  agent-7f3a  in 41 min  pending  Which branch?`,
      "",
    ].join("\n"),
  );
  assert.equal(
    shown.out,
    [
      `Ask ${short}: question, normal stakes, pending`,
      "From: agent-7f3a (developer), peer 12D3KooWAgent",
      "To: ana",
      "Opened: 2026-11-22 18:03, now",
      "Due: 2026-11-22 18:44, in 41 min; then escalate",
      `Id: ${request.request_id}`,
      "Title: Which branch?",
      "",
      "  There are two.",
      "",
      `Digest: ${request.digest}`,
      "Offered: answer",
      "",
    ].join("\n"),
  );
  assert.equal(answered.out, `Answered ask ${short}\n`);
  assert.equal(mesh.requestMap.get(request.request_id)?.answer?.text, "use main");
  assert.equal(late.status, 3);
  assert.match(late.err, /Cannot answer the request: ana did/);
});

Deno.test("a choice takes the words or the number; anything else lists the choices", async () => {
  const { run, mesh } = createTestShell();
  const open = () => mesh.openRequest({ kind: "choice", allow: ["choose"], choices: ["merge", "rebase"] });
  const first = open();
  const second = open();

  assert.equal((await run("answer", first.request_id, "Rebase")).out.slice(-8), "rebase\n".padStart(8));
  assert.equal((await run("answer", second.request_id, "1")).status, 0);
  const wrong = await run("answer", open().request_id, "3");

  assert.equal(mesh.requestMap.get(first.request_id)?.answer?.choice, "rebase");
  assert.equal(mesh.requestMap.get(second.request_id)?.answer?.choice, "merge");
  assert.equal(wrong.status, 8);
  assert.match(wrong.err, /the choices are 1\. merge, 2\. rebase/);
});

Deno.test("an approval needs the typed end of its digest, or a digest flag where nobody can be asked", async () => {
  const script = createTestShell();
  const fields = { kind: "approval" as const, allow: ["approve", "deny"], stakes: "high" as const, title: "push" };
  const request = script.mesh.openRequest(fields);

  const unseen = await script.run("approve", request.request_id);
  const short = await script.run("approve", request.request_id, "--digest", request.digest.slice(0, 8));
  const other = await script.run("approve", request.request_id, "--digest", "0".repeat(64));
  assert.deepEqual([unseen.status, short.status, other.status], [2, 8, 8]);
  assert.match(unseen.err, /give --digest, from show/);
  assert.equal(script.mesh.requestMap.get(request.request_id)?.state, "pending");
  const approved = await script.run("approve", request.request_id, "--digest", request.digest.slice(0, 16));
  assert.equal(approved.status, 0);

  const person = createTestShell({ answers: ["y", request.digest.slice(-4)] });
  const same = person.mesh.openRequest({ ...fields, digest: request.digest });
  const reflex = await person.run("approve", same.request_id);
  const typed = await person.run("approve", same.request_id);
  assert.equal(reflex.status, 2, "y is not enough for high stakes");
  assert.equal(reflex.err, "bzzz-hap: Not approved: nothing was sent\n");
  assert.equal(typed.out.trimEnd().split("\n").at(-1), `Approved ask ${same.request_id.slice(-4)}, once`);
  assert.equal(person.questions[0], `type ${request.digest.slice(-4)} to approve: `);
});

Deno.test("a no carries its reason", async () => {
  const { run, mesh } = createTestShell();
  const first = mesh.openRequest({ kind: "approval", allow: ["approve", "deny"] });
  const second = mesh.openRequest({ kind: "approval", allow: ["approve", "deny"] });

  assert.equal((await run("deny", first.request_id, "tests", "first")).status, 0);
  assert.equal((await run("deny", second.request_id, "--reason", "too big", "--json")).status, 0);

  assert.equal(mesh.requestMap.get(first.request_id)?.answer?.reason, "tests first");
  assert.equal(mesh.requestMap.get(second.request_id)?.answer?.reason, "too big");
  assert.equal(
    (await run("answer", mesh.openRequest({ kind: "approval", allow: ["deny"] }).request_id, "ok")).status,
    8,
  );
});

Deno.test("send goes to a channel or a member; tail shows it", async () => {
  const { run, mesh } = createTestShell({ input: "from a pipe\n" });

  assert.equal((await run("send", "#coordination", "hello", "all")).out, "Sent to #coordination.\n");
  assert.equal((await run("send", "@agent-7f3a", "-")).out, "Sent to @agent-7f3a.\n");
  assert.equal((await run("send", "#nope", "x")).status, 8);
  const tail = await run("tail", "--no-follow", "--last", "1");
  const channel = await run("tail", "#coordination", "--no-follow", "--json=body,topic");

  assert.deepEqual(mesh.entries.at(-1)?.body?.["to"], ["agent-7f3a"]);
  assert.equal(tail.out, "[18:03] ana says: from a pipe\n");
  assert.equal(JSON.parse(channel.out).topic, "bzzz/coordination/v1");
});

Deno.test("A-36 tail follows until it is interrupted, and --last finds rare kinds far back", async () => {
  const { run, mesh, sink, abort } = createTestShell();
  mesh.append("message_posted", { type: "message", text: "first", to: [] }, { topic: "hmmm" });
  for (let i = 0; i < 1_200; i++) mesh.append("task_progress", { task_id: "01KDVDNV00AAAAAAAAAAAAX7KQ", text: "…" });

  const running = run("tail", "--kind", "message_posted", "--last", "1");
  await waitFor(() => sink.text.includes("first"), { timeoutMs: 30_000, what: "the old message" });
  mesh.append("message_posted", { type: "plan", text: "second", to: [] }, { topic: "hmmm" });
  await waitFor(() => sink.text.includes("second"), { timeoutMs: 30_000, what: "the new message" });
  abort.abort(new Error("SIGINT"));

  const { status, out } = await running;
  assert.equal(status, 130);
  assert.equal(out, "[18:03] agent-7f3a says: first\n[18:03] agent-7f3a writes plan: second\n");
});

Deno.test("away, busy and back say whether the person is there, and agents shows it", async () => {
  const shell = createTestShell();

  assert.equal((await shell.run("away")).out, "You are away.\n");
  assert.match((await shell.run("agents")).out, /^ana +hap +admin +away/m);
  assert.equal(JSON.parse((await shell.run("back", "--json")).out).person, "here");
  assert.equal(shell.mesh.person, "here");
});
