import assert from "node:assert/strict";
import { settle } from "@bzzz/base/testing";
import { HAPExecution, type TerminalInterface } from "./mod.ts";

function setUp() {
  const calls: string[] = [];
  const quit = Promise.withResolvers<0>();
  const portal: TerminalInterface = {
    start: () => {
      calls.push("start");
      return Promise.resolve();
    },
    done: quit.promise,
    stop: () => {
      calls.push("stop");
      return Promise.resolve();
    },
  };
  const services = { name: "services" };
  const execution = new HAPExecution<typeof services>({
    interfaceOf: (given) => {
      calls.push(given.name);
      return portal;
    },
  });
  return { calls, quit, execution, services, abort: new AbortController() };
}

Deno.test("HAPExecution ends when the person quits, the signal aborts, or it is stopped; the terminal is given back", async () => {
  for (const way of ["quit", "abort", "stop"]) {
    const { calls, quit, execution, services, abort } = setUp();
    const running = execution.run(services, { signal: abort.signal });
    await settle();
    assert.deepEqual(calls, ["services", "start"], way);

    if (way === "quit") quit.resolve(0);
    else if (way === "abort") abort.abort();
    else await execution.stop();
    await running;

    assert.ok(calls.includes("stop"), way);
    assert.equal(execution.getType(), "hap");
  }
});
