import assert from "node:assert/strict";
import { takeHangUps } from "./signals.ts";
import { createFakeSignals } from "./testing.ts";

Deno.test("hang-ups are taken out of the signals, all others pass", async () => {
  const signals = createFakeSignals();
  for (const name of ["SIGHUP", "SIGTERM", "SIGHUP", "SIGINT"]) signals.send(name);
  signals.end();
  let hangUps = 0;

  const passed = await Array.fromAsync(takeHangUps(signals, () => hangUps++));

  assert.deepEqual([passed, hangUps], [["SIGTERM", "SIGINT"], 2]);
});
