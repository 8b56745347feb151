// Deciding an ask in its box, as a person sees and presses it.
import assert from "node:assert/strict";
import { APPROVAL, startTestScreen } from "./testing.ts";

Deno.test("high stakes: keys in flight answer nothing, Enter does not approve, the end of the digest does", async () => {
  await using screen = await startTestScreen();
  const { mesh, press, pass } = screen;
  const ask = mesh.openRequest({ ...APPROVAL, stakes: "high" });
  await screen.shows("1 ask !");
  const state = () => mesh.requestMap.get(ask.request_id)?.state;
  const tail = ask.digest.slice(-4);

  await press("\x1br", "a" + tail + "\r"); // typed ahead: the box had not been seen
  await screen.shows("keys are ignored for the first 0.7 s");
  assert.equal(state(), "pending");

  await pass(700);
  assert.ok(!screen.terminal.text().includes("keys are ignored"), "the screen says when it listens");
  await press("\r", "\r", "y");
  assert.equal(state(), "pending");
  await press("\x7f", `\x1b[200~${tail}\x1b[201~`);
  assert.equal(state(), "pending", "a confirmation is typed, not pasted");

  await press("xxxx");
  await screen.shows(`"xxxx" is not "${tail}"`);
  await press(tail);
  await screen.until("the answer", () => mesh.requestMap.get(ask.request_id)?.answer?.decision === "approve");
  await screen.shows("Approved ask");
});

Deno.test("a locked key: the passphrase is asked for in a box that shows nothing of it; Esc sends nothing", async () => {
  await using screen = await startTestScreen();
  const { mesh, press, pass } = screen;
  const ask = mesh.openRequest(APPROVAL);
  await mesh.identity.lock();
  await screen.shows("1 ask !");
  const approve = async () => {
    await press("\x1br", "a");
    await screen.shows("to approve");
    await pass(700);
    await press("y");
    await screen.shows("Passphrase of your key");
  };

  await approve();
  await press("correct horse");
  await screen.shows("what you type is not shown");
  assert.ok(!screen.terminal.text().includes("horse"));
  await press("\x1b");
  await screen.shows("Nothing was sent");
  await screen.shows("your key is locked");
  assert.equal(mesh.requestMap.get(ask.request_id)?.state, "pending");
  await press("\x1b");

  await approve();
  await press("correct horse", "\r");
  await screen.until("the answer", () => mesh.requestMap.get(ask.request_id)?.answer?.decision === "approve");
});

Deno.test("normal stakes: a, then y; the decision is for the ask that was selected when another one came first", async () => {
  await using screen = await startTestScreen();
  const { mesh, press, pass } = screen;
  const first = mesh.openRequest(APPROVAL);
  await screen.shows("1 ask !");

  await press("\x1br");
  const urgent = mesh.openRequest({ ...APPROVAL, title: "something else", stakes: "high" });
  await screen.shows("2 asks !");
  await press("a");
  await pass(800);
  await press("y");

  await screen.until("the answer", () => mesh.requestMap.get(first.request_id)?.answer?.decision === "approve");
  assert.equal(mesh.requestMap.get(urgent.request_id)?.state, "pending");
});

Deno.test("a denial carries its reason, from the inbox, from the box of an approval, and from the line", async () => {
  await using screen = await startTestScreen();
  const { mesh, press, pass } = screen;
  const reasonOf = (id: string) => mesh.requestMap.get(id)?.answer?.reason;

  const first = mesh.openRequest(APPROVAL);
  await screen.shows("1 ask !");
  await press("\x1br", "d", "Tests first, then ask again.", "\r");
  await screen.until("the reason", () => reasonOf(first.request_id) === "Tests first, then ask again.");
  await screen.until("an empty inbox", () => !screen.terminal.text().includes("ask !"));

  const second = mesh.openRequest(APPROVAL);
  await screen.shows("1 ask !");
  await press("a");
  await pass(800);
  await press("\t", "too large", "\x04");
  await screen.until("the reason", () => reasonOf(second.request_id) === "too large");
  await screen.until("an empty inbox", () => !screen.terminal.text().includes("ask !"));

  const third = mesh.openRequest(APPROVAL);
  await screen.shows("1 ask !");
  await press("\x1b", `/deny ${third.request_id.slice(-6)} not on a Friday\r`);
  await screen.until("the reason", () => reasonOf(third.request_id) === "not on a Friday");
  await screen.until("an empty inbox", () => !screen.terminal.text().includes("ask !"));
});

