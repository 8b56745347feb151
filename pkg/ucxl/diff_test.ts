import assert from "node:assert/strict";
import fc from "fast-check";
import { diffJson, diffLines, type Json, MAX_JSON_CHANGES } from "./mod.ts";

function show(before: string, after: string): string[] {
  return diffLines(before, after).flatMap((hunk) => [
    `@${hunk.beforeLine},${hunk.afterLine}`,
    ...hunk.lines.map(({ type, text }) => `${{ same: " ", removed: "-", added: "+" }[type]}${text.trimEnd()}`),
  ]);
}

Deno.test("diffLines() shows what changed with three lines around it", () => {
  const lines = (...changed: string[]) => Array.from({ length: 20 }, (_, i) => changed[i] ?? `${i + 1}`).join("\n");
  const before = lines();
  const after = before.replace("\n5\n", "\nfive\n").replace("\n16\n", "\n16\nnew\n");

  assert.deepEqual(show(before, before), []);
  assert.deepEqual(show("", "a\n"), ["@1,1", "+a"]);
  assert.deepEqual(show("a", "a\n"), ["@1,1", "-a", "+a"]);
  assert.deepEqual(show(before, after), [
    "@2,2",
    " 2",
    " 3",
    " 4",
    "-5",
    "+five",
    " 6",
    " 7",
    " 8",
    "@14,14",
    " 14",
    " 15",
    " 16",
    "+new",
    " 17",
    " 18",
    " 19",
  ]);
});

/** The after-text that hunks make of a before-text. */
function patch(before: string, hunks: ReturnType<typeof diffLines>): string {
  const lines = before.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  let out = "";
  let at = 0;
  for (const hunk of hunks) {
    out += lines.slice(at, hunk.beforeLine - 1).join("");
    at = hunk.beforeLine - 1;
    for (const { type, text } of hunk.lines) {
      if (type !== "added") assert.equal(lines[at++], text);
      if (type !== "removed") out += text;
    }
  }
  return out + lines.slice(at).join("");
}

/** Length of the longest common subsequence, the slow way. */
function common(a: readonly string[], b: readonly string[]): number {
  const width = b.length + 1;
  const table = new Array<number>((a.length + 1) * width).fill(0);
  const at = (i: number, j: number) => table[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      table[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  return at(0, 0);
}

Deno.test("diffLines() applied to the first text gives the second, with as few edits as can be", () => {
  const text = fc.array(fc.constantFrom("a\n", "b\n", "c\n"), { maxLength: 30 });
  fc.assert(
    fc.property(text, text, (a, b) => {
      const hunks = diffLines(a.join(""), b.join(""));
      const edits = hunks.flatMap((hunk) => hunk.lines).filter((line) => line.type !== "same").length;

      assert.equal(patch(a.join(""), hunks), b.join(""));
      assert.equal(edits, a.length + b.length - 2 * common(a, b));
    }),
    { numRuns: 500 },
  );
});

Deno.test("diffLines() of two texts that share nothing ends at once", () => {
  const [a, b] = ["a", "b"].map((letter) => Array.from({ length: 20_000 }, (_, i) => `${letter}${i}\n`).join(""));
  const hunks = diffLines(a ?? "", b ?? "");

  assert.equal(patch(a ?? "", hunks), b);
});

Deno.test("diffJson() names each place that differs", () => {
  const before: Json = { a: 1, "x/y": { "~": true }, list: [1, 2, { deep: null }], gone: {} };
  const after: Json = { a: "1", "x/y": { "~": false }, list: [1, 3, { deep: null }, 4], come: [] };

  assert.deepEqual(diffJson(before, after), [
    { type: "changed", path: "/a", before: 1, after: "1" },
    { type: "changed", path: "/x~1y/~0", before: true, after: false },
    { type: "changed", path: "/list/1", before: 2, after: 3 },
    { type: "added", path: "/list/3", after: 4 },
    { type: "removed", path: "/gone", before: {} },
    { type: "added", path: "/come", after: [] },
  ]);
  assert.deepEqual(diffJson([], {}), [{ type: "changed", path: "", before: [], after: {} }]);
  assert.equal(
    diffJson({}, Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [i, i]))).length,
    MAX_JSON_CHANGES,
  );
});

Deno.test("diffJson() is empty exactly when the documents are equal", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      assert.deepEqual(diffJson(a as Json, structuredClone(a) as Json), []);
      const isEqual = JSON.stringify(a) === JSON.stringify(b);
      if (isEqual) assert.deepEqual(diffJson(a as Json, b as Json), []);
    }),
  );
});
