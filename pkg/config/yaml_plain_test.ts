import fc from "fast-check";
import assert from "node:assert/strict";
import { CONFIG_PROFILES, renderExampleConfig } from "./mod.ts";
import { readPlain } from "./yaml_plain.ts";
import { readByLibrary } from "./yaml_source.ts";

const RUNS = Deno.env.get("SLOW") === "1" ? 100_000 : 5_000;

/** Every path of a value. */
function pathsOf(value: unknown, path: readonly PropertyKey[] = []): (readonly PropertyKey[])[] {
  if (typeof value !== "object" || value === null) return [path];
  const names = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return [path, ...names.flatMap((name) => pathsOf((value as Record<PropertyKey, unknown>)[name], [...path, name]))];
}

/** Whether the text was read; if so, the library says the same of it, and of every place. */
function isReadLikeTheLibrary(text: string): boolean {
  const plain = readPlain(text);
  if (!plain) return false;
  const known = readByLibrary(text, "c.yaml");
  assert.deepEqual([plain.root, []], [known.root, known.issues], text);
  for (const path of pathsOf(plain.root)) {
    assert.deepEqual(plain.places.positionOf(path), known.positionOf(path), `${String(path)} in ${text}`);
    assert.deepEqual(plain.places.keyPositionOf(path), known.keyPositionOf(path), `${String(path)} in ${text}`);
  }
  return true;
}

Deno.test("the file that init writes is read without the library, and as the library reads it", () => {
  for (const text of [renderExampleConfig(CONFIG_PROFILES.agent), renderExampleConfig(CONFIG_PROFILES.hap)]) {
    assert.ok(isReadLikeTheLibrary(text));
    assert.ok(isReadLikeTheLibrary(text.replaceAll("\n", "\r\n")));
  }
});

Deno.test("whatever is more than keys, words, numbers and lists of words is left to the library", () => {
  for (
    const text of [
      "",
      "# nothing",
      "a: |\n  # text",
      'a: "one\n# two"',
      "a: one\n  two",
      "a: 1 # behind",
      "a: &x 1",
      "a: *x",
      "a: !!str 1",
      "a: {b: 1}",
      "- a",
      "a:\n  - b",
      "a: 1\na: 2",
      "a: 1\n  b: 2",
      "  a: 1\nb: 2",
      "a:\n    b: 1\n  c: 2",
      "a: 0x10",
      "a: 1.5",
      "a: ~",
      "a: Null",
      "a: TRUE",
      "a: b: c",
      "a: b:",
      "a: [b, null]",
      "a: 'it''s'",
      'a: "\\u0041"',
      "null: 1",
      "a:1",
      "a: 1\r# b",
      "\uFEFFa: 1",
      "---\na: 1",
      "a:\t1",
    ]
  ) {
    assert.equal(readPlain(text), undefined, text);
  }
});

Deno.test("depth, length and long runs of spaces are bounded", () => {
  const deep = Array.from({ length: 12 }, (_, n) => `${"  ".repeat(n)}a:`).join("\n");
  const long = Array.from({ length: 1_001 }, (_, n) => `a${n}: 1`).join("\n");
  const spaces = " ".repeat(1024 * 1024);

  assert.deepEqual([readPlain(deep), readPlain(long), readPlain(`a: x${spaces}y`)], [undefined, undefined, undefined]);
  assert.deepEqual({ ...readPlain(`a: x${spaces}`)?.root as object }, { a: "x" });
});

Deno.test("what is read without the library is what the library reads (property)", () => {
  const plain = fc.constantFrom(
    "",
    " x",
    " 10",
    " true",
    " 1.2.3.4",
    " http://h:1/v1",
    ' "t #"',
    " 'a: b'",
    " []",
    " [a , 1]",
  );
  const odd = fc.oneof(
    fc.constantFrom(
      " ",
      " -1",
      " 007",
      " 1e3",
      " .5",
      " False",
      " null",
      " ~",
      " no",
      " a:b",
      " a:",
      " a.b",
      " a.",
      " -",
      " --",
    ),
    fc.constantFrom(
      " ...",
      " x y",
      " x #c",
      " x#c",
      " #c",
      " @x",
      ' "t',
      ' "t" u',
      ' ""',
      ' "1"',
      " |",
      " >-",
      " &a",
      " *a",
      " !x",
    ),
    fc.constantFrom(
      " ? x",
      " [a b]",
      " [a:]",
      " [a,]",
      " [1.5]",
      " [true, null]",
      " [http://h, b-c]",
      " [a",
      ' "a\\n"',
      " %",
      "x",
    ),
  );
  const key = fc.tuple(
    fc.oneof(
      { weight: 4, arbitrary: fc.constant("") },
      { weight: 2, arbitrary: fc.constant("  ") },
      fc.constantFrom(" ", "    "),
    ),
    fc.oneof(
      { weight: 20, arbitrary: fc.constantFrom("a:", "b:", "c_1:", "d:", "e:", "f:", "g:") },
      fc.constantFrom("true:", "d", "1:"),
    ),
    fc.oneof({ weight: 6, arbitrary: plain }, odd),
  ).map((parts) => parts.join(""));
  const other = fc.constantFrom("", "# c", "  # c", "    #", "---", "...", "\t", "- a", "x");
  const line = fc.oneof({ weight: 6, arbitrary: key }, other);
  let count = 0;

  fc.assert(
    fc.property(fc.array(line, { maxLength: 6 }), fc.constantFrom("\n", "\r\n"), (lines, end) => {
      if (isReadLikeTheLibrary(lines.join(end))) count++;
    }),
    { numRuns: RUNS },
  );

  assert.ok(count > RUNS / 20, `${count} of ${RUNS} were read`);
});
