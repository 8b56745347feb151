import { strict as assert } from "node:assert";
import { goOnWith, shellWord } from "./go_on.ts";
import { NO_FLAGS } from "./testing.ts";
import type { GlobalFlags, ProgramSpec } from "./types.ts";

const PROGRAM: ProgramSpec = { name: "bzzz-agent", binaryType: "agent", version: "1", summary: "", commands: [] };

Deno.test("goOnWith() names the data directory and the configuration that were named before", () => {
  const line = (globals: Partial<GlobalFlags>) =>
    goOnWith({ program: PROGRAM, globals: { ...NO_FLAGS, ...globals } }, "run");

  assert.equal(line({}), "bzzz-agent run");
  assert.equal(line({ home: "/srv/node 2" }), "bzzz-agent run --home '/srv/node 2'");
  assert.equal(line({ home: "x", config: "y.yaml" }), "bzzz-agent run --home x --config y.yaml");
});

Deno.test("shellWord() quotes what a shell would read otherwise", () => {
  assert.equal(shellWord("/home/ana/.local/share/bzzz-agent"), "/home/ana/.local/share/bzzz-agent");
  assert.equal(shellWord("it's $HOME"), `'it'\\''s $HOME'`);
  assert.equal(shellWord(""), "''");
});
