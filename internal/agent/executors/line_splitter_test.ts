import assert from "node:assert/strict";
import fc from "fast-check";
import { utf8Encode } from "@bzzz/base";
import { LineSplitter } from "./line_splitter.ts";

Deno.test("lines are the same however their bytes are cut", () => {
  fc.assert(fc.property(
    fc.array(fc.string({ unit: "binary" }).map((text) => text.replaceAll("\n", "")), { maxLength: 8 }),
    fc.integer({ min: 1, max: 9 }),
    (expected, size) => {
      const bytes = utf8Encode(expected.map((line) => `${line}\n`).join("") + "rest");
      const splitter = new LineSplitter();
      const lines: string[] = [];
      for (let i = 0; i < bytes.length; i += size) lines.push(...splitter.push(bytes.slice(i, i + size)));

      assert.deepEqual(lines, expected.map((line) => line.toWellFormed()));
      assert.equal(splitter.end(), "rest");
    },
  ));
});

Deno.test("the longest line is known before it ends", () => {
  const splitter = new LineSplitter();

  splitter.push(utf8Encode("ab\nabcd"));
  splitter.push(utf8Encode("efg"));
  assert.equal(splitter.longest, 7);
  splitter.push(utf8Encode("\n"));
  splitter.push(utf8Encode("abc\n"));

  assert.equal(splitter.longest, 7);
});
