import assert from "node:assert/strict";
import fc from "fast-check";
import { BzzzError, utf8Decode, utf8Encode } from "@bzzz/base";
import { formatAddress, parseAddress, parseConcrete } from "@bzzz/ucxl";
import { createTestContext, MemoryContent, type TestContext, type TestContextOptions } from "@bzzz/context/testing";
import { OpenGate } from "@bzzz/journal/testing";

const PLAN = parseConcrete("ucxl://basil:developer@shop:checkout/docs/plan.md");

function at(segment: string) {
  return parseAddress(`ucxl://basil:developer@shop:checkout/${segment}/docs/plan.md`);
}

function put(node: TestContext, text: string, options: { onlyOver?: string; audience?: string[]; path?: string } = {}) {
  return node.context.put(options.path === undefined ? PLAN : { ...PLAN, path: options.path }, {
    bytes: utf8Encode(text),
    mediaType: "text/markdown",
    audience: options.audience ?? ["developer"],
    ...(options.onlyOver === undefined ? {} : { onlyOver: options.onlyOver }),
  });
}

async function read(node: TestContext, address = PLAN, options: { reference?: number } = {}): Promise<string> {
  return utf8Decode((await node.context.read(address, options)).bytes);
}

function rejectsWith(work: Promise<unknown>, code: string, details: Record<string, unknown> = {}): Promise<void> {
  return assert.rejects(work, (error) => {
    assert.ok(error instanceof BzzzError, String(error));
    assert.equal(error.code, code);
    for (const [key, value] of Object.entries(details)) assert.deepEqual(error.details[key], value, key);
    return true;
  });
}

/** Nodes of one mesh: one gate, contents that are everywhere at once. */
function mesh(count: number, options: TestContextOptions = {}): TestContext[] {
  const gate = new OpenGate();
  const content = new MemoryContent();
  return Array.from({ length: count }, (_, i) => createTestContext({ gate, content, seed: i + 1, ...options }));
}

Deno.test("put() makes versions that stay; read() finds each by number, step and time", async () => {
  await using node = createTestContext();
  const first = await put(node, "one");
  const second = await put(node, "two");
  await put(node, "three");

  assert.equal(await read(node), "three");
  assert.equal(await read(node, at("*~")), "one");
  assert.equal(await read(node, at("~~1")), "two");
  assert.equal(await read(node, at("~~1"), { reference: 2 }), "one");
  assert.equal(await read(node, { ...PLAN, query: `rev=${second.content?.revision}` }), "two");
  assert.equal(await read(node, at("@9999-01-01")), "three");
  assert.deepEqual([first.n, second.n, second.previous], [1, 2, first.entry]);
  await rejectsWith(node.context.read(at("~~3")), "version_out_of_bounds", { nearest: 1, versions: 3 });
  await rejectsWith(node.context.read(at("@1970-01-01")), "version_out_of_bounds", { nearest: 1 });
  await rejectsWith(node.context.read({ ...PLAN, path: "else" }), "not_found");
  await rejectsWith(node.context.read({ ...PLAN, query: `rev=${"0".repeat(64)}` }), "not_found");
});

Deno.test("put() over a revision, over nothing, over anything", async () => {
  await using node = createTestContext();
  await rejectsWith(put(node, "x", { onlyOver: "any" }), "precondition_failed");
  const first = await put(node, "one", { onlyOver: "none" });
  await rejectsWith(put(node, "x", { onlyOver: "none" }), "already_exists", { version: 1 });
  const second = await put(node, "two", { onlyOver: first.content?.revision ?? "" });
  await rejectsWith(put(node, "x", { onlyOver: first.content?.revision ?? "" }), "precondition_failed", {
    found: second.content?.revision,
  });
  await put(node, "three", { onlyOver: "any" });

  assert.equal(node.index.latest(PLAN)?.n, 3);
});

Deno.test("put() of many at once: one of those over the same revision wins", async () => {
  await using node = createTestContext();
  const first = await put(node, "one");

  const results = await Promise.allSettled(
    Array.from({ length: 10 }, (_, i) => put(node, `race ${i}`, { onlyOver: first.content?.revision ?? "" })),
  );

  assert.equal(results.filter(({ status }) => status === "fulfilled").length, 1);
  assert.equal(node.index.latest(PLAN)?.n, 2);
});

