// Forms on the screen: cells of a real emulator, a mesh in memory behind.
import assert from "node:assert/strict";
import { startTestScreen } from "./testing.ts";

const FORM = {
  type: "object",
  properties: {
    branch: { type: "string", title: "Branch" },
    depth: { type: "integer", title: "Depth", minimum: 1, maximum: 9 },
    kind: { type: "string", title: "Kind", enum: ["squash", "merge"] },
    force: { type: "boolean", title: "Force", default: false },
  },
  required: ["branch", "depth", "kind"],
};
const [ESC, TAB, BACK_TAB, ENTER, CTRL_F, RIGHT] = ["\x1b", "\t", "\x1b[Z", "\r", "\x06", "\x1b[C"];

Deno.test("an ask's form: fields are filled in, wrong ones get the keys, all is looked at, then it is sent", async () => {
  await using screen = await startTestScreen();
  const { mesh, press } = screen;
  const request = mesh.openRequest({
    kind: "form",
    title: "How shall I merge?",
    form: FORM,
    allow: ["answer", "deny"],
  });
  await screen.shows("1 waiting");

  await press("\x1br", "w");
  await screen.shows("How shall I merge?");
  await screen.shows("Answer");
  await press("main", TAB, "12", TAB, "m", ENTER);
  await screen.shows("Depth: expected at most 9");
  await press("\x7f", "\x7f", "3", TAB, TAB, RIGHT, ENTER);
  await screen.shows("Force: yes");
  await press(ENTER); // within the first moments of the look
  assert.equal(mesh.requestMap.get(request.request_id)?.answer, undefined);
  await press(ESC);
  await screen.shows("< merge >");
  await press(BACK_TAB, "s", ENTER);
  await screen.shows("Kind: squash");
  await screen.pass(800);
  await press(ENTER);
  await screen.shows("Answered ask");

  const { answer } = mesh.requestMap.get(request.request_id) ?? {};
  assert.deepEqual([answer?.decision, answer?.values], [
    "answer",
    { branch: "main", depth: 3, kind: "squash", force: true },
  ]);
});

Deno.test("an ask that closes while its form is filled in says so, and nothing is sent", async () => {
  await using screen = await startTestScreen();
  const { mesh, press } = screen;
  const request = mesh.openRequest({ kind: "form", form: FORM, allow: ["answer"] });
  await screen.shows("1 waiting");
  await press("\x1br", "w", "main", TAB, "3", TAB, "m", ENTER);
  await screen.shows("Kind: merge");

  await mesh.withdraw(request.request_id, { reason: "not needed" });
  await screen.shows("withdrawn already");
  await screen.pass(800);
  await press(ENTER);

  assert.equal(mesh.requestMap.get(request.request_id)?.answer, undefined);
  await press(ESC, ESC);
  await screen.shows("Nothing was sent");
});

Deno.test("a template is found with a few letters, filled in, looked at and sent; a refusal keeps what was typed", async () => {
  await using screen = await startTestScreen({ size: { columns: 80, rows: 24 } });
  const { mesh, press } = screen;

  await press(CTRL_F);
  await screen.shows("Ask a question");
  await press("quest", ENTER);
  await screen.shows("question v1, sends a question");
  await press("Which branch?", TAB, "\x15", "ana", ENTER);
  await screen.shows('to would be "ana"');
  await press("\x15", "@ana", TAB, "one", "\x1b\r", "two", ENTER);
  await screen.shows("Background: one");
  assert.equal(mesh.requestMap.size, 0, "looked at, not sent");
  await screen.pass(800);
  await press(ENTER);
  await screen.shows("Sent as ask");

  const [asked] = [...mesh.requestMap.values()];
  assert.deepEqual([asked?.title, asked?.to.human, asked?.body], [
    "Which branch?",
    "ana",
    "Which branch?\n\nBackground: one\ntwo",
  ]);
});

Deno.test("/form opens the box, completes its templates, and is refused to a view that only observes", async () => {
  await using screen = await startTestScreen();
  await screen.press(CTRL_F);
  await screen.shows("Ask a question");
  await screen.press(ESC, "/form sta", TAB, ENTER);
  await screen.shows("status v1, sends a message");
  await screen.press(ESC, "/form nothing", ENTER);
  await screen.shows('Cannot use template "nothing"');

  await using watching = await startTestScreen({ settings: { isObserver: true } });
  await watching.press("/form status", ENTER);
  await watching.shows("this view only observes");
});

Deno.test("a small screen shows the field that has the keys, and sends nothing that was not read to its end", async () => {
  await using screen = await startTestScreen({ size: { columns: 40, rows: 10 } });
  const { mesh, press } = screen;
  await press("/form incident", ENTER);
  await screen.shows("incident v1");
  await press("it burns", TAB, TAB, TAB);
  await screen.shows(/Who is affected \* +> /);
  await press("all", TAB, "smoke", ENTER);
  await screen.shows("more lines");
  await screen.pass(800);
  await press(ENTER);
  await screen.shows("read it to its end first");
  assert.equal(mesh.requestMap.size, 0);
  for (let i = 0; i < 20; i++) await press("\x1b[6~");
  await press(ENTER);
  await screen.shows("Sent as ask");
  assert.equal(mesh.requestMap.size, 1);
});
