import assert from "node:assert/strict";
import fc from "fast-check";
import { BzzzError } from "@bzzz/base";
import { COMMANDS, parseCommandLine } from "@bzzz/cli";
import { splitLine } from "./words.ts";

Deno.test("splitLine() splits words, and leaves sentences as they were typed", () => {
  const table: readonly (readonly [string, readonly string[]])[] = [
    ["", []],
    ["  inbox  ", ["inbox"]],
    ["/show 7KQ2", ["show", "7KQ2"]],
    ["answer 7KQ2 it's  -1, not --x", ["answer", "7KQ2", "--", "it's  -1, not --x"]],
    ['answer 7KQ2 "quoted" text', ["answer", "7KQ2", "--", '"quoted" text']],
    ["deny 7KQ2", ["deny", "7KQ2"]],
    ['task post --description "two words" --priority=7 Fix "it"', [
      "task",
      "post",
      "--description",
      "two words",
      "--priority=7",
      "--",
      'Fix "it"',
    ]],
    ["send #coordination hello  there", ["send", "--", "#coordination hello  there"]],
    ["tasks --state completed", ["tasks", "--state", "completed"]],
    ["task list --json", ["task", "list", "--json"]],
    ["nonsense /a b", ["nonsense", "/a", "b"]],
  ];
  for (const [line, argv] of table) assert.deepEqual(splitLine(line, COMMANDS), argv, line);
  assert.throws(() => splitLine('task post --description "two words', COMMANDS), { code: "usage" });
});

Deno.test("splitLine() and the parser on anything give a command or a usage error", () => {
  const word = fc.oneof(
    fc.constantFrom("answer", "task", "post", "send", '"', "--", "--reason", "7KQ2", "-"),
    fc.string(),
  );
  fc.assert(fc.property(fc.array(word).map((words) => words.join(" ")), (line) => {
    try {
      parseCommandLine({ commands: COMMANDS }, splitLine(line, COMMANDS));
    } catch (error) {
      assert.ok(error instanceof BzzzError && error.code === "usage", String(error));
    }
  }));
});
