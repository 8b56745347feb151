import assert from "node:assert/strict";
import { createSystemClock } from "@bzzz/base";
import { createSeededRandom } from "@bzzz/base/testing";
import { createTestLogger } from "@bzzz/logging";
import { askForChoice, orderFor } from "./choice.ts";
import { model } from "./testdata/desk.ts";

const PURPOSE = { kind: "work", title: "Name it", requiredCapabilities: ["review"] } as const;

Deno.test("models meant for what a task requires come first, those meant for something else last", () => {
  const models = [
    model("coder", { capabilities: ["code"] }),
    model("plain"),
    model("judge", { capabilities: ["review", "law"] }),
  ];
  const order = (requiredCapabilities: readonly string[]) =>
    orderFor(models, { requiredCapabilities }).map(({ name }) => name);

  assert.deepEqual(order(["review"]), ["judge", "plain", "coder"]);
  assert.deepEqual(order(["code"]), ["coder", "plain", "judge"]);
  assert.deepEqual(order([]), ["plain", "coder", "judge"]);
});

/** What comes of a choice by a web hook that answers so. */
async function choose(respond: (request: Request) => Response | Promise<Response>, timeoutMs = 30_000) {
  const asked: unknown[] = [];
  const ended = new AbortController();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {}, signal: ended.signal },
    async (request) => {
      asked.push(await request.json());
      return await respond(request);
    },
  );
  const { logger, records } = createTestLogger();
  try {
    const deps = {
      fetch: (request: Request) => fetch(request),
      clock: createSystemClock(),
      random: createSeededRandom(1),
      logger,
    };
    const url = `http://127.0.0.1:${server.addr.port}/choose`;
    const models = [model("a"), model("b"), model("c")];
    const order = await askForChoice(deps, { url, timeoutMs }, models, PURPOSE, undefined);
    return { order: order.map(({ name }) => name).join(""), asked, warned: records.length };
  } finally {
    ended.abort();
    await server.finished;
  }
}

Deno.test("S-30 the web hook chooses among the models; the rest stay behind it as they were", async () => {
  const { order, asked, warned } = await choose(() => Response.json({ model: "c", why: "cheap" }));

  assert.deepEqual([order, warned], ["cab", 0]);
  assert.deepEqual(asked, [{
    v: 1,
    models: ["a", "b", "c"],
    task: { kind: "work", title: "Name it", required_capabilities: ["review"] },
  }]);
});

Deno.test("S-30 a web hook without a usable answer in time changes nothing, and is asked once", async () => {
  const bad: readonly (() => Response | Promise<Response>)[] = [
    () => Response.json({ model: "unknown" }),
    () => Response.json(["c"]),
    () => new Response("<html>"),
    () => new Response("", { status: 500 }),
    () => new Response(null, { status: 307, headers: { location: "/elsewhere" } }),
    () => new Promise<Response>(() => {}),
  ];
  for (const respond of bad) {
    const { order, asked, warned } = await choose(respond, 200);

    assert.deepEqual([order, asked.length, warned], ["abc", 1, 1], String(respond));
  }
});

Deno.test("who stops while the web hook thinks gets the reason", async () => {
  const stop = new AbortController();
  const deps = {
    fetch: () => {
      stop.abort(new Error("cancelled"));
      return new Promise<Response>(() => {});
    },
    clock: createSystemClock(),
    random: createSeededRandom(1),
    logger: createTestLogger().logger,
  };

  const chosen = askForChoice(
    deps,
    { url: "http://127.0.0.1:1/", timeoutMs: 30_000 },
    [model("a")],
    PURPOSE,
    stop.signal,
  );

  await assert.rejects(chosen, /cancelled/);
});
