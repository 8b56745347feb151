import assert from "node:assert/strict";
import { utf8Decode, utf8Encode } from "@bzzz/base";
import { ApiError } from "@bzzz/http";
import { createTestUcxi, TEST_READ_TOKEN, TEST_WRITE_TOKEN, type TestUcxi } from "@bzzz/ucxi/testing";

const PLAN = "ucxl://basil:developer@shop:checkout/docs/plan.md";

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Of the body: "response" or "error". */
  // deno-lint-ignore no-explicit-any -- bodies are what is looked at
  readonly json: any;
}

async function call(
  { server }: TestUcxi,
  method: string,
  route: string,
  options: { token?: string | undefined; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  const token = "token" in options ? options.token : TEST_WRITE_TOKEN;
  const response = await server.fetch(
    new Request(`http://localhost:8082/ucxi/v1${route}`, {
      method,
      headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...options.headers },
      ...(options.body === undefined ? {} : { body: options.body }),
    }),
  );
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json");
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: isJson && text.startsWith("{") ? JSON.parse(text) : undefined,
  };
}

function content(address = PLAN, more = ""): string {
  return `/content?address=${encodeURIComponent(address)}${more}`;
}

function put(test: TestUcxi, body: string, headers: Record<string, string> = {}, address = PLAN): Promise<Answer> {
  return call(test, "PUT", content(address), { body, headers: { "content-type": "text/markdown", ...headers } });
}

Deno.test("PUT and GET: codes, bodies, entity tags, and who wrote what", async () => {
  await using test = createTestUcxi();
  const stored = await put(test, "one");
  const read = await call(test, "GET", content(), { token: TEST_READ_TOKEN });

  assert.equal(stored.status, 201);
  const { code, data, request_id: requestId, timestamp } = stored.json.response;
  assert.equal(code, "UCXL-201-CREATED");
  assert.match(requestId, /^[0-9A-Z]{26}$/);
  assert.match(timestamp, /^\d{4}-\d\d-\d\dT/);
  assert.deepEqual([data.n, data.total, data.size, data.media_type], [1, 1, 3, "text/markdown"]);
  assert.deepEqual(data.audience, ["developer"]);
  assert.equal(data.author.agent_id, "basil");
  assert.equal(read.text, "one");
  assert.equal(read.headers.get("etag"), `"${data.revision}"`);
  assert.equal(read.headers.get("content-type"), "text/markdown");
  assert.equal(read.headers.get("ucxl-version"), "1");
  assert.equal(read.headers.get("ucxl-author"), "basil");
  assert.match(read.headers.get("content-security-policy") ?? "", /sandbox/);
});

Deno.test("conditional writes: If-Match, If-None-Match, POST", async () => {
  await using test = createTestUcxi();
  const first = (await put(test, "one")).json.response.data.revision;

  assert.equal((await put(test, "x", { "if-none-match": "*" })).json.error.code, "UCXL-409-ALREADY_EXISTS");
  assert.equal((await call(test, "POST", content(), { body: "x" })).json.error.code, "UCXL-409-ALREADY_EXISTS");
  assert.equal((await put(test, "two", { "if-match": `"${first}"` })).status, 201);
  const stale = await put(test, "three", { "if-match": `"${first}"` });
  assert.equal(stale.status, 412);
  assert.equal(stale.json.error.code, "UCXL-412-PRECONDITION_FAILED");
  assert.equal(stale.json.error.details.version, 2);
  assert.equal((await put(test, "three", { "if-match": "*" })).status, 201);
  for (const tag of ["x", '"a", "b"', '"a"b', "W/", '"']) {
    assert.equal((await put(test, "x", { "if-match": tag })).json.error.code, "UCXL-400-INVALID_REQUEST", tag);
  }
  assert.equal((await put(test, "x", { "if-none-match": '"a"' })).status, 400);
});