Deno.test("remove() writes a version; what was before stays, and the address can be written again", async () => {
  await using node = createTestContext();
  await rejectsWith(node.context.remove(PLAN), "not_found");
  await put(node, "one");
  const gone = await node.context.remove(PLAN);
  await rejectsWith(node.context.remove(PLAN), "deleted");

  assert.deepEqual([gone.n, gone.content], [2, undefined]);
  await rejectsWith(node.context.read(PLAN), "deleted", { version: 2 });
  assert.equal(await read(node, at("~~1")), "one");
  await put(node, "three", { onlyOver: "none" });
  assert.equal(await read(node), "three");
  assert.deepEqual(node.index.history(PLAN, { from: 1, limit: 9 }).map((one) => one.content === undefined), [
    false,
    true,
    false,
  ]);
});

Deno.test("remove() of another member's version takes level coordination, here and in every fold", async () => {
  const gate = new OpenGate();
  const content = new MemoryContent();
  await using ana = createTestContext({ gate, content, seed: 1 });
  await using eve = createTestContext({ gate, content, seed: 2, level: "suggestion" });
  gate.assign(eve.self, { role: "developer", level: "suggestion", binaryType: "agent" });
  const version = await put(ana, "ana's");
  await eve.pull(ana);
  await rejectsWith(eve.context.remove(PLAN), "not_allowed");
  // a program of hers that does not ask
  await eve.journal.append({
    kind: "context_deleted",
    topic: "bzzz/context/v1",
    body: { address: formatAddress(PLAN), previous: version.entry },
  });
  await put(eve, "eve's");
  await eve.context.remove(PLAN);
  await ana.pull(eve);

  for (const node of [ana, eve]) {
    const history = node.index.history(PLAN, { from: 1, limit: 9 });
    assert.deepEqual(history.map((one) => one.content !== undefined), [true, true, false]);
  }
});

Deno.test("concurrent writers: every version kept, one order on all nodes", async () => {
  const [a, b, c] = mesh(3) as [TestContext, TestContext, TestContext];
  await using _a = a;
  await using _b = b;
  await using _c = c;
  for (let round = 0; round < 5; round++) {
    await Promise.all([put(a, `a${round}`), put(b, `b${round}`), put(c, `c${round}`)]);
    if (round === 2) await b.pull(a);
  }
  await c.pull(a);
  await c.pull(b);
  for (const node of [a, b]) await node.pull(c);

  const orders = await Promise.all([a, b, c].map(async (node) => {
    const history = node.index.history(PLAN, { from: 1, limit: 99 });
    return await Promise.all(history.map(async (one) => utf8Decode((await node.context.open(one)).bytes)));
  }));
  assert.equal(orders[0]?.length, 15);
  assert.deepEqual(orders[1], orders[0]);
  assert.deepEqual(orders[2], orders[0]);
});

Deno.test("versions do not depend on the order in which entries come", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(1), fc.constantFrom("put", "remove", "pull")), { maxLength: 12 }),
      async (steps) => {
        const [a, b, late] = mesh(3) as [TestContext, TestContext, TestContext];
        await using _a = a;
        await using _b = b;
        await using _late = late;
        for (const [who, what] of steps) {
          const [node, other] = who === 0 ? [a, b] : [b, a];
          if (what === "put") await put(node, "text");
          else if (what === "pull") await node.pull(other);
          else await node.context.remove(PLAN).catch((error) => assert.ok(error instanceof BzzzError));
        }
        await late.pull(b);
        await late.pull(a);
        await a.pull(b);
        await b.pull(a);
        const [first, ...rest] = [a, b, late].map((node) =>
          node.index.history(PLAN, { from: 1, limit: 99 }).map(({ n, entry }) => [n, entry])
        );
        for (const one of rest) assert.deepEqual(one, first);
      },
    ),
    { numRuns: 15 },
  );
});

Deno.test("read() without the role is refused; nothing of the content is in the entry, the index or the store", async () => {
  const [writer, reader] = mesh(2) as [TestContext, TestContext];
  await using _writer = writer;
  await using _reader = reader;
  reader.sealer.role = "developer";
  const secret = "the secret marker 8c1f";
  await put(writer, secret, { audience: ["reviewer"] });
  await reader.pull(writer);

  await rejectsWith(reader.context.read(PLAN), "not_a_recipient");
  assert.equal(await read(writer), secret);
  for (const suffix of ["", "-wal"]) {
    const bytes = await Deno.readFile(`${reader.test.store.path}${suffix}`);
    assert.equal(new TextDecoder("latin1").decode(bytes).includes("secret marker"), false, suffix);
  }
});

