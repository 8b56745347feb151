// Found while trying the restore procedure: a node whose database was lost, and whose peers are away, ended after 10 s with a service
// that "did not start in time". It waits for its own entries before it writes; starting must not wait with it.
import assert from "node:assert/strict";
import { waitFor } from "@bzzz/base/testing";
import { TestMesh } from "../helpers/mesh.ts";

async function loseDatabase(home: string): Promise<void> {
  for (const suffix of ["", "-wal", "-shm"]) {
    await Deno.remove(`${home}/journal.db${suffix}`).catch(() => {}); // it is not always there
  }
}

Deno.test("a node without its database runs while no peer can give its entries back, and says why it does not write", async () => {
  await using mesh = await TestMesh.create("alone");
  await (await mesh.node("alone").api()).postMessage({ text: "before" });
  await mesh.node("alone").stop();
  await loseDatabase(mesh.home("alone"));

  const node = await mesh.start("alone", { timeoutMs: 8_000 });

  const status = await (await node.api()).status();
  assert.equal(status.state, "degraded");
  assert.match(status.reasons.join("; "), /asks its peers first/);
  const { code } = await node.stop();
  assert.equal(code, 0, "it goes in good order");
});

Deno.test("once a peer is there, such a node has its entries again, and writes", async () => {
  await using mesh = await TestMesh.create("first");
  await mesh.add("second", { through: "first" });
  await mesh.connected("first", "second");
  const { id } = await (await mesh.node("first").api()).postMessage({ text: "before" });
  const second = await mesh.node("second").api();
  await waitFor(() => second.entry(id).catch(() => undefined), { timeoutMs: 5_000, what: "the entry at the peer" });
  // one after the other: what a node writes while it goes (it gives its term back) has to be at the peer, or nobody can return it
  await mesh.node("first").stop();
  await mesh.node("second").stop();
  await loseDatabase(mesh.home("first"));

  const first = await mesh.start("first", { timeoutMs: 8_000 });
  await mesh.start("second");

  const client = await first.api();
  await waitFor(() => client.entry(id).catch(() => undefined), { timeoutMs: 15_000, what: "the lost entry" });
  const after = await client.postMessage({ text: "after" });
  await waitFor(async () => (await mesh.node("second").api()).entry(after.id).catch(() => undefined), {
    timeoutMs: 5_000,
    what: "the new entry at the peer",
  });
});
