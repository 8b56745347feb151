// Three voters as built programs: what one of them may lose, and what two may not.
import assert from "node:assert/strict";
import { waitFor } from "@bzzz/base/testing";
import { TestMesh } from "../helpers/mesh.ts";
import { PATIENCE_MS, Stopwatch } from "../helpers/patience.ts";
import { run } from "../helpers/programs.ts";

/** How soon a node says that the majority of the voters is gone, or back (L3 of docs/reliability.md). */
const TOLD_WITHIN_MS = 5_000;

Deno.test("three voters: one killed, decisions go on; two killed, it says why; back, it goes on", async () => {
  await using mesh = await TestMesh.create("atlas");
  for (const name of ["basil", "cedar"]) await mesh.add(name, { through: "atlas" });
  await mesh.connected("atlas", "basil", "cedar");
  const operator = (...args: string[]) =>
    run("bzzz-agent", ["operator", "voters", ...args, "--home", mesh.home("atlas")]);
  const atlas = await mesh.node("atlas").api();
  const isStable = async (count: number) => {
    const view = await atlas.voters();
    return view.voters.length === count && !view.is_changing && view.has_quorum;
  };

  for (const [index, name] of ["basil", "cedar"].entries()) {
    const added = await operator("add", name);
    assert.equal(added.code, 0, added.stderr);
    await waitFor(() => isStable(index + 2), { timeoutMs: PATIENCE_MS, what: `${name} to vote` });
  }
  const twice = await operator("add", "basil");
  const unknown = await operator("remove", "nobody");
  assert.deepEqual([twice.code, unknown.code], [6, 3], `${twice.stderr}${unknown.stderr}`);
  assert.match(twice.stderr, /votes already/);

  await mesh.node("cedar").kill();
  await waitFor(async () => (await atlas.voters()).reachable === 2, {
    timeoutMs: PATIENCE_MS,
    what: "the loss of cedar",
  });
  // a change of the voters is a decision of the quorum like a claim
  const shrunk = await operator("remove", "cedar");
  assert.equal(shrunk.code, 0, shrunk.stderr);
  await waitFor(() => isStable(2), { timeoutMs: PATIENCE_MS, what: "two voters" });

  const sinceTheLoss = new Stopwatch();
  await mesh.node("basil").kill();
  const told = await waitFor(async () => {
    const status = await atlas.status();
    return status.reasons.find((reason) => reason.includes("voters can be reached"));
  }, { timeoutMs: PATIENCE_MS, what: "the reason of being degraded" });
  sinceTheLoss.within(TOLD_WITHIN_MS, "the loss of the majority is told");
  assert.match(told, /1 of 2 voters can be reached, 2 are needed/);
  const refused = await operator("remove", "basil");
  assert.equal(refused.code, 7, refused.stderr);

  await mesh.start("basil");
  const sinceItIsBack = new Stopwatch();
  await waitFor(() => isStable(2), { timeoutMs: PATIENCE_MS, what: "the quorum to be back" });
  sinceItIsBack.within(TOLD_WITHIN_MS, "the majority is back");
  await mesh.start("cedar");
  await waitFor(async () => (await operator("add", "cedar")).code === 0, {
    timeoutMs: PATIENCE_MS,
    what: "cedar to vote again",
  });
  await waitFor(() => isStable(3), { timeoutMs: PATIENCE_MS, what: "three voters" });
});
