import assert from "node:assert/strict";
import fc from "fast-check";
import { ESCAPE_MARK, HIDDEN_MARK, isHarmless, sanitiseLine, sanitiseText, toSafeJson } from "./sanitise.ts";
import { alignRows, displayWidth } from "./width.ts";

/** Independent of the implementation: by ranges and general category. */
function assertInert(text: string): void {
  const characters = [...text];
  characters.forEach((character, i) => {
    const code = character.codePointAt(0) ?? 0;
    const where = `U+${code.toString(16)} at ${i} of ${JSON.stringify(text)}`;
    assert.ok(code === 0x0a || (code >= 0x20 && !(code >= 0x7f && code <= 0x9f)), `control ${where}`);
    assert.ok(!(code >= 0xd800 && code <= 0xdfff), `surrogate ${where}`);
    assert.ok(!(code >= 0xe0000 && code <= 0xe0fff), `tag ${where}`);
    assert.ok(![0x061c, 0x200e, 0x200f].includes(code) && !(code >= 0x202a && code <= 0x202e), `bidi ${where}`);
    assert.ok(!(code >= 0x2066 && code <= 0x2069), `bidi ${where}`);
    assert.ok(![0x200b, 0x200c, 0x2060, 0xfeff, 0xad, 0x180e, 0x2028, 0x2029].includes(code), `zero width ${where}`);
    if (code === 0x200d) {
      assert.match(characters[i - 1] ?? "", /[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f]/u, `joiner ${where}`);
      assert.match(characters[i + 1] ?? "", /\p{Extended_Pictographic}/u, `joiner ${where}`);
    }
  });
}

const nasty = fc.constantFrom(
  "\x1b",
  "\x1b[31m",
  "\x1b]52;c;ZXZpbA==\x07",
  "\x1b]8;;http://evil.example\x1b\\",
  "\x1bP1$r\x9c",
  "\x9b2J",
  "\x9d0;title\x9c",
  "\x1bc",
  "\r",
  "\r\n",
  "\n",
  "\t",
  "\x07",
  "\x7f",
  "\x85",
  "\u202e",
  "\u2066",
  "\u200b",
  "\u200d",
  "\u2028",
  "\ufe0f",
  "\ufeff",
  "\u{e0041}",
  "\u{e0100}",
  "\ud800",
  "👩",
  "💻",
  "👍🏽",
  "❤",
  "🇩🇪",
  "é",
  "e\u0301",
  "\u0301".repeat(12),
  "会議",
  "a",
  "1",
  " ",
);
const text = fc.oneof(
  fc.array(nasty, { maxLength: 30 }).map((parts) => parts.join("")),
  fc.string({ unit: "binary" }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
);
const bounds = fc.record({
  maxLines: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
  maxLineCharacters: fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }),
}).map(({ maxLines, maxLineCharacters }) => ({
  ...(maxLines === undefined ? {} : { maxLines }),
  ...(maxLineCharacters === undefined ? {} : { maxLineCharacters }),
}));

Deno.test("sanitiseText() lets nothing through that acts, and is idempotent", () => {
  fc.assert(
    fc.property(text, bounds, (input, options) => {
      const safe = sanitiseText(input, options);

      assertInert(safe);
      assert.equal(sanitiseText(safe, options), safe);
      const lines = safe.split("\n");
      assert.ok(lines.length <= (options.maxLines ?? Infinity));
      for (const line of lines) assert.ok([...line].length <= (options.maxLineCharacters ?? Infinity));
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("sanitiseLine() gives one inert line, and is idempotent", () => {
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 40 }), (input, max) => {
      const safe = sanitiseLine(input, max);

      assertInert(safe);
      assert.ok(!safe.includes("\n") && [...safe].length <= max);
      assert.equal(sanitiseLine(safe, max), safe);
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("toSafeJson() is inert and reads back exactly", () => {
  fc.assert(fc.property(text, (input) => {
    const json = toSafeJson({ text: input });

    assertInert(json.replaceAll("\u200d", ""));
    assert.ok(!/[\n\u200d]/.test(json));
    assert.equal(JSON.parse(json).text, input);
  }));
});

Deno.test("sanitiseText() keeps what people write", () => {
  for (const kept of ["plain", "zwei\nZeilen", "coder-東京 会議", "👩‍💻 ok", "❤️ 1️⃣ 👍🏽 🇩🇪", "مرحبا", "e\u0301", ""]) {
    assert.equal(sanitiseText(kept), kept);
    assert.ok(isHarmless(kept));
  }
});

Deno.test("sanitiseText() shows where it removed something", () => {
  const table: readonly (readonly [string, string])[] = [
    ["\x1b[31mred\x1b[0m", `${ESCAPE_MARK}red${ESCAPE_MARK}`],
    ["a\x1b]52;c;ZXZpbA==\x07b", `a${ESCAPE_MARK}b`],
    ["a\x9d52;c;ZXZpbA==\x9cb", `a${ESCAPE_MARK}b`],
    ["\x1b]0;never ended", `${ESCAPE_MARK}0;never ended`],
    ["user\u202etxt.exe", `user${HIDDEN_MARK}txt.exe`],
    ["pay\u200b\u200c\u2060pal", `pay${HIDDEN_MARK}pal`],
    ["hi\u{e0069}\u{e0067}", `hi${HIDDEN_MARK}`],
    ["over\rwrite", "over␍write"],
    ["ding\x07", "ding␇"],
    ["a\tb", "a    b"],
    ["\ud800", HIDDEN_MARK],
    ["a\u200d💻", `a${HIDDEN_MARK}💻`],
  ];
  for (const [input, expected] of table) assert.equal(sanitiseText(input), expected, JSON.stringify(input));
});

Deno.test("sanitiseText() says how much it left out", () => {
  assert.equal(sanitiseText("1\n2\n3\n4", { maxLines: 2 }), "1\n… 3 more lines");
  assert.equal(sanitiseText("abcdef", { maxLineCharacters: 4 }), "abc…");
  assert.equal(sanitiseLine("a\n\nb\n", 20), "a ⏎ b");
});

Deno.test("displayWidth() counts columns, and alignRows() lines them up", () => {
  assert.deepEqual(["abc", "会議", "👩‍💻", "e\u0301", "❤️", "…"].map(displayWidth), [3, 4, 2, 1, 2, 1]);
  assert.deepEqual(alignRows([["会議", "x"], ["a", "y"]]), ["会議  x", "a     y"]);
});
