import assert from "node:assert/strict";
import { createSeededRandom } from "@bzzz/base/testing";
import { orderAsciiByCodeUnits } from "./collation_fix.ts";
import { buildLibp2p } from "./libp2p_factory.ts";
import { releaseTimers } from "./timer_release.ts";

/** What the engine was asked to compare while `work` ran. */
async function comparedByEngine(work: () => void | Promise<void>): Promise<string[]> {
  compared.length = 0;
  await work();
  return [...compared];
}

const compared: string[] = [];
const engine = String.prototype.localeCompare;
String.prototype.localeCompare = function (this: string, ...args: Parameters<typeof engine>): number {
  compared.push(`${this} ${args[0]}`);
  return engine.apply(this, args);
};

Deno.test("a node of libp2p starts without the engine's collation", async () => {
  const random = createSeededRandom(1);
  const asked = await comparedByEngine(async () => {
    const { libp2p, components } = await buildLibp2p({
      seed: random.bytes(32),
      networkKey: random.bytes(32),
      listen: ["/ip4/127.0.0.1/tcp/0"],
      announce: [],
      maxConnections: 4,
      gater: {},
      software: "test",
    });
    await libp2p.start();
    await libp2p.stop();
    releaseTimers(components);
  });

  assert.deepEqual(asked, []);
});

Deno.test("ASCII is ordered by its code units, and the engine is not asked", async () => {
  orderAsciiByCodeUnits();
  const sorted = ["/ping/1", "/Id", "", "/id/push", "/id"];

  const asked = await comparedByEngine(() => void sorted.sort((a, b) => a.localeCompare(b)));

  assert.deepEqual([sorted, asked], [["", "/Id", "/id", "/id/push", "/ping/1"], []]);
  assert.equal("/id".localeCompare("/id"), 0);
});

Deno.test("what has letters of a language, or names its rules, is the engine's", async () => {
  orderAsciiByCodeUnits();
  const results: number[] = [];

  const asked = await comparedByEngine(() => {
    results.push("é".localeCompare("f"), "e".localeCompare("é"), "a".localeCompare("B", "en"));
  });

  assert.deepEqual(results.map(Math.sign), [-1, -1, -1]);
  assert.deepEqual(asked, ["é f", "e é", "a B"]);
});
