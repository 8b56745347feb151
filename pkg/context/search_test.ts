import assert from "node:assert/strict";
import { utf8Encode } from "@bzzz/base";
import { createNullLogger } from "@bzzz/logging";
import { parseAddress, parseConcrete } from "@bzzz/ucxl";
import { ContextSearch, type SearchQuery } from "@bzzz/context";
import { createTestContext, type TestContext } from "@bzzz/context/testing";

const EVERYTHING = parseAddress("ucxl://any:any@any:any");

function searchOf(node: TestContext, options: { maxTextBytes?: number } = {}) {
  const search = new ContextSearch({
    index: node.index,
    context: node.context,
    sealer: node.sealer,
    clock: node.clock,
    logger: createNullLogger(),
  }, { maxTextBytes: options.maxTextBytes ?? 1_000_000 });
  const paths = async (text: string, query: Partial<SearchQuery> = {}) => {
    const result = await search.search({ text, pattern: EVERYTHING, limit: 10, ...query });
    return result.hits.map(({ version }) => `${version.address.path}#${version.n}`).sort();
  };
  return { search, paths };
}

function put(node: TestContext, path: string, text: string | Uint8Array, audience = ["developer"]) {
  const bytes = typeof text === "string" ? utf8Encode(text) : text;
  return node.context.put(parseConcrete(`ucxl://basil:developer@shop:checkout/${path}`), {
    bytes,
    mediaType: "text/plain",
    audience,
  });
}

Deno.test("search() finds words of what is latest, or of every version, under a pattern", async () => {
  await using node = createTestContext();
  const { search, paths } = searchOf(node);
  await put(node, "a", "the queue is durable");
  await put(node, "a", "the queue is bounded");
  await put(node, "docs/b", "another queue");

  assert.deepEqual(await paths("queue"), ["a#2", "docs/b#1"]);
  assert.deepEqual(await paths("durable"), []);
  assert.deepEqual(await paths("durable", { isHistoric: true }), ["a#1"]);
  assert.deepEqual(await paths("queue", { pattern: parseAddress("ucxl://any:any@any:any/docs/**") }), ["docs/b#1"]);
  assert.deepEqual(await paths("checkout docs"), ["docs/b#1"]); // words of the address
  await put(node, "c", "a late queue");
  assert.deepEqual(await paths("late"), ["c#1"]);
  await search.stop();
});

Deno.test("search() finds nothing in what this node may not read, and forgets what it may no longer read", async () => {
  await using node = createTestContext();
  const { search, paths } = searchOf(node);
  await put(node, "low", "marker", ["developer"]);
  await put(node, "high", "marker", ["architect"]);
  assert.deepEqual(await paths("marker"), ["high#1", "low#1"]);

  node.sealer.role = "reviewer";
  node.sealer.revocations++;

  assert.deepEqual(await paths("marker"), ["low#1"]);
  await search.stop();
});

Deno.test("search() says when it is not complete: a content elsewhere, texts that had to go", async () => {
  await using node = createTestContext();
  const { search, paths } = searchOf(node);
  const version = await put(node, "a", "marker");
  await put(node, "b", new Uint8Array([0xff, 0xfe]));
  const sealed = node.content.contents.get(version.content?.sealed ?? "");
  assert.ok(sealed);
  node.content.contents.delete(version.content?.sealed ?? "");

  const before = await search.search({ text: "marker", pattern: EVERYTHING, limit: 5 });
  await node.content.put(sealed);
  const after = await search.search({ text: "marker", pattern: EVERYTHING, limit: 5 });

  assert.deepEqual([before.hits.length, before.isComplete, before.seen, before.total], [0, false, 2, 2]);
  assert.deepEqual([after.hits.length, after.isComplete], [1, true]);
  assert.deepEqual(await paths("marker"), ["a#1"]);
  await search.stop();
  const small = searchOf(node, { maxTextBytes: 60 });
  await put(node, "c", "other");
  const cut = await small.search.search({ text: "other", pattern: EVERYTHING, limit: 5 });
  assert.deepEqual([cut.hits.length, cut.isComplete], [1, false]);
  await small.search.stop();
});

Deno.test("search() writes nothing to the disk", async () => {
  await using node = createTestContext();
  const { search, paths } = searchOf(node);
  await put(node, "a", "unforgettable marker");
  await paths("unforgettable");

  for await (const file of Deno.readDir(node.test.folder)) {
    const bytes = await Deno.readFile(`${node.test.folder}/${file.name}`);
    assert.equal(new TextDecoder("latin1").decode(bytes).includes("unforgettable"), false, file.name);
  }
  await search.stop();
});
