import assert from "node:assert/strict";
import { ApiClient } from "@bzzz/api";
import { concatBytes, utf8Decode, utf8Encode } from "@bzzz/base";
import { createSeededRandom } from "@bzzz/base/testing";
import { createTestUcxi, TEST_WRITE_TOKEN, type TestUcxi } from "@bzzz/ucxi/testing";
import { type CommandEnvironment, createTimeFormat, runCommandLine, ShownVersions } from "./mod.ts";
import { MemorySink, TEST_PROGRAM } from "./testing.ts";

const PLAN = "ucxl://basil:developer@shop:checkout/docs/plan.md";

/** A sink that takes bytes, as a pipe does. */
class PipeSink extends MemorySink {
  bytes = new Uint8Array();

  writeBytes(bytes: Uint8Array): Promise<void> {
    this.bytes = concatBytes(this.bytes, bytes);
    return Promise.resolve();
  }
}

function shellOn(test: TestUcxi, more: Pick<CommandEnvironment, "ask" | "shown"> = {}) {
  const client = new ApiClient({
    fetch: (request) => test.server.fetch(request),
    clock: test.node.clock,
    random: createSeededRandom(1),
  }, { baseUrl: "http://localhost", token: TEST_WRITE_TOKEN });
  return async (argv: readonly string[], input?: Uint8Array | string) => {
    const [out, err] = [new PipeSink(), new MemorySink()];
    const status = await runCommandLine(TEST_PROGRAM, argv, {
      surface: "shell",
      out,
      err,
      clock: test.node.clock,
      format: createTimeFormat("UTC"),
      signal: new AbortController().signal,
      connect: () => Promise.resolve(client),
      ...more,
      ...(input === undefined
        ? {}
        : { readBytes: () => Promise.resolve(typeof input === "string" ? utf8Encode(input) : input) }),
    });
    return { status, out: out.text, bytes: out.bytes, err: err.text };
  };
}

Deno.test("ucxl put and get: words, input, bytes, versions", async () => {
  await using test = createTestUcxi();
  const run = shellOn(test);
  const binary = new Uint8Array([0, 255, 10, 13]);

  assert.match((await run(["ucxl", "put", PLAN, "first", "words"])).out, /Stored version 1 of ucxl:.*\nFor developer/);
  assert.equal((await run(["ucxl", "put", PLAN], "from input\n")).status, 0);
  assert.equal((await run(["ucxl", "put", `${PLAN}.bin`, "-"], binary)).status, 0);
  assert.equal(utf8Decode((await run(["ucxl", "get", PLAN])).bytes), "from input\n");
  assert.equal(
    utf8Decode((await run(["ucxl", "get", PLAN.replace("checkout/", "checkout/~~/")])).bytes),
    "first words",
  );
  assert.deepEqual((await run(["ucxl", "get", `${PLAN}.bin`])).bytes, binary);
  const facts = JSON.parse((await run(["ucxl", "get", PLAN, "--json"])).out);
  assert.deepEqual([facts.n, facts.total, facts.media_type, facts.content], [2, 2, "text/markdown", "from input\n"]);
  const bytes = JSON.parse((await run(["ucxl", "get", `${PLAN}.bin`, "--json"])).out);
  assert.deepEqual([bytes.content_base64, bytes.media_type], ["AP8KDQ==", "application/octet-stream"]);
});

Deno.test("ucxl put --if-match and --new end with 8 when somebody was here before", async () => {
  await using test = createTestUcxi();
  const run = shellOn(test);
  const { revision } = JSON.parse((await run(["ucxl", "put", PLAN, "one", "--json"])).out);

  assert.equal((await run(["ucxl", "put", PLAN, "two", "--if-match", revision])).status, 0);
  assert.equal((await run(["ucxl", "put", PLAN, "three", "--if-match", revision])).status, 8);
  assert.equal((await run(["ucxl", "put", PLAN, "three", "--new"])).status, 8);
  assert.equal((await run(["ucxl", "put", PLAN, "three", "--new", "--if-match", "x"])).status, 2);
  assert.equal((await run(["ucxl", "put", PLAN, "x", "--audience", "wizard"])).status, 8);
});

