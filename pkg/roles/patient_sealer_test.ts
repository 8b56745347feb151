import assert from "node:assert/strict";
import { BzzzError } from "@bzzz/base";
import { ManualClock, settle } from "@bzzz/base/testing";
import { PatientSealer } from "./patient_sealer.ts";

/** A sealer that says what is wrong until it is mended, and how often it was asked. */
class Lacking {
  problem: string | undefined;
  tries = 0;
  readonly revocations = 0;

  constructor(problem: string | undefined) {
    this.problem = problem;
  }

  // deno-lint-ignore require-await -- rejects as the real one does
  async seal(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    this.tries++;
    if (this.problem) throw new BzzzError(this.problem, this.problem);
    return new Uint8Array(bytes);
  }

  // deno-lint-ignore require-await -- rejects as the real one does
  async open(): Promise<"denied"> {
    return "denied";
  }
}

function bench(problem: string | undefined) {
  const [inner, clock, stopped] = [new Lacking(problem), new ManualClock(), new AbortController()];
  const sealer = new PatientSealer({ sealer: inner, clock, stopped: stopped.signal });
  return { inner, clock, stopped, sealer, seal: () => sealer.seal(new Uint8Array(3), ["developer"]) };
}

Deno.test("who seals before the keys have come gets them with the change that brings them", async () => {
  const { inner, clock, sealer, seal } = bench("role_key_missing");
  const sealed = seal();
  await settle();
  sealer.changed(); // something else
  await settle();
  inner.problem = "role_key_exposed";
  sealer.changed();
  await settle();
  assert.equal(inner.tries, 3);
  inner.problem = undefined;
  sealer.changed();

  assert.equal((await sealed).byteLength, 3);
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("a change between the first try and the wait is not missed", async () => {
  const { inner, sealer, seal } = bench("role_key_missing");
  const sealed = seal();
  inner.problem = undefined;
  sealer.changed();

  assert.equal((await sealed).byteLength, 3);
});

Deno.test("keys that do not come within five seconds are named", async () => {
  const { clock, inner, sealer, seal } = bench("role_key_exposed");
  const refused = assert.rejects(seal(), { code: "role_key_missing" });
  await settle();
  await clock.advance(4_999);
  inner.problem = "role_key_missing"; // the last thing that was wrong is what is told
  sealer.changed();
  await settle();
  await clock.advance(1);

  await refused;
});

Deno.test("what no key mends is refused at once, before and while waiting", async () => {
  const { inner, sealer, seal, clock } = bench("unknown_role");
  await assert.rejects(seal(), { code: "unknown_role" });
  inner.problem = "role_key_missing";
  const refused = assert.rejects(seal(), { code: "unknown_role" });
  await settle();
  inner.problem = "unknown_role";
  sealer.changed();

  await refused;
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("a node that stops does not wait for keys, and only so many wait", async () => {
  const { stopped, clock, seal } = bench("role_key_missing");
  const waiting = Array.from({ length: 64 }, () => assert.rejects(seal(), { code: "role_key_missing" }));
  await settle();
  assert.equal(clock.pendingTimers, 64);
  await assert.rejects(seal(), { code: "role_key_missing" });
  assert.equal(clock.pendingTimers, 64);

  stopped.abort();
  await Promise.all(waiting);
  await assert.rejects(seal(), { code: "role_key_missing" });
  assert.equal(clock.pendingTimers, 0);
});