Deno.test("a question is answered in words, a choice by its number", async () => {
  await using screen = await startTestScreen();
  const { mesh, press } = screen;
  const question = mesh.openRequest({ title: "Which branch?" });
  await screen.shows("1 ask !");

  await press("\x1br", "w", "main", "\r");
  await screen.until("the answer", () => mesh.requestMap.get(question.request_id)?.answer?.text === "main");

  const choice = mesh.openRequest({ kind: "choice", title: "How?", choices: ["merge", "rebase"], allow: ["choose"] });
  await screen.shows("1 ask !");
  await press("w");
  await screen.shows("2. rebase");
  await press("7", "\r");
  await screen.shows("choose one of 1 to 2");
  await press("\x7f", "2", "\r");
  await screen.until("the answer", () => mesh.requestMap.get(choice.request_id)?.answer?.choice === "rebase");
});

Deno.test("an ask that somebody else answered while its box was open cannot be answered again", async () => {
  await using screen = await startTestScreen();
  const { mesh, press, pass } = screen;
  const ask = mesh.openRequest(APPROVAL);
  await screen.shows("1 ask !");
  await press("\x1br", "a");
  await pass(800);

  await mesh.answer(ask.request_id, { request_digest: ask.digest, decision: "deny", reason: "no" });
  await pass(700);
  await screen.shows("it is declined already");
  await press("y");

  await screen.until("the answer", () => mesh.requestMap.get(ask.request_id)?.answer?.decision === "deny");
});

Deno.test("a request longer than the box is approved only after its end was shown", async () => {
  await using screen = await startTestScreen({ size: { columns: 80, rows: 24 } });
  const { mesh, press, pass } = screen;
  const body = Array.from({ length: 30 }, (_, i) => `step ${i}`).join("\n");
  const ask = mesh.openRequest({ ...APPROVAL, body: `${body}\nrm -rf everything` });
  await screen.shows("1 ask !");
  await press("\x1br", "a");
  await pass(800);

  await press("y");
  await screen.shows("read it to its end first");
  await press("\x1b[6~", "\x1b[6~", "\x1b[6~");
  await screen.shows("rm -rf everything");
  await press("y");

  await screen.until("the answer", () => mesh.requestMap.get(ask.request_id)?.answer?.decision === "approve");
});

Deno.test("closing a box while its decision is on its way does not claim that nothing was sent", async () => {
  await using screen = await startTestScreen();
  const { mesh, press, pass, terminal } = screen;
  mesh.openRequest(APPROVAL);
  await screen.shows("1 ask !");
  const { promise, resolve } = Promise.withResolvers<void>();
  const answer = mesh.answer.bind(mesh);
  mesh.answer = async (...args) => {
    await promise;
    return await answer(...args);
  };

  await press("\x1br", "a");
  await pass(800);
  await press("y", "\x1b");
  await screen.shows("It was sent already");
  assert.ok(!terminal.text().includes("Nothing was sent"));
  resolve();
  await screen.until("the answer", () => [...mesh.requestMap.values()][0]?.answer?.decision === "approve");
});

Deno.test("a reply that the person keeps ready is typed by its key, in the box of the decision it is for", async () => {
  await using screen = await startTestScreen();
  const { mesh, press } = screen;
  const request = mesh.openRequest({
    ...APPROVAL,
    title: "as asked",
    wording: {
      id: "push",
      params: [],
      listed: {
        version: 1,
        title: "Push to main?",
        checklist: [],
        quick_replies: [{ key: "t", decision: "deny", text: "Tests first." }, {
          key: "a",
          decision: "answer",
          text: "no",
        }],
      },
    },
  });
  await screen.shows("1 waiting");
  await press("\x1br");
  await screen.shows("Push to main?");

  await press("d");
  await screen.shows("t · Tests first.");
  assert.doesNotMatch(screen.terminal.text(), /a · no/);
  await press("t", "\r");
  await screen.until("the denial", () => mesh.requestMap.get(request.request_id)?.answer?.reason === "Tests first.");
});

Deno.test("/approve with flags behind the ask does what they say: the box, which knows none of them, does not open", async () => {
  await using screen = await startTestScreen({ size: { columns: 120, rows: 28 } });
  const { mesh, press, shows, pass, terminal } = screen;
  const ask = mesh.openRequest(APPROVAL);

  await press(`/approve ${ask.request_id} --scope task\r`);
  await shows("type y to approve:");
  assert.doesNotMatch(terminal.text(), /Approve \w{4}\?/);
  await pass(700);
  await press("y\r");

  await screen.until("the approval", () => mesh.requestMap.get(ask.request_id)?.answer?.scope === "task");
});
