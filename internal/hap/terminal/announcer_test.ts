import assert from "node:assert/strict";
import { createTestPortal, MemoryTerminal } from "../testing.ts";

Deno.test("an ask that was put off is told again at its time, with a bell; one that was closed meanwhile is not", async () => {
  const terminal = new MemoryTerminal("keys");
  const { portal, mesh, clock, seen, listening } = createTestPortal(terminal);
  await portal.start();
  await listening();
  const first = mesh.openRequest({ title: "Which tea?" });
  await seen("Which tea?");
  const second = mesh.openRequest({ title: "Which cup?" });
  await seen("Which cup?");
  const putOff = async ({ request_id: id, digest }: typeof first) => {
    await mesh.handle(id, { request_digest: digest, act: "snooze", until_ms: clock.nowMs() + 3_600_000 });
  };
  await putOff(first);
  await putOff(second);
  await clock.advance(1_800_000);
  assert.doesNotMatch(terminal.written, /back: /);
  const bells = terminal.bells();
  mesh.requestMap.set(second.request_id, { ...second, state: "withdrawn" });

  await clock.advance(1_800_000);

  await seen("back: ask");
  assert.match(terminal.written, /back: ask \w{4}, normal, from agent-7f3a: Which tea\?/);
  assert.doesNotMatch(terminal.written, /back: .*cup/);
  assert.equal(terminal.bells(), bells + 1);
  await portal.stop();
});

Deno.test("what is put off when the portal starts is not named then, and comes back", async () => {
  const terminal = new MemoryTerminal("keys");
  const { portal, mesh, clock, seen, listening } = createTestPortal(terminal);
  mesh.openRequest({ title: "Which tea?", state: "snoozed", snoozed_until_ms: clock.nowMs() + 60_000 });
  await portal.start();
  await listening();
  assert.doesNotMatch(terminal.written, /Which tea/);

  await clock.advance(60_000);

  await seen("back: ask");
  await portal.stop();
});
