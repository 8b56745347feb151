// kill -9 at any moment: what was acknowledged is on disk, no chain breaks, and the others get it.
import assert from "node:assert/strict";
import { createSystemClock } from "@bzzz/base";
import { createSeededRandom, waitFor } from "@bzzz/base/testing";
import { IS_SLOW, journalIds, note, Poster, testSeed } from "../helpers/load.ts";
import { TestMesh } from "../helpers/mesh.ts";
import { PATIENCE_MS } from "../helpers/patience.ts";

const POINTS = IS_SLOW ? 100 : 8;
/** A node is killed somewhere in this time after it began to take posts. */
const WINDOW_MS = 250;

const clock = createSystemClock();

Deno.test("S-31 F-40 kill -9 at random points loses no acknowledged entry and breaks no chain", async () => {
  const seed = testSeed();
  const random = createSeededRandom(seed);
  await using mesh = await TestMesh.create("writer");
  await mesh.add("reader", { through: "writer" });
  const acknowledged = new Set<string>();

  for (let point = 0; point < POINTS; point++) {
    // every third time it is the receiver that dies, in the middle of taking in
    const victim = point % 3 === 2 ? "reader" : "writer";
    const poster = new Poster(await mesh.node("writer").api(), { label: `point ${point}` });
    await clock.sleep(random.float() * WINDOW_MS);
    await mesh.node(victim).kill();
    await poster.stop();
    for (const id of poster.acknowledged) acknowledged.add(id);

    await mesh.verify(victim);
    await mesh.start(victim);

    if (victim === "writer") {
      const known = await journalIds(await mesh.node("writer").api());
      const lost = [...acknowledged].filter((id) => !known.has(id));
      assert.deepEqual(lost, [], `lost after kill ${point} of ${victim}, seed ${seed}`);
    }
  }

  const reader = await mesh.node("reader").api();
  let missing: string[] = [];
  await waitFor(async () => {
    const known = await journalIds(reader);
    missing = [...acknowledged].filter((id) => !known.has(id));
    return missing.length === 0;
  }, { timeoutMs: PATIENCE_MS, what: `every entry at the peer, seed ${seed}`, state: () => missing.length });
  await Promise.all([...mesh.nodes.values()].map((node) => node.stop()));
  const reports = await Promise.all(["writer", "reader"].map((name) => mesh.verify(name)));
  assert.ok(reports.every((report) => report.entries >= acknowledged.size));
  note(`seed ${seed}: ${POINTS} kills, ${acknowledged.size} acknowledged entries, none lost`);
});

Deno.test("S-05 a node that is killed soon after it met the others finds them again", async () => {
  await using mesh = await TestMesh.create("hub");
  await mesh.add("leaf", { through: "hub" });
  await mesh.connected("hub", "leaf");
  await waitFor(() => Deno.stat(`${mesh.home("hub")}/peers.json`).catch(() => undefined), {
    timeoutMs: PATIENCE_MS,
    what: "the addresses on disk",
  });

  await mesh.node("hub").kill();
  await mesh.start("hub", { env: { BZZZ_NETWORK_P2P_PORT: "0" } }); // the leaf cannot know the new port

  await mesh.connected("hub", "leaf");
});
