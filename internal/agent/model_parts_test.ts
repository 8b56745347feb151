import assert from "node:assert/strict";
import { createSystemClock, type PeerId, utf8Encode } from "@bzzz/base";
import { createSeededRandom, waitFor } from "@bzzz/base/testing";
import { type AgentConfig, CONFIG_PROFILES, parseConfig } from "@bzzz/config";
import { createTestContext } from "@bzzz/context/testing";
import { createNullLogger } from "@bzzz/logging";
import { type FakeAnswer, FakeModelServer } from "@bzzz/model/testing";
import { parseConcrete } from "@bzzz/ucxl";
import { ANA, call, finish, nameTheShip } from "./executors/model/testdata/desk.ts";
import { contextReader, createModelParts } from "./model_parts.ts";
import { SERVICES } from "./testdata/model_services.ts";
import type { ExecutionIo } from "./types.ts";

function configOf(flags: Readonly<Record<string, unknown>>): AgentConfig {
  return parseConfig({ profile: CONFIG_PROFILES.agent, env: {}, flags: { "executor.kind": "model", ...flags } }).config;
}

/** The system's clock, which writes down what is waited for. */
function createSpyClock() {
  const system = createSystemClock();
  const delays: number[] = [];
  const clock = {
    ...system,
    setTimer: (delayMs: number, fn: () => void, options?: { unref?: boolean }) => {
      delays.push(delayMs);
      return system.setTimer(delayMs, fn, options);
    },
  };
  return { clock, delays };
}

function silentIo(): ExecutionIo & { readonly used: ExecutionIo["used"] } {
  return {
    signal: new AbortController().signal,
    progress: () => {},
    used: () => {},
    ask: () => Promise.reject(new Error("nobody is asked")),
    performed: () => Promise.reject(new Error("nothing is performed")),
    log: () => {},
  };
}