Deno.test("a wrong address ends with 8 and a mark under the character", async () => {
  await using test = createTestUcxi();
  const run = shellOn(test);

  const wrong = await run(["ucxl", "get", "ucxl://basil:developer@shop"]);
  const wild = await run(["ucxl", "put", "ucxl://any:developer@shop:checkout", "x"]);
  const json = JSON.parse((await run(["ucxl", "ls", "ucxl://a:b@c:d//", "--json"])).err);

  assert.equal(wrong.status, 8);
  assert.deepEqual(wrong.err.split("\n").slice(1, 3), [
    "  ucxl://basil:developer@shop",
    `  ${" ".repeat(27)}^`,
  ]);
  assert.match(wrong.err, /at character 28 \(project\) found the end, expected ":"/);
  assert.equal(wild.status, 8);
  assert.match(wild.err, /wildcard/);
  assert.deepEqual([json.error.code, json.error.details.position], ["invalid_address", 15]);
});

Deno.test("ucxl statuses: not there 3, past an end 3, deleted 3, not a recipient 4", async () => {
  await using test = createTestUcxi();
  const run = shellOn(test);
  await run(["ucxl", "put", PLAN, "one", "--audience", "admin"]);

  assert.equal((await run(["ucxl", "get", `${PLAN}x`])).status, 3);
  const past = await run(["ucxl", "get", PLAN.replace("checkout/", "checkout/~~5/")]);
  assert.equal(past.status, 3);
  assert.match(past.err, /the nearest is 1/);
  test.node.sealer.role = "developer";
  assert.equal((await run(["ucxl", "get", PLAN])).status, 4);
  assert.match((await run(["ucxl", "rm", PLAN])).out, /with version 2/);
  assert.equal((await run(["ucxl", "get", PLAN])).status, 3);
  assert.equal((await run(["ucxl", "put", PLAN])).status, 2);
});

Deno.test("ucxl ls, history, diff, search, watch", async () => {
  await using test = createTestUcxi();
  const run = shellOn(test);
  await run(["ucxl", "put", PLAN], "one\ntwo\n");
  await run(["ucxl", "put", PLAN], "one\n2\n");
  await run(["ucxl", "put", "ucxl://basil:developer@shop:checkout/a.json"], '{"a":1}');
  await run(["ucxl", "put", "ucxl://basil:developer@shop:checkout/a.json"], '{"a":[2]}');

  assert.match((await run(["ucxl", "ls"])).out, /ADDRESS .*\n.*\/a\.json .*\n.*plan\.md +2 /);
  assert.equal((await run(["ucxl", "ls", "ucxl://any:any@any:any/docs/*", "--json"])).out.split("\n").length, 2);
  assert.match((await run(["ucxl", "history", PLAN])).out, /N .*\n1 +.*basil +8 +developer .*\n2 /);
  assert.deepEqual((await run(["ucxl", "diff", PLAN])).out.split("\n").slice(0, 6), [
    "--- version 1",
    "+++ version 2",
    "@@ -1,2 +1,2 @@",
    " one",
    "-two",
    "+2",
  ]);
  assert.match((await run(["ucxl", "diff", "ucxl://basil:developer@shop:checkout/a.json"])).out, /! \/a: 1 → \[2\]/);
  assert.equal((await run(["ucxl", "diff", PLAN, "later"])).status, 8);
  assert.match((await run(["ucxl", "search", "one"])).out, /plan\.md \(version 2\)\n.*\[one\]/);
  assert.match((await run(["ucxl", "search", "nowhere"])).out, /Nothing found/);
  const seen = (await run(["ucxl", "watch", "--after", "0", "--limit", "2", "--json"])).out.trim().split("\n");
  assert.deepEqual(seen.map((line) => JSON.parse(line).n), [1, 2]);
});

Deno.test("a vote is on the version that was seen, and not on what was written over it", async () => {
  await using test = createTestUcxi();
  const answers: (() => Promise<string>)[] = [];
  const ask = async () => await answers.shift()?.();
  const [script, person, portal] = [
    shellOn(test),
    shellOn(test, { ask }),
    shellOn(test, { shown: new ShownVersions() }),
  ];
  await script(["decide", "propose", "Use", "cards", "--quorum", "3"]);
  const [item] = await test.client.decisions({});
  const { version: { address, citation: first }, record } = item ?? assert.fail();
  const rewrite = async (title: string) => {
    const text = JSON.stringify({ v: 1, ...record, title });
    await test.client.put(address, utf8Encode(text), { mediaType: "application/json" });
  };
  const votes = async () => (await test.client.decision(address)).votes.length;

  assert.equal((await script(["decide", "vote", address, "defer"])).status, 0, "there has been no other");
  assert.match((await portal(["decide", "show", address])).out, /Use cards/);
  answers.push(() => Promise.resolve("y"));
  assert.match((await person(["decide", "vote", address, "defer"])).out, /^Decision: Use cards\n[^]*\nVoted defer/);
  await rewrite("Use cash");

  const unseen = await script(["decide", "vote", address, "approve"]);
  const shown = await portal(["decide", "vote", address, "approve"]);
  assert.deepEqual([unseen.status, shown.status], [2, 3]);
  assert.match(unseen.err, /give its citation, from decide show/);
  assert.match(shown.err, /look again with decide show/);
  assert.equal(await votes(), 0, "on what stands there now");
  answers.push(async () => {
    await rewrite("Use nothing");
    return "y";
  });
  const asked = await person(["decide", "vote", address, "approve"]);
  assert.equal(asked.status, 3, asked.err);
  assert.equal(await votes(), 0);
  assert.equal((await script(["decide", "vote", first, "approve"])).status, 0, "it is named");
});

