import assert from "node:assert/strict";
import { BzzzError, utf8Encode } from "@bzzz/base";
import type { ManualClock } from "@bzzz/base/testing";
import { citationOf, type Version } from "@bzzz/context";
import { createTestContext } from "@bzzz/context/testing";
import { parseConcrete } from "@bzzz/ucxl";
import { SourceReader } from "./source_reader.ts";
import { Summaries } from "./summaries.ts";
import type { Summarise } from "./types.ts";

const LONG = `# Title\n\n${"Many words. ".repeat(300)}`;
const signal = new AbortController().signal;

async function setUp(summarise?: Summarise, { perHour = 60 } = {}) {
  const node = createTestContext();
  const clock = node.clock as ManualClock; // the default
  const outcomes: string[] = [];
  const summaries = new Summaries({ clock, onOutcome: (outcome) => outcomes.push(outcome) });
  const breaker = { refusesForMs: 0 };
  if (summarise) {
    summaries.use({
      name: "test",
      summarise,
      perHour,
      breaker: {
        state: "closed",
        call: (operation, options) =>
          breaker.refusesForMs === 0 ? operation(options) : Promise.reject(
            new BzzzError("breaker_open", "it is open", { details: { retryAfterMs: breaker.refusesForMs } }),
          ),
      },
    });
  }
  const reader = new SourceReader({ ...node, summaries });
  let written = 0;
  const write = async (text: string, path = `${written++}.md`) =>
    await node.context.put(parseConcrete(`ucxl://a:b@shop:pay/${path}`), {
      bytes: utf8Encode(text),
      mediaType: "text/markdown",
      audience: ["developer"],
    });
  const findingsOf = async (version: Awaited<ReturnType<typeof write>>, said = new Map<string, string>()) =>
    (await reader.read(version, { signal, summaries: said })).findings;
  const read = async (text: string) => (await findingsOf(await write(text)))[0]?.fields.summary;
  reader.beginTerm();
  reader.beginDerivation();
  return await Promise.resolve({ node, clock, reader, write, findingsOf, read, outcomes, breaker });
}

Deno.test("a model sums long texts up only; what it says is one line, cut to the field, and marked", async () => {
  const asked: string[] = [];
  const { node, read, write, findingsOf, outcomes } = await setUp(({ path }) => {
    asked.push(path);
    return Promise.resolve(`\u001b[31mshort\n${"and so on ".repeat(1_000)}`);
  });
  await using _ = node;

  assert.equal(await read("# Title\n\nFew words."), "Title: Few words.");
  const findings = await findingsOf(await write(LONG, "README.md"));
  assert.deepEqual(findings.map(({ path, isSummarised }) => [path, isSummarised]), [["README.md", true], ["", true]]);
  const { summary } = findings[0]?.fields ?? {};
  assert.deepEqual([summary?.length, summary?.slice(0, 14)], [1_000, "[31mshort and "]);
  assert.deepEqual([asked, outcomes], [["README.md"], ["summarised"]]);
});

Deno.test("what somebody declares is never summed up", async () => {
  const { node, write, findingsOf, outcomes } = await setUp(() => Promise.resolve("short"));
  await using _ = node;
  const declared = `summary: Mine\n# ${"words ".repeat(1_000)}\n`;

  assert.deepEqual((await findingsOf(await write(declared, ".ucxl/context.yaml")))[0]?.fields, { summary: "Mine" });
  assert.deepEqual(outcomes, []);
});

Deno.test("a model that fails or says nothing leaves what was extracted, and is tried again in the next term", async () => {
  let asked = 0;
  for (
    const summarise of [
      () => Promise.reject(new Error("no model")),
      () => Promise.resolve(` ${"\n".repeat(++asked)}`),
    ] satisfies Summarise[]
  ) {
    const { node, reader, write, findingsOf, outcomes } = await setUp(summarise);
    await using _ = node;
    const version = await write(LONG);
    const [finding] = await findingsOf(version);
    assert.match(finding?.fields.summary as string, /^Title: Many words/);
    assert.equal(finding?.isSummarised, undefined);
    await findingsOf(version);
    assert.deepEqual([outcomes, reader.isLacking], [["failed"], false]);
    reader.beginTerm();
    await findingsOf(version);
    assert.deepEqual(outcomes, ["failed", "failed"]);
  }
});

Deno.test("what the leader before had summed up is taken over, also by a leader without a model", async () => {
  for (const summarise of [() => Promise.reject(new Error("it is not asked")), undefined]) {
    const { node, reader, write, findingsOf, outcomes } = await setUp(summarise);
    await using _ = node;
    const version = await write(LONG);

    const [finding] = await findingsOf(version, new Map([[citationOf(version), "as said before"]]));

    assert.deepEqual([finding?.fields.summary, finding?.isSummarised], ["as said before", true]);
    assert.deepEqual([outcomes, reader.isLacking], [[], false]);
  }
});

Deno.test("beyond its number of an hour a model is not asked; what waits is told, and gets its turn", async () => {
  let asked = 0;
  const summarise = () => Promise.resolve(`answer ${++asked}`);
  const { node, clock, reader, write, findingsOf } = await setUp(summarise, { perHour: 100 });
  await using _ = node;
  const versions: Version[] = [];
  for (let i = 0; i < 52; i++) versions.push(await write(`${LONG}${i}`));
  const readAll = async () => {
    reader.beginDerivation();
    for (const version of versions) await findingsOf(version);
  };

  await readAll();
  assert.deepEqual([asked, reader.isLacking, reader.askableInMs()], [50, true, 36_000]);
  await readAll();
  assert.equal(asked, 50, "before its time it is not asked again");
  await clock.advance(36_000);
  await readAll();
  assert.deepEqual([asked, reader.isLacking], [51, true]);
  await clock.advance(36_000);
  await readAll();
  assert.deepEqual([asked, reader.isLacking], [52, false]);
});

Deno.test("while the breaker is open, and a minute after a derivation began, a text waits", async () => {
  let tookMs = 61_000;
  const late = { advance: (_: number): Promise<void> => Promise.resolve() };
  const { node, clock, reader, write, findingsOf, outcomes, breaker } = await setUp(async () => {
    await late.advance(tookMs);
    return "short";
  });
  await using _ = node;
  late.advance = (ms) => clock.advance(ms);
  const [first, second] = [await write(LONG), await write(`${LONG}2`)];

  await findingsOf(first);
  await findingsOf(second);
  assert.deepEqual([outcomes, reader.isLacking], [["summarised"], true]);
  tookMs = 0;
  reader.beginDerivation();
  breaker.refusesForMs = 700;
  await findingsOf(second);
  assert.deepEqual([outcomes.length, reader.isLacking, reader.askableInMs()], [1, true, 700]);
  await clock.advance(700);
  breaker.refusesForMs = 0;
  reader.beginDerivation();
  await findingsOf(second);
  assert.deepEqual([outcomes.length, reader.isLacking], [2, false]);
});
