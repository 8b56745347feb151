import assert from "node:assert/strict";
import { createSystemClock, createSystemRandom } from "@bzzz/base";
import { CONFIG_PROFILES, parseConfig } from "@bzzz/config";
import { FakeModelServer } from "@bzzz/model/testing";
import { checkModel, modelClientOptions } from "./model_check.ts";

function configOf(flags: Readonly<Record<string, unknown>>) {
  return parseConfig({ profile: CONFIG_PROFILES.agent, env: {}, flags }).config;
}

Deno.test("doctor names the models that are there, or what the server has instead, or why it cannot tell", async () => {
  const server = new FakeModelServer(() => ({}));
  const deps = {
    fetch: (request: Request) => fetch(request),
    clock: createSystemClock(),
    random: createSystemRandom(),
    home: "/nonexistent",
  };
  const config = configOf({
    "executor.kind": "model",
    "executor.model.url": server.url,
    "executor.model.models": [{ name: "big" }, { name: "tiny" }],
  });
  try {
    server.models = ["tiny:latest", "other"];
    assert.deepEqual(await checkModel(deps, config), { status: "ok", found: `tiny at ${server.url}` });
    server.models = ["other"];
    const missing = await checkModel(deps, config);
    assert.deepEqual([missing?.status, missing?.fix], ["failed", "load one of them, or name another"]);
    assert.match(missing?.found ?? "", /has no model "big", "tiny"; it has "other"/);
    server.models = () => new Response("<html>", { headers: { "content-type": "text/html" } });
    await assert.rejects(checkModel(deps, config) ?? assert.fail(), { code: "model_answer_unreadable" });
  } finally {
    await server[Symbol.asyncDispose]();
  }
  await assert.rejects(checkModel(deps, config) ?? assert.fail(), { code: "model_unreachable" });
});

Deno.test("where no model works doctor asks none, and a token lies in the data directory", () => {
  const deps = {
    fetch: () => assert.fail("nobody is asked"),
    clock: createSystemClock(),
    random: createSystemRandom(),
    home: "/nonexistent",
  };

  assert.equal(checkModel(deps, configOf({})), undefined);
  const { model } = configOf({ "executor.model.token_file": "t", "executor.model.timeout_seconds": 7 }).executor;
  assert.deepEqual(modelClientOptions(model, "/home/x"), {
    url: "http://127.0.0.1:11434/v1",
    api: "openai",
    timeoutMs: 7_000,
    tokenFile: "/home/x/t",
  });
});