Deno.test("conditional reads and ranges", async () => {
  await using test = createTestUcxi();
  const { revision } = (await put(test, "0123456789")).json.response.data;
  const get = (headers: Record<string, string>) => call(test, "GET", content(), { headers });

  const unchanged = await get({ "if-none-match": `"x", W/"${revision}"` });
  assert.deepEqual([unchanged.status, unchanged.text], [304, ""]);
  assert.equal((await get({ "if-none-match": '"x"' })).status, 200);
  const cases: readonly [range: string, text: string, span?: string][] = [
    ["bytes=0-3", "0123", "bytes 0-3/10"],
    ["bytes=7-", "789", "bytes 7-9/10"],
    ["bytes=-2", "89", "bytes 8-9/10"],
    ["bytes=-99", "0123456789", "bytes 0-9/10"],
    ["bytes=5-99", "56789", "bytes 5-9/10"],
    ["bytes=0-1,3-4", "0123456789"],
    ["bytes=5-2", "0123456789"],
    ["lines=1-2", "0123456789"],
    ["bytes=-", "0123456789"],
  ];
  for (const [range, text, span] of cases) {
    const answer = await get({ range });
    assert.equal(answer.text, text, range);
    assert.equal(answer.status, span === undefined ? 200 : 206, range);
    assert.equal(answer.headers.get("content-range") ?? undefined, span, range);
  }
  const beyond = await get({ range: "bytes=10-" });
  assert.equal(beyond.json.error.code, "UCXL-416-RANGE_NOT_SATISFIABLE");
  assert.equal(beyond.json.error.details.content_range, "bytes */10");
  assert.equal((await get({ "range": "bytes=0-3", "if-range": '"other"' })).status, 200);
  assert.equal((await get({ "range": "bytes=0-3", "if-range": `"${revision}"` })).status, 206);
});

Deno.test("DELETE writes a version; what was before can be read", async () => {
  await using test = createTestUcxi();
  await put(test, "one");

  const gone = await call(test, "DELETE", content());

  assert.equal(gone.json.response.data.is_deleted, true);
  assert.equal((await call(test, "GET", content())).json.error.code, "UCXL-410-DELETED");
  assert.equal((await call(test, "DELETE", content())).json.error.code, "UCXL-410-DELETED");
  assert.equal((await call(test, "GET", content(PLAN.replace("checkout/", "checkout/~~/")))).text, "one");
});

Deno.test("a wrong address is refused with its place, what was found and what is expected", async () => {
  await using test = createTestUcxi();

  const wrong = await call(test, "GET", content("ucxl://basil:developer@shop"));
  const wild = await put(test, "x", {}, "ucxl://any:developer@shop:checkout");

  assert.equal(wrong.status, 400);
  assert.deepEqual(wrong.json.error.details, {
    position: 27,
    field: "project",
    found: "the end",
    expected: '":" or one more of letters, digits and -._',
  });
  assert.deepEqual([wrong.json.error.source, wrong.json.error.path], ["ucxi", "/ucxi/v1/content"]);
  assert.equal(wild.json.error.code, "UCXL-400-WILDCARD_NOT_ALLOWED");
  const cases: readonly [method: string, route: string, code: string][] = [
    ["GET", "/content", "UCXL-400-INVALID_REQUEST"],
    ["GET", content(PLAN, "&x=1"), "UCXL-400-INVALID_REQUEST"],
    ["GET", content(PLAN), "UCXL-404-NOT_FOUND"],
    ["GET", "/nothing", "UCXL-404-NOT_FOUND"],
    ["GET", `/history?address=${encodeURIComponent(PLAN)}&limit=0`, "UCXL-400-INVALID_REQUEST"],
    ["GET", "/list?pattern=x", "UCXL-400-INVALID_ADDRESS"],
    ["GET", "/subscribe?pattern=x", "UCXL-400-INVALID_ADDRESS"],
    ["HEAD", "/subscribe", ""],
    ["PUT", content(PLAN, "&audience=wizard"), "UCXL-400-INVALID_AUDIENCE"],
    ["PUT", content(PLAN, "&audience="), "UCXL-400-INVALID_AUDIENCE"],
  ];
  for (const [method, route, code] of cases) {
    const answer = await call(test, method, route, method === "PUT" ? { body: "x" } : {});
    if (code !== "") assert.equal(answer.json?.error.code, code, `${method} ${route}`);
    else assert.equal(answer.status, 400);
  }
});

Deno.test("tokens, Host and sizes", async () => {
  await using test = createTestUcxi();

  assert.equal((await call(test, "GET", content(), { token: undefined })).status, 401);
  assert.equal((await call(test, "PUT", content(), { token: TEST_READ_TOKEN, body: "x" })).status, 403);
  assert.equal((await call(test, "GET", "/status", { headers: { host: "evil.example" } })).status, 403);
  assert.equal((await call(test, "GET", "/health", { token: undefined })).json.response.data.status, "ok");
  assert.equal(
    (await call(test, "GET", "/health", { token: undefined, headers: { host: "evil.example" } })).status,
    403,
  );
  const large = await put(test, "x".repeat(4097));
  assert.equal(large.json.error.code, "UCXL-413-BODY_TOO_LARGE");
  assert.equal((await put(test, "x", { "content-type": "nonsense" })).json.error.code, "UCXL-400-INVALID_MEDIA_TYPE");
});

