import assert from "node:assert/strict";
import fc from "fast-check";
import { displayWidth } from "@bzzz/cli";
import { clip, fit, headOf, line, lineWidth, overlay, sliceColumns, span, wrap } from "./cells.ts";

const piece = fc.constantFrom("a", "bc ", " ", "東", "京", "é", "👍", "👩‍💻", "ö", "한", "-", "word ");
const text = fc.array(piece, { maxLength: 30 }).map((parts) => parts.join(""));

Deno.test("a line is cut and filled to exactly its columns, whatever is in it", () => {
  fc.assert(fc.property(fc.array(text, { maxLength: 4 }), fc.nat(40), (texts, columns) => {
    assert.equal(lineWidth(fit(texts.map((one) => span(one)), columns)), columns);
    assert.ok(displayWidth(clip(texts[0] ?? "", columns)) <= columns);
  }));
});

Deno.test("a cut is marked, and what fits is not cut", () => {
  assert.deepEqual(fit(line("abcdef"), 4), [span("abc…")]);
  assert.deepEqual(fit([span("ab"), span("cd")], 4), [span("ab"), span("cd")]);
  assert.deepEqual(fit([span("ab"), span("cd")], 3), [span("ab"), span("…")]);
  assert.equal(headOf("東京", 3), "東", "no half of a wide character");
});

Deno.test("a slice has exactly its columns, and the slices of a line together are the line", () => {
  fc.assert(fc.property(text, fc.nat(20), fc.nat(20), (one, a, b) => {
    const [from, to] = [Math.min(a, b), Math.max(a, b)];
    const width = displayWidth(one);
    assert.equal(lineWidth(sliceColumns(line(one), from, to)), to - from);
    assert.equal(
      lineWidth(sliceColumns(line(one), 0, from)) + lineWidth(sliceColumns(line(one), from, width)),
      Math.max(from, width),
    );
  }));
});

Deno.test("a box lies exactly where it is put, also over halves of wide characters", () => {
  const base = [line("東京東京東京"), line("abcdefghijkl")];

  const [first = [], second = []] = overlay(base, [line("XX")], { row: 0, column: 3, columns: 12 });

  assert.equal(first.map((one) => one.text).join(""), "東 XX 京東京");
  assert.equal(lineWidth(first), 12);
  assert.equal(second.map((one) => one.text).join(""), "abcdefghijkl");
});

Deno.test("wrapped lines fit, and lose nothing but spaces at their ends", () => {
  fc.assert(fc.property(text, fc.integer({ min: 2, max: 30 }), (one, columns) => {
    const lines = wrap(one, columns);
    for (const part of lines) assert.ok(displayWidth(part) <= columns, JSON.stringify([part, columns]));
    assert.equal(lines.join("").replaceAll(" ", ""), one.replaceAll(" ", ""));
  }));
  assert.deepEqual(wrap("one two three", 7), ["one two", "three"]);
  assert.deepEqual(wrap(" 👍", 2), ["👍"], "an indentation leaves room for a wide character");
  assert.deepEqual(wrap("  ab cd", 4), ["  ab", "  cd"]);
});