Deno.test("decide propose, list, show, vote", async () => {
  await using test = createTestUcxi();
  const run = shellOn(test);

  const proposed = await run(["decide", "propose", "Use", "a", "queue", "--summary", "It is bounded.", "--json"]);
  const { address } = JSON.parse(proposed.out).version;
  assert.match(
    (await run(["decide", "propose", "y", "--quorum", "4"])).out,
    /^Put to the vote: ucxl:.*\nCloses with 4 equal votes; can vote: 3 members now \(developer and the roles above\), fewer than/,
  );
  assert.match(
    (await run(["decide", "show", address])).out,
    /\nVoters: 3 members now \(developer and the roles above\)\n/,
  );
  assert.match((await run(["decide", "list"])).out, /open +0\+ 0- +basil +Use a queue +ucxl:/);
  assert.match((await run(["decide", "vote", address, "approve", "--reason", "yes"])).out, /approved by basil/);
  assert.equal((await run(["decide", "vote", address, "reject"])).status, 3);
  assert.equal((await run(["decide", "vote", address, "maybe"])).status, 2);
  const shown = (await run(["decide", "show", address])).out;
  assert.match(shown, /State: approved by basil\n/);
  assert.match(shown, /It is bounded\.[\s\S]*basil approve \(binding\): yes/);
  assert.equal((await run(["decide", "propose", "x", "--cite", "ucxl://a:b@c:d/x"])).status, 8);
});

Deno.test("browse shows a content, what lies below an address, a version, a difference", async () => {
  await using test = createTestUcxi();
  const run = shellOn(test);
  await run(["ucxl", "put", PLAN, "one"]);
  await run(["ucxl", "put", PLAN, "two"]);
  const folder = PLAN.replace(/\/[^/]*$/, "");

  const latest = await run(["browse", PLAN]);
  assert.deepEqual([utf8Decode(latest.bytes), latest.err], [
    "two",
    `${PLAN.replace("/docs", "/*^/docs")}, version 2 of 2, text/markdown, by basil\n`,
  ]);
  assert.deepEqual([
    utf8Decode((await run(["browse", PLAN, "--raw", "--at", "*~1"])).bytes),
    (await run(["browse", PLAN, "--raw"])).err,
  ], ["one", ""]);
  assert.match((await run(["browse", PLAN, "--diff", "*~1", "*~2"])).out, /-one\n[\s\S]*\+two/);
  assert.match((await run(["browse", folder])).out, /^ADDRESS[\s\S]*plan\.md/);
  assert.match((await run(["browse"])).out, /plan\.md/);
  assert.equal((await run(["browse", `${PLAN}x`])).status, 3);
  assert.equal((await run(["browse", PLAN, "*~1"])).status, 2);
  assert.equal((await run(["browse", "--at", "*~1"])).status, 2);
  assert.equal((await run(["browse", PLAN, "--at", "yesterday"])).status, 8);
  await run(["decide", "propose", "Use", "a", "queue"]);
  assert.match((await run(["log"])).out, /Use a queue/);
});

Deno.test("ucxl export and import", async () => {
  await using test = createTestUcxi();
  const run = shellOn(test);
  await run(["ucxl", "put", PLAN, "text"]);
  const { bytes } = await run(["ucxl", "export", PLAN]);

  assert.equal((await run(["ucxl", "import", `${PLAN}.copy`], bytes)).status, 0);
  assert.equal(utf8Decode((await run(["ucxl", "get", `${PLAN}.copy`])).bytes), "text");
  assert.equal((await run(["ucxl", "import", `${PLAN}.other`], "nonsense")).status, 8);
});
