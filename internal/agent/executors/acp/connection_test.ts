import assert from "node:assert/strict";
import fc from "fast-check";
import { TaskGroup } from "@bzzz/base";
import { ManualClock } from "@bzzz/base/testing";
import { AcpConnection, AcpRefusal, checked } from "./connection.ts";
import { readFile, sessionUpdate } from "./protocol.ts";

class Line {
  readonly clock = new ManualClock();
  readonly sent: Record<string, unknown>[] = [];
  readonly stray: string[] = [];
  readonly notified: string[] = [];
  readonly group = new TaskGroup((error) => assert.fail(String(error)));
  onRequest: (method: string) => Promise<unknown> = () => Promise.resolve();
  readonly connection = new AcpConnection({
    clock: this.clock,
    send: (line) => {
      assert.ok(line.endsWith("\n") && !line.slice(0, -1).includes("\n"));
      this.sent.push(JSON.parse(line));
    },
    onRequest: (method) => this.onRequest(method),
    onNotification: (method) => this.notified.push(method),
    onStray: (line) => this.stray.push(line),
    run: (what, work) => this.group.run(what, work),
  });

  receive(message: unknown): void {
    this.connection.receive(JSON.stringify(message));
  }
}

Deno.test("an answer reaches the call it is for, whatever came in between", async () => {
  const line = new Line();
  const [one, two] = [line.connection.call("a", { x: "\n" }), line.connection.call("b", {})];

  line.receive({ jsonrpc: "2.0", id: 7, result: "for nobody" });
  line.receive({ jsonrpc: "2.0", id: 1, result: "b" });
  line.receive({ jsonrpc: "2.0", id: 1, result: "again" });
  line.receive({ jsonrpc: "2.0", id: 0, error: { code: -32000, message: "log in" } });

  await assert.rejects(one, (error) => error instanceof AcpRefusal && error.rpcCode === -32000);
  assert.equal(await two, "b");
  assert.deepEqual(line.sent[0], { jsonrpc: "2.0", id: 0, method: "a", params: { x: "\n" } });
});

Deno.test("a call that is not answered in time, or by a program that has ended, ends", async () => {
  const line = new Line();
  const late = line.connection.call("a", {}, { timeoutMs: 50, onTimeout: () => new Error("late") });
  const ended = line.connection.call("b", {});
  const isLate = assert.rejects(late, /late/);
  const hasEnded = assert.rejects(ended, /gone/);

  await line.clock.advance(50);
  await isLate;
  line.connection.close(new Error("gone"));
  line.connection.close(new Error("a second reason"));

  await hasEnded;
  await assert.rejects(line.connection.call("c", {}), /gone/);
  line.connection.notify("d", {});
  assert.equal(line.sent.length, 2, "nothing is sent any more");
});

Deno.test("requests are answered, refused ones with their reason, broken ones without a word on why", async () => {
  const line = new Line();
  line.onRequest = (method) => {
    if (method === "none") return Promise.resolve(undefined);
    return Promise.reject(method === "bad" ? new AcpRefusal(-32602, "no path") : new Error("at /home/ana/secret.ts:1"));
  };
  for (const method of ["none", "bad", "defect"]) line.receive({ jsonrpc: "2.0", id: method, method });
  await line.group.settled();

  assert.deepEqual(line.sent, [
    { jsonrpc: "2.0", id: "none", result: null },
    { jsonrpc: "2.0", id: "bad", error: { code: -32602, message: "no path" } },
    { jsonrpc: "2.0", id: "defect", error: { code: -32603, message: "the request could not be answered" } },
  ]);
});

Deno.test("requests that are open at once are bounded", async () => {
  const line = new Line();
  const { promise, resolve } = Promise.withResolvers<void>();
  line.onRequest = () => promise;

  for (let id = 0; id < 40; id++) line.receive({ jsonrpc: "2.0", id, method: "slow" });
  assert.equal(line.sent.length, 8);
  assert.match(JSON.stringify(line.sent[0]), /more than 32 requests are open/);
  resolve();
  await line.group.settled();

  assert.equal(line.sent.length, 40);
});

Deno.test("no line breaks the connection", async () => {
  const line = new Line();
  const call = line.connection.call("a", {});
  const message = fc.record({
    jsonrpc: fc.constantFrom("2.0", 1),
    id: fc.oneof(fc.integer({ min: 1 }), fc.anything()),
    method: fc.anything(),
    params: fc.anything(),
    error: fc.anything(),
  }, { requiredKeys: [] });
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json(), message.map((one) => JSON.stringify(one) ?? "")), (text) => {
    // an answer to the call itself is what the last line is about
    if (!/"id":-?0[,}]/.test(text)) line.connection.receive(text);
  }));
  for (const text of ["{", "[]", "null", '{"jsonrpc":null', "\u0000", "<html>"]) line.connection.receive(text);
  assert.ok(line.stray.includes("<html>") && line.stray.includes("{"));

  line.receive({ jsonrpc: "2.0", id: 0, error: "not an object" });

  await assert.rejects(call, (error) => error instanceof AcpRefusal && error.message === "no reason was given");
  await line.group.settled();
});

Deno.test("parameters that are wrong are refused, members that are wrong are left out", () => {
  assert.throws(() => checked(readFile(), { sessionId: "s", path: "" }), (error) => {
    return error instanceof AcpRefusal && error.rpcCode === -32602;
  });
  const update = {
    sessionUpdate: "tool_call",
    toolCallId: "1",
    title: 7,
    kind: "dance",
    status: "completed",
    content: [{ type: "hologram" }, { type: "diff", path: "a", newText: "b" }, 5],
    locations: "here",
    _meta: { x: 1 },
  };
  const read = checked(sessionUpdate(), { sessionId: "s", update }).update;
  assert.deepEqual(JSON.parse(JSON.stringify(read)), {
    sessionUpdate: "tool_call",
    toolCallId: "1",
    status: "completed",
    content: [{ type: "diff", path: "a", newText: "b" }],
  });
});
