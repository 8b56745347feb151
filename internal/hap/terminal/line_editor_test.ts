import assert from "node:assert/strict";
import fc from "fast-check";
import { sanitiseLine } from "@bzzz/cli";
import type { Key } from "./keys.ts";
import { edit, type EditorState, emptyLine } from "./line_editor.ts";

function press(...keys: (Key | string)[]): EditorState {
  return keys.reduce<EditorState>(
    (state, key) => edit(state, typeof key === "string" ? { type: "text", text: key } : key).state,
    emptyLine(),
  );
}

const KEYS: readonly Key[] = [
  "enter",
  "backspace",
  "delete",
  "left",
  "right",
  "home",
  "end",
  "up",
  "down",
  "tab",
  "kill_to_end",
  "kill_to_start",
  "kill_word",
  "interrupt",
  "unknown",
].map((type) => ({ type }) as Key); // every one is a name of a key

Deno.test("edit() moves and deletes by whole characters", () => {
  assert.equal(press("ab👩‍💻", { type: "backspace" }).text, "ab");
  assert.equal(press("ab👩‍💻c", { type: "left" }, { type: "left" }, "X").text, "abX👩‍💻c");
  assert.equal(press("ab", { type: "home" }, { type: "delete" }).text, "b");
  assert.equal(press("one two  ", { type: "kill_word" }).text, "one ");
  assert.equal(press("one two", { type: "kill_word" }).text, "one ");
  assert.equal(press("one two", { type: "left" }, { type: "kill_to_end" }).text, "one tw");
});

Deno.test("edit() brings back lines, and the one that was being typed", () => {
  const enter = { type: "enter" } as const;
  const state = press("first", enter, "second", enter, "second", enter, "third", { type: "up" }, { type: "up" });

  assert.equal(state.text, "first", "a repeated line is kept once");
  assert.equal(edit(edit(state, { type: "down" }).state, { type: "down" }).state.text, "third");
});

Deno.test("edit() sends nothing on a paste, and shows what is hidden in it", () => {
  const { state, effect } = edit(press("answer "), { type: "paste", text: "a\u202e\r\nb\x1b[2J\n" });

  assert.equal(effect.type, "none");
  assert.equal(state.text, "answer a� ⏎ b␛");
});

Deno.test("edit() keeps the cursor between characters and the text inert", () => {
  const key = fc.oneof(
    fc.constantFrom(...KEYS),
    fc.string({ unit: "binary", maxLength: 6 }).map((text): Key => ({ type: "paste", text })),
    fc.constantFrom("a", " ", "👩‍💻", "é", "e\u0301").map((text): Key => ({ type: "text", text })),
  );
  fc.assert(fc.property(fc.array(key, { maxLength: 40 }), (keys) => {
    let state = emptyLine();
    for (const one of keys) {
      const next = edit(state, one);
      state = next.state;
      assert.ok(state.cursor >= 0 && state.cursor <= state.text.length);
      assert.ok(!/[\ud800-\udbff]$/.test(state.text.slice(0, state.cursor)), "half a character");
      assert.doesNotMatch(state.text, /\p{Cc}/u);
      if (next.effect.type === "submitted") assert.equal(sanitiseLine(next.effect.line).includes("\n"), false);
    }
  }));
});
