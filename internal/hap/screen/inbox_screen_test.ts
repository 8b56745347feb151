// How asks come, are listed and chosen, as a person sees and presses it.
import assert from "node:assert/strict";
import { APPROVAL, startTestScreen } from "./testing.ts";

Deno.test("an ask has one short id, in the feed as in the inbox; the head says who leads", async () => {
  await using screen = await startTestScreen({ size: { columns: 110, rows: 24 } });
  const { mesh, press, pass, terminal } = screen;
  const { request_id: id } = mesh.openRequest({ title: "Which one?" });
  mesh.append("request_answered", { request_id: id, decision: "answer", text: "this" }, { topic: "hmmm" });
  await pass(500);

  await screen.shows(`answered ask ${id.slice(-4)}: answer`);
  assert.match(terminal.rows()[0] ?? "", /1 peer, nobody leads/);

  await press("\x1br");
  await pass(500);
  assert.match(terminal.rows().join("\n"), new RegExp(`▌${id.slice(-4)} +normal`));
});

Deno.test("an ask rings once, is one line, and takes neither focus nor keys", async () => {
  await using screen = await startTestScreen();
  const { terminal, mesh, press } = screen;

  await press("a sentence i am wri");
  mesh.openRequest(APPROVAL);
  mesh.openRequest({ title: "Another one?" });
  await screen.shows("2 asks !");
  await press("ting y a y");

  await screen.shows("> a sentence i am writing y a y");
  await screen.shows("2 asks !");
  assert.equal(terminal.bells, 1, "two asks, one bell");
  assert.match(terminal.titles.at(-1) ?? "", /^\(2!\) bzzz hive$/);
  assert.equal([...mesh.requestMap.values()].every(({ state }) => state === "pending"), true);
});

Deno.test("/asks selects what is seen: a more urgent ask that comes then is not the one that is opened", async () => {
  await using screen = await startTestScreen();
  const { mesh, press, pass } = screen;
  mesh.openRequest({ ...APPROVAL, title: "the one that is seen" });
  await screen.shows("1 ask !");

  await press("/asks\r");
  mesh.openRequest({ ...APPROVAL, stakes: "high", title: "the urgent one" });
  await screen.shows("2 asks !");
  await press("\r");
  await pass(200);

  await screen.shows("Title: the one that is seen");
});

Deno.test("an ask that no event told of is found within half a minute", async () => {
  await using screen = await startTestScreen();
  const { mesh, pass } = screen;
  const told = mesh.openRequest(APPROVAL);
  await screen.shows("1 ask !");

  const untold = { ...told, request_id: "01M826SYACC7ZVYWANC7C9GA66" };
  mesh.requestMap.set(untold.request_id, untold);
  await pass(31_000);

  await screen.shows("2 asks !");
});

Deno.test("t lists what was closed before this view was opened", async () => {
  await using screen = await startTestScreen({
    prepare: (mesh) => {
      mesh.openRequest({ ...APPROVAL, title: "of last week", state: "withdrawn" });
    },
  });

  await screen.press("\x1br");
  await screen.shows("Nobody waits for you.");
  await screen.press("t");

  await screen.shows("(withdrawn)");
});

Deno.test("keys of the inbox beside deciding: hand on, edit and what to read; Alt with a number is a channel; ! turns a filter", async () => {
  await using screen = await startTestScreen({ size: { columns: 120, rows: 28 } });
  const { mesh, press, shows, terminal } = screen;
  const address = "ucxl://basil:developer@shop:pay/*^/docs/plan.md";
  await screen.ucxi.client.put(address, new TextEncoder().encode("the plan"), { mediaType: "text/plain" });
  const ask = mesh.openRequest({
    ...APPROVAL,
    allow: ["approve", "deny", "escalate"],
    refs: [address, "ucxl://a:b@c:d/e"],
  });
  mesh.openRequest({ ...APPROVAL, title: "delete the branch" });
  const short = ask.request_id.slice(-4);

  await press("\x1b2");
  await shows("#coordination");
  assert.match(terminal.text(), /▌#coordination/);
  await press("\x1br", "/", "push\r");
  await shows("push 3 commits");
  await press("x");
  await shows(`> /escalate ${short} @`);
  await press("\x15", "\x1br", "e");
  await shows(`Cannot edit ask ${short}: it offers approve, deny, escalate`);
  await press("o");
  await shows("the plan");
  await shows("and 1 more: the ask has them");
  assert.equal(mesh.requestMap.get(ask.request_id)?.state, "pending");

  await press("\x1br", "\x1b", "f", "!push\r");
  await shows(/▌.*delete the branch/);
  assert.doesNotMatch(terminal.text(), /normal .*push 3 commits/);
});