Deno.test("history, navigate, diff of text and of JSON", async () => {
  await using test = createTestUcxi();
  for (const text of ["a\nb\nc\n", "a\nB\nc\n", "a\nB\nc\nd\n"]) await put(test, text);
  const { client } = test;

  const history = await client.history(PLAN, { from: 2, limit: 10 });
  assert.deepEqual(history.items.map((one) => [one.n, one.is_concurrent]), [[2, false], [3, false]]);
  const step = await client.navigate(PLAN, "~~");
  assert.deepEqual([step.version.n, step.previous?.includes("/*~/"), step.next?.includes("/*~3/")], [2, true, true]);
  const diff = await client.diff(PLAN, { from: "~~2" });
  assert.deepEqual(diff.lines?.[0]?.lines.filter((line) => line.type !== "same").map((line) => line.text), [
    "b\n",
    "B\n",
    "d\n",
  ]);
  await assert.rejects(client.navigate(PLAN, "~~9"), (error) => {
    assert.ok(error instanceof ApiError);
    assert.deepEqual([error.code, error.status, error.data["nearest"]], ["version_out_of_bounds", 422, 1]);
    return true;
  });
  await assert.rejects(client.diff(PLAN, { from: "~~/x" }), { code: "invalid_address" });
  await assert.rejects(client.navigate(PLAN, "later"), { code: "invalid_address" });
  const json = "ucxl://basil:developer@shop:checkout/plan.json";
  for (const value of [{ a: 1 }, { a: 2 }]) {
    await client.put(json, utf8Encode(JSON.stringify(value)), { mediaType: "application/json" });
  }
  assert.deepEqual((await client.diff(json)).changes, [{ type: "changed", path: "/a", before: 1, after: 2 }]);
});

Deno.test("list, discover, query and announce", async () => {
  await using test = createTestUcxi();
  const { client } = test;
  for (const path of ["a", "b", "c"]) {
    await client.put(`ucxl://basil:developer@shop:checkout/${path}`, utf8Encode(`text of ${path}${path}${path}`), {
      mediaType: path === "c" ? "text/html" : "text/plain",
    });
  }
  const everything = "ucxl://any:any@any:any";

  const first = await client.list(everything, { limit: 2 });
  const rest = await client.list(everything, { limit: 2, ...(first.next ? { after: first.next } : {}) });
  assert.deepEqual([...first.items, ...rest.items].map((one) => one.address.slice(-1)), ["a", "b", "c"]);
  assert.equal(rest.next, undefined);
  assert.equal((await client.discover(everything)).items[0]?.providers[0]?.agent_id, "basil");
  const found = await client.query({ text: "text of bbb" });
  assert.deepEqual([found.items.length, found.is_complete, found.seen], [1, true, 3]);
  assert.ok(found.items[0]?.snippet?.includes("\u0002bbb\u0003"));
  assert.deepEqual((await client.query({ type: "text/html" })).items.map((one) => one.address.slice(-1)), ["c"]);
  assert.equal((await client.query({ since: Number.MAX_SAFE_INTEGER })).items.length, 0);
  await client.announce("ucxl://basil:developer@shop:checkout/a");
  assert.equal(test.providers.announced.length, 1);
  await assert.rejects(client.announce("ucxl://basil:developer@shop:checkout/x"), { code: "not_found" });
});

Deno.test("subscribe goes on where it was, by pattern", async () => {
  await using test = createTestUcxi();
  const { client } = test;
  const write = (path: string) => client.put(`ucxl://basil:developer@shop:checkout/${path}`, utf8Encode(path));
  await write("docs/a");
  const seen: string[] = [];
  const abort = new AbortController();

  for await (
    const event of client.subscribe({ pattern: "ucxl://any:any@any:any/docs/**", after: 0 }, { signal: abort.signal })
  ) {
    if (event.type !== "version") continue;
    seen.push(event.version.address.slice(-6));
    if (seen.length === 1) {
      await write("src/b");
      await write("docs/c");
    } else break;
  }

  assert.deepEqual(seen, ["docs/a", "docs/c"]);
});