Deno.test("read() tells a missing content from a damaged one and from one that was exchanged", async () => {
  await using node = createTestContext();
  const version = await put(node, "one");
  const other = await put(node, "two");
  const [hash, otherHash] = [version.content?.sealed ?? "", other.content?.sealed ?? ""];
  const [sealed, otherSealed] = [node.content.contents.get(hash), node.content.contents.get(otherHash)];
  assert.ok(sealed && otherSealed);

  node.content.contents.delete(hash);
  await rejectsWith(node.context.read(at("*~")), "content_unavailable", { version: 1 });
  node.content.contents.set(hash, sealed.subarray(3));
  await rejectsWith(node.context.read(at("*~")), "content_damaged");
  node.content.contents.set(hash, otherSealed);
  await rejectsWith(node.context.read(at("*~")), "content_damaged");
});

Deno.test("put() refuses what does not fit before it seals anything", async () => {
  await using node = createTestContext({ maxContentBytes: 10 });

  await rejectsWith(put(node, "eleven byte"), "content_too_large", { max_bytes: 10 });
  await rejectsWith(put(node, "x", { audience: [] }), "invalid_audience");
  await rejectsWith(put(node, "x", { audience: ["wizard"] }), "invalid_audience");
  for (const mediaType of ["", "text", "text/plain; ", "a/b\n", "text/plain;x", "é/x", `a/${"b".repeat(200)}`]) {
    const bytes = utf8Encode("x");
    await rejectsWith(node.context.put(PLAN, { bytes, mediaType, audience: ["admin"] }), "invalid_media_type");
  }
  assert.equal(node.content.contents.size, 0);
  assert.equal(node.journal.stats().entries, 0);
});

Deno.test("the index goes on after a restart, and is made anew when it is lost", async () => {
  await using node = createTestContext({ isIndexed: false });
  const author = createTestContext({ gate: new OpenGate(), seed: 7 });
  await using _author = author;
  await put(author, "one");
  await put(author, "two", { path: "other" });
  await node.pull(author);
  assert.equal(node.index.size, 0);

  node.index.start();

  assert.equal(node.index.size, 2);
  assert.equal(node.index.lastCursor(), 2);
  assert.equal(node.index.latest(PLAN)?.n, 1);
});

Deno.test("list() finds by pattern, in pages, what is there now", async () => {
  await using node = createTestContext();
  const paths = ["", "a", "docs/a", "docs/b", "docs/b/c", "src/a"];
  for (const path of paths) await put(node, path, { path });
  await node.context.remove({ ...PLAN, path: "docs/b" });
  const list = (pattern: string, options: Partial<Parameters<typeof node.index.list>[1]> = {}) =>
    node.index.list(parseAddress(pattern), { limit: 100, ...options });
  const pathsOf = (pattern: string) => list(pattern).items.map((one) => one.address.path);

  assert.deepEqual(pathsOf("ucxl://any:any@any:any"), paths);
  assert.deepEqual(pathsOf("ucxl://basil:any@shop:any/docs/*"), ["docs/a", "docs/b"]);
  assert.deepEqual(pathsOf("ucxl://basil:any@shop:any/docs/**"), ["docs/a", "docs/b", "docs/b/c"]);
  assert.deepEqual(pathsOf("ucxl://any:any@any:any/*/a"), ["docs/a", "src/a"]);
  assert.deepEqual(pathsOf("ucxl://atlas:any@any:any"), []);
  assert.deepEqual(pathsOf("ucxl://basil:developer@shop:checkout/docs/a"), ["docs/a"]);
  const live = list("ucxl://any:any@any:any", { accepts: (one) => one.content !== undefined, limit: 2 });
  const rest = list("ucxl://any:any@any:any", {
    accepts: (one) => one.content !== undefined,
    ...(live.next ? { after: live.next } : {}),
  });
  assert.deepEqual([...live.items, ...rest.items].map((one) => one.address.path), [
    "",
    "a",
    "docs/a",
    "docs/b/c",
    "src/a",
  ]);
});

Deno.test("version:stored tells of others' versions, once each", async () => {
  const [a, b] = mesh(2) as [TestContext, TestContext];
  await using _a = a;
  await using _b = b;
  const seen: string[] = [];
  b.index.events.on("version:stored", ({ version }) => seen.push(formatAddress(version.address)));

  await put(a, "one");
  await b.pull(a);
  await b.pull(a);

  assert.deepEqual(seen, [formatAddress(PLAN)]);
});
