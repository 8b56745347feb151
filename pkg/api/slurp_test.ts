import assert from "node:assert/strict";
import { createApi } from "@bzzz/api";
import { FakeMesh, TEST_READ_TOKEN, TEST_WRITE_TOKEN } from "@bzzz/api/testing";
import { createSeededRandom, ManualClock } from "@bzzz/base/testing";
import { createNullLogger } from "@bzzz/logging";

const PLAN = "ucxl://basil:developer@shop:pay/*^/plan.md";

function setUp() {
  const deps = { clock: new ManualClock(), random: createSeededRandom(1) };
  const mesh = new FakeMesh(deps);
  const api = createApi({ ...deps, mesh, logger: createNullLogger() }, {
    tokens: [{ token: TEST_WRITE_TOKEN, scope: "write" }, { token: TEST_READ_TOKEN, scope: "read" }],
    version: "0.1.0",
  });
  const call = async (method: string, path: string, options: { token?: string; body?: unknown } = {}) => {
    const response = await api.fetch(
      new Request(`http://127.0.0.1/api/v1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${options.token ?? TEST_WRITE_TOKEN}`,
          ...(options.body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      }),
    );
    return { status: response.status, body: await response.json() };
  };
  return { mesh, call };
}

Deno.test("derived context is read with a read token; what is asked for reaches the node", async () => {
  const { mesh, call } = setUp();
  const read = { token: TEST_READ_TOKEN };
  const at = encodeURIComponent(PLAN);

  assert.equal((await call("GET", "/slurp", read)).body.state, "idle");
  const context = await call("GET", `/slurp/context?address=${at}&max_depth=3`, read);
  assert.deepEqual([context.status, mesh.slurp.lastQuery], [200, { address: PLAN, max_depth: 3 }]);
  await call("GET", `/slurp/graph?address=${at}&hops=4&direction=causes`, read);
  assert.deepEqual(mesh.slurp.lastQuery, { address: PLAN, hops: 4, direction: "causes" });
  assert.equal((await call("GET", `/slurp/alignment?address=${at}`, read)).body.score, 0.5);
  assert.equal((await call("GET", "/slurp/dead-letters", read)).body.items.length, 1);
  assert.equal((await call("GET", "/slurp/dead-letters/0a1b2c3d4e5f", read)).body.code, "sources_missing");
});

Deno.test("refusals of derived context have their codes", async () => {
  const { mesh, call } = setUp();
  const code = async (method: string, path: string, options: { token?: string; body?: unknown } = {}) => {
    const { status, body } = await call(method, path, options);
    return [status, body.error?.code];
  };

  assert.deepEqual(await code("GET", "/slurp/context?address=nothing"), [400, "UCXL-400-INVALID_ADDRESS"]);
  assert.deepEqual(await code("GET", "/slurp/context"), [400, "UCXL-400-INVALID_REQUEST"]);
  assert.deepEqual(await code("GET", `/slurp/graph?address=${PLAN}&hops=33`), [400, "UCXL-400-INVALID_REQUEST"]);
  assert.deepEqual(
    await code("GET", `/slurp/alignment?address=${PLAN.replace("shop", "bank")}`),
    [404, "UCXL-404-NOT_FOUND"],
  );
  assert.deepEqual(await code("GET", "/slurp/dead-letters/none"), [404, "UCXL-404-NOT_FOUND"]);
  const replay = { body: { id: "none" } };
  assert.deepEqual(await code("POST", "/slurp/dead-letters/replay", replay), [404, "UCXL-404-NOT_FOUND"]);
  assert.equal((await code("POST", "/slurp/dead-letters/replay", { ...replay, token: TEST_READ_TOKEN }))[0], 403);
  mesh.slurp.isLeader = false;
  assert.deepEqual(await code("POST", "/slurp/dead-letters/replay", { body: {} }), [409, "UCXL-409-NOT_THE_LEADER"]);
});