Deno.test("what this node may not read is refused; its metadata are not", async () => {
  await using test = createTestUcxi();
  await test.client.put(PLAN, utf8Encode("secret"), { audience: ["admin"] });
  test.node.sealer.role = "developer";

  await assert.rejects(test.client.get(PLAN), { code: "not_a_recipient", status: 403 });
  await assert.rejects(test.client.export(PLAN), { code: "not_a_recipient" });
  assert.equal((await test.client.history(PLAN)).total, 1);
});

Deno.test("export gives what the sealer seals, of the content alone", async () => {
  await using test = createTestUcxi();
  await test.client.put(PLAN, utf8Encode("text"));

  const sealed = await test.client.export(PLAN);

  const opened = await test.node.sealer.open(sealed);
  assert.ok(opened !== "denied");
  assert.equal(utf8Decode(opened), "text");
});

Deno.test("import writes what was exported, and nothing of what cannot be opened", async () => {
  await using test = createTestUcxi();
  await test.client.put(PLAN, utf8Encode("text"));
  const sealed = await test.client.export(PLAN);
  const copy = PLAN.replace("plan.md", "copy.md");

  await test.client.import(copy, sealed, { mediaType: "text/markdown" });
  test.node.sealer.role = "observer";

  await assert.rejects(test.client.import(`${copy}x`, sealed), { code: "not_a_recipient" });
  await assert.rejects(test.client.import(`${copy}x`, utf8Encode("no file")), { code: "malformed", status: 422 });
  test.node.sealer.role = "admin";
  assert.equal(utf8Decode((await test.client.get(copy)).bytes), "text");
  assert.equal(test.node.index.size, 2);
});

Deno.test("the document names every route with its codes", async () => {
  await using test = createTestUcxi();

  const document = JSON.parse((await call(test, "GET", "/openapi.json")).text);

  const routes = Object.entries<Record<string, unknown>>(document.paths)
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path.slice("/ucxi/v1".length)}`));
  assert.deepEqual(routes.sort(), [
    "delete /content",
    "get /content",
    "get /decision",
    "get /decisions",
    "get /diff",
    "get /discover",
    "get /export",
    "get /health",
    "get /history",
    "get /list",
    "get /navigate",
    "get /openapi.json",
    "get /query",
    "get /status",
    "get /subscribe",
    "post /announce",
    "post /content",
    "post /decisions",
    "post /decisions/vote",
    "post /import",
    "put /content",
  ]);
});

Deno.test("decisions: the majority is that of those who may vote and can read it", async () => {
  await using test = createTestUcxi();
  const { client } = test;

  const forAll = await client.propose({ title: "Use a queue" });
  const forAdmins = await client.propose({ title: "Give Ana a raise", audience: ["admin"] });

  assert.deepEqual([forAll.version.audience, forAll.may_vote, forAll.record?.voting?.quorum], [["developer"], 3, 2]);
  assert.deepEqual([forAdmins.version.audience, forAdmins.may_vote, forAdmins.record?.voting?.quorum], [
    ["admin"],
    1,
    1,
  ]);
});

Deno.test("decisions: proposed, voted on, listed; a closed one takes no vote", async () => {
  await using test = createTestUcxi();
  const { client } = test;

  const proposed = await client.propose({ title: "Use a queue", summary: "because", quorum: 2 });
  const { address } = proposed.version;
  assert.match(
    address,
    /^ucxl:\/\/basil:developer@shop:decisions\/\*\^\/decisions\/\d{4}-\d\d-\d\d-use-a-queue\.json$/,
  );
  await assert.rejects(client.propose({ title: "Use a queue" }), { code: "already_exists" });
  const source = { address: "ucxl://a:b@c:d/x" };
  await assert.rejects(client.propose({ title: "x", citations: [source] }), { code: "invalid_decision" });
  assert.equal((await client.decisions({ state: "open" })).length, 1);

  const voted = await client.vote({ address, vote: "approve", reason: "it is bounded" });

  assert.deepEqual([voted.state, voted.closed_by, voted.bound_by], ["approved", "binding", "basil"]);
  assert.deepEqual(voted.votes.map((one) => [one.vote, one.is_binding, one.reason]), [[
    "approve",
    true,
    "it is bounded",
  ]]);
  await assert.rejects(client.vote({ address, vote: "reject" }), { code: "decision_closed", status: 409 });
  await assert.rejects(client.vote({ address: `${address}x`, vote: "reject" }), { code: "not_found" });
  assert.equal((await client.decision(address)).record?.title, "Use a queue");
});
