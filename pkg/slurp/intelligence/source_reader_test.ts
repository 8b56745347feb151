import assert from "node:assert/strict";
import { utf8Encode } from "@bzzz/base";
import { createTestContext } from "@bzzz/context/testing";
import { parseConcrete } from "@bzzz/ucxl";
import { SourceReader } from "./source_reader.ts";
import type { Summarise } from "./types.ts";

const LONG = `# Title\n\n${"Many words. ".repeat(300)}`;

async function setUp(summarise?: Summarise) {
  const node = createTestContext();
  const outcomes: string[] = [];
  const reader = new SourceReader({
    context: node.context,
    sealer: node.sealer,
    clock: node.clock,
    onSummary: (outcome) => outcomes.push(outcome),
    ...(summarise ? { summarise } : {}),
  });
  let written = 0;
  const read = async (text: string) => {
    const version = await node.context.put(parseConcrete(`ucxl://a:b@shop:pay/${written++}.md`), {
      bytes: utf8Encode(text),
      mediaType: "text/markdown",
      audience: ["developer"],
    });
    return (await reader.read(version)).findings[0]?.fields.summary;
  };
  return await Promise.resolve({ node, reader, read, outcomes });
}

Deno.test("a model summarises long texts only, and what it says is cut to the field", async () => {
  const asked: string[] = [];
  const { node, read, outcomes } = await setUp(({ path }) => {
    asked.push(path);
    return Promise.resolve("short ".repeat(1_000));
  });
  await using _ = node;

  assert.equal(await read("# Title\n\nFew words."), "Title: Few words.");
  assert.equal((await read(LONG))?.length, 1_000);
  assert.deepEqual([asked, outcomes], [["1.md"], ["summarised"]]);
});

Deno.test("a model that fails, says nothing or takes too long leaves what was extracted", async () => {
  for (
    const summarise of [
      () => Promise.reject(new Error("no model")),
      () => Promise.resolve(" "),
    ] satisfies Summarise[]
  ) {
    const { node, read } = await setUp(summarise);
    await using _ = node;
    assert.match(await read(LONG) as string, /^Title: Many words/);
  }
  let isAborted = false;
  const { node, read, outcomes } = await setUp((_, { signal }) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => (isAborted = true, reject(signal.reason))))
  );
  await using _ = node;
  const reading = read(LONG);
  while (!isAborted) await (node.clock as import("@bzzz/base/testing").ManualClock).advance(1_000);
  assert.match(await reading as string, /^Title: Many words/);
  assert.deepEqual(outcomes, ["failed"]);
});

Deno.test("a model is asked so often only until the budget is renewed", async () => {
  let asked = 0;
  const { node, reader, read } = await setUp(() => Promise.resolve(`answer ${++asked}`));
  await using _ = node;

  for (let i = 0; i < 60; i++) await read(`${LONG}${i}`);
  assert.equal(asked, 50);
  reader.renewBudget();
  assert.equal(await read(`${LONG}again`), "answer 51");
});
