import assert from "node:assert/strict";
import { createTestPortal, MemoryTerminal } from "../testing.ts";

Deno.test("a pipe fills a form in with --set, looks at it first with --preview, and gets every wrong field", async () => {
  const terminal = new MemoryTerminal("lines");
  const { portal, mesh } = createTestPortal(terminal);
  terminal.type("templates list --json=id,sends\n/form nothing\n");
  terminal.type("form question --set question=Why? --set colour=red --set stakes=grave\n");
  terminal.type("form question --set question=Why? --set to=@ana --preview\n");
  terminal.type("form question --set question=Why? --set to=@ana --set stakes=3 --json\nform question\n");
  terminal.end();

  await portal.start();
  await portal.done;

  const { written } = terminal;
  assert.match(written, /\{"v":1,"id":"review-request","sends":"review"\}/);
  assert.match(written, /Cannot use template "nothing": there is no such template; there are decision-record, /);
  assert.match(
    written,
    /Cannot fill template "question" in: colour: there is no such field.*; stakes: expected one of/,
  );
  assert.match(written, /Sends as ask:\n {2}kind: question\n {2}to: human ana\n {2}title: Why\?/);
  assert.match(written, /"template":"question","version":1,"what":"ask","id":"[^"]+"/);
  assert.match(
    written,
    /Cannot ask for the fields of template "question" here: give --set NAME=VALUE for question, to/,
  );
  const asked = [...mesh.requestMap.values()];
  assert.deepEqual(asked.map(({ title, stakes, to }) => [title, stakes, to.human]), [["Why?", "high", "ana"]]);
});

Deno.test("send --template is a form by another name; it takes no words of its own, and send without it none of a form's", async () => {
  const terminal = new MemoryTerminal("lines");
  const { portal, mesh } = createTestPortal(terminal);
  terminal.type("send --template question --set question=Why? --set to=@ana --preview\n");
  terminal.type("send --template question --set question=Why? --set to=@ana\nsend #hmmm hello\n");
  terminal.type("send --template question words\nsend --template question --thread x\nsend --preview hello\nsend\n");
  terminal.type("templates list --ids\nprompts list --ids\n");
  terminal.end();

  await portal.start();
  await portal.done;

  const { written } = terminal;
  assert.match(written, /Sends as ask:\n {2}kind: question/);
  assert.match(written, /Sent as ask/);
  assert.match(written, /Sent to #hmmm\./);
  assert.match(written, /Cannot send words with template "question"/);
  assert.match(written, /Cannot send template "question" with --thread/);
  assert.match(written, /Cannot send: --preview is of a template/);
  assert.match(written, /Cannot send nothing: words are missing/);
  assert.match(written, /^question$/m);
  assert.deepEqual([...mesh.requestMap.values()].map(({ title }) => title), ["Why?"]);
});

Deno.test("at a prompt the fields are asked one by one, wrong ones again, and nothing is sent without a y", async () => {
  const terminal = new MemoryTerminal("keys");
  const { portal, mesh, seen } = createTestPortal(terminal);
  await portal.start();
  const fill = async (last: string) => {
    terminal.type("form question\r");
    for (const line of ["", "Why?", "", "", "", "grave", "2", "", last]) {
      await terminal.taken();
      terminal.type(`${line}\r`);
    }
    await terminal.taken();
  };

  await fill("n");
  await seen("Not sent");
  assert.equal(mesh.requestMap.size, 0);
  await fill("y");
  await seen("Sent as ask");

  assert.match(terminal.written, /A value is needed\./);
  assert.match(terminal.written, /expected one of low, normal, high/);
  const asked = [...mesh.requestMap.values()];
  assert.deepEqual(asked.map(({ title, stakes }) => [title, stakes]), [["Why?", "normal"]]);
  await portal.stop();
});
