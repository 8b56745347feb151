import assert from "node:assert/strict";
import fc from "fast-check";
import { sanitiseText } from "@bzzz/cli";
import { textLines } from "./text_lines.ts";

Deno.test("a text as lines is the whole text, harmless, and no line is long", () => {
  const text = fc.array(fc.constantFrom("a", "\n", "🐝".repeat(900), "x".repeat(1_999), "\x1b[2J", "\u202e"), {
    maxLength: 9,
  })
    .map((parts) => parts.join(""));
  fc.assert(fc.property(text, (one) => {
    const lines = textLines(one);
    assert.equal(lines.join(""), sanitiseText(one).replaceAll("\n", ""));
    for (const line of lines) {
      assert.ok(line.length <= 2_000);
      assert.ok(line.isWellFormed());
    }
  }));
});
