// Nothing is lost while a node is away, and a node that comes back is who it was.
import assert from "node:assert/strict";
import { waitFor } from "@bzzz/base/testing";
import { IS_SLOW, note } from "../helpers/load.ts";
import { TestMesh } from "../helpers/mesh.ts";
import { PATIENCE_MS, Stopwatch } from "../helpers/patience.ts";

const AWAY_ENTRIES = IS_SLOW ? 5_000 : 300;

Deno.test("S-03 S-05 A-09 a node that was away has every entry within 5 s of connecting, and is who it was", async (t) => {
  await using mesh = await TestMesh.create("writer");
  await mesh.add("reader", { through: "writer" });
  await mesh.connected("writer", "reader");
  const writer = await mesh.node("writer").api();
  const before = (await (await mesh.node("reader").api()).status()).node;
  await mesh.node("reader").stop();
  const posted: string[] = [];
  for (let i = 0; i < AWAY_ENTRIES; i++) {
    posted.push((await writer.postMessage({ topic: "coordination", text: `while you were away ${i}` })).id);
  }

  const began = performance.now();
  await mesh.start("reader");
  const connectedMs = await mesh.connected("writer", "reader");
  const sinceConnected = new Stopwatch();
  const reader = await mesh.node("reader").api();
  await waitFor(() => reader.entry(posted.at(-1) ?? "").catch(() => undefined), {
    timeoutMs: PATIENCE_MS,
    what: "the last entry at the node that was away",
  });
  const syncedMs = sinceConnected.within(5_000, "everything there");

  const known = new Set<string>();
  for (let after = 0;;) {
    const page = await reader.journal({ after, limit: 500 });
    for (const entry of page.items) known.add(entry.id);
    if (page.items.length === 0) break;
    after = page.next_after;
  }
  assert.deepEqual(posted.filter((id) => !known.has(id)), [], "every entry arrived");
  await t.step("restart keeps the peer id and the agent id", async () => {
    const { node } = await reader.status();
    assert.deepEqual(node, before);
  });
  note(
    `${AWAY_ENTRIES} entries: start to synced ${Math.round(performance.now() - began)} ms, ` +
      `connected after ${Math.round(connectedMs)} ms, synced ${Math.round(syncedMs)} ms after that`,
  );
});
