import { describeConfig } from "@bzzz/config";
import assert from "node:assert/strict";
import { renderConfigurationDocs } from "./gen_configuration_docs.ts";

Deno.test("docs/configuration.md is what the schema says today", async () => {
  const page = await Deno.readTextFile(new URL("../../docs/configuration.md", import.meta.url));

  assert.equal(page, renderConfigurationDocs(), "run internal/tools/gen_configuration_docs.ts");
});

Deno.test("renderConfigurationDocs() has every key with its variables", () => {
  const page = renderConfigurationDocs();

  for (const { key, variables } of describeConfig()) {
    assert.ok(page.includes(`#### \`${key}\``), key);
    for (const name of variables) assert.ok(page.includes(`\`${name}\``), name);
  }
});

Deno.test("renderConfigurationDocs() leaves no placeholder and no long line", () => {
  const lines = renderConfigurationDocs().split("\n");

  assert.deepEqual(lines.filter((line) => /\{(known|ports)\}/.test(line)), []);
  assert.deepEqual(lines.filter((line) => line.length > 120 && !line.startsWith("#")), []);
});