Deno.test("A-27 S-30 every setting of a model reaches the server, the choice or the executor", async () => {
  const home = await Deno.makeTempDir({ prefix: "bzzz-model-" });
  const answers: FakeAnswer[] = [call("give_up", "{"), call("ask_person", { title: "" }), finish("late")];
  await using server = new FakeModelServer((_request, n) => answers[n] ?? finish("more"), "anthropic");
  server.models = ["second", "first", "third"];
  const chosen: unknown[] = [];
  const ended = new AbortController();
  const hook = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {}, signal: ended.signal },
    async (request) => {
      chosen.push(await request.json());
      return Response.json({ model: "second" });
    },
  );
  const { clock, delays } = createSpyClock();
  try {
    await Deno.writeTextFile(`${home}/model.token`, "sk-secret\n", { mode: 0o600 });
    const config = configOf({
      "executor.model.url": server.url,
      "executor.model.api": "anthropic",
      "executor.model.token_file": "model.token",
      "executor.model.models": [
        { name: "first", capabilities: ["code"] },
        { name: "absent" },
        { name: "second", input_price: 2_000_000, output_price: 4_000_000 },
      ],
      "executor.model.choice_url": `http://127.0.0.1:${hook.addr.port}/choose`,
      "executor.model.choice_timeout_seconds": 13,
      "executor.model.detect_seconds": 77,
      "executor.model.timeout_seconds": 19,
      "executor.model.max_output_tokens": 321,
      "executor.model.max_turns": 1,
    });
    const changed = Promise.withResolvers<void>();
    const context = { clock, random: createSeededRandom(1), home };
    const parts = createModelParts(SERVICES, context, config, createNullLogger(), changed.resolve);
    await using watch = parts.watch;
    watch.start();
    await changed.promise;
    await waitFor(() => delays.includes(77_000), { timeoutMs: 60_000, what: "the next look" });
    const used: unknown[] = [];
    const run = parts.executor.run(nameTheShip({ requiredCapabilities: ["code"] }), {
      ...silentIo(),
      used: (it) => used.push(it),
    });

    await assert.rejects(run, /within 1 answers/, "max_turns");

    const [chat] = server.chats;
    assert.deepEqual(watch.available.map(({ name }) => name), ["first", "second"], "models");
    assert.equal(chat?.path, "/v1/messages", "url, api");
    assert.equal(chat?.headers.get("x-api-key"), "sk-secret", "token_file");
    assert.deepEqual([chat?.body.model, chat?.body.max_tokens], ["second", 321], "choice_url, max_output_tokens");
    assert.deepEqual(used, [{ tokens: 15, money: 40 }], "prices");
    assert.deepEqual(chosen, [{
      v: 1,
      models: ["first", "second"],
      task: { kind: "work", title: "Name the ship", required_capabilities: ["code"] },
    }]);
    assert.ok(delays.includes(13_000), "choice_timeout_seconds");
    assert.ok(delays.includes(19_000), "timeout_seconds");
    assert.equal(chat?.body.tools.some(({ name }: { name: string }) => name === "read_context"), false);
  } finally {
    ended.abort();
    await hook.finished;
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("without a web hook the order decides, by what a task requires", async () => {
  await using server = new FakeModelServer(() => finish("ok"));
  server.models = ["first", "second"];
  const config = configOf({
    "executor.model.url": server.url,
    "executor.model.models": [{ name: "first" }, { name: "second", capabilities: ["code"] }],
  });
  const changed = Promise.withResolvers<void>();
  const context = { clock: createSystemClock(), random: createSeededRandom(1), home: "/nonexistent" };
  const parts = createModelParts(SERVICES, context, config, createNullLogger(), changed.resolve);
  await using watch = parts.watch;
  watch.start();
  await changed.promise;

  await parts.executor.run(nameTheShip(), silentIo());
  await parts.executor.run(nameTheShip({ requiredCapabilities: ["code"] }), silentIo());

  assert.deepEqual(server.chats.map(({ body }) => body.model), ["first", "second"]);
});

Deno.test("context is read by who may read it: this node and everybody behind the task", async () => {
  await using test = createTestContext({ role: "architect" });
  const write = (path: string, audience: string, bytes: Uint8Array) =>
    test.context.put(parseConcrete(`ucxl://carol:architect@shop:checkout/${path}`), {
      bytes,
      mediaType: "text/plain",
      audience: [audience],
    });
  await write("plan.md", "developer", utf8Encode("red"));
  await write("secret.md", "architect", utf8Encode("blue"));
  await write("blob.bin", "developer", new Uint8Array([0xff, 0xfe, 0x00]));
  const membership = {
    grantOf: (peer: PeerId) => peer === test.self ? { agentId: "carol", role: "architect" } as never : undefined,
  };
  const services = {
    ...SERVICES,
    identity: { ...SERVICES.identity, membership },
    versionIndex: test.index,
    context: test.context,
  };
  const signal = new AbortController().signal;
  const read = (path: string, ...roles: readonly (string | undefined)[]) =>
    contextReader(services, test.clock)(
      `ucxl://carol:architect@shop:checkout/*^/${path}`,
      roles.map((role) => ({ name: "x", role })),
      signal,
    );

  assert.deepEqual(await read("plan.md", "developer"), {
    ok: true,
    text: "red",
    author: { name: "carol", role: "architect" },
  });
  assert.deepEqual(await read("secret.md", "architect"), {
    ok: true,
    text: "blue",
    author: { name: "carol", role: "architect" },
  });
  for (const roles of [["developer"], ["architect", "developer"], ["architect", undefined]]) {
    const refused = await read("secret.md", ...roles);
    assert.ok(!refused.ok && /not meant for (developer|strangers)/.test(refused.problem), JSON.stringify(refused));
  }
  assert.deepEqual(await read("blob.bin", "developer"), { ok: false, problem: "it is no text" });
  for (const path of ["nowhere.md", "../../etc/passwd", "a b"]) {
    assert.equal((await read(path, "developer")).ok, false, path);
  }
});

Deno.test("a model of a configuration that allows it is offered to read context", async () => {
  await using server = new FakeModelServer(() => finish("ok"));
  const config = configOf({
    "executor.model.url": server.url,
    "executor.model.models": [{ name: "tiny" }],
    "executor.model.read_context": true,
  });
  const changed = Promise.withResolvers<void>();
  const context = { clock: createSystemClock(), random: createSeededRandom(1), home: "/nonexistent" };
  const parts = createModelParts(SERVICES, context, config, createNullLogger(), changed.resolve);
  await using watch = parts.watch;
  watch.start();
  await changed.promise;

  await parts.executor.run(nameTheShip({ postedBy: [ANA] }), silentIo());

  assert.match(JSON.stringify(server.chats[0]?.body.tools), /read_context/);
});
