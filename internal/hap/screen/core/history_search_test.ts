import assert from "node:assert/strict";
import { emptyLine } from "../../terminal/line_editor.ts";
import type { Press } from "./keys.ts";
import { foundLine, pressSearch, type SearchStep, startSearch } from "./history_search.ts";

const HISTORY = ["/task post dig", "hello", "/task show 41", "Hello again"];
const AGAIN = "ctrl+r";

function key(name: string): Press {
  return { type: "key", name, ...([...name].length === 1 ? { text: name } : {}) };
}

function search(...names: readonly string[]): SearchStep {
  let step: SearchStep = {
    type: "searching",
    search: startSearch({ ...emptyLine(HISTORY), text: "draft", cursor: 5 }),
  };
  for (const name of names) {
    assert.equal(step.type, "searching", `before ${name}`);
    if (step.type === "searching") step = pressSearch(step.search, key(name), name === AGAIN);
  }
  return step;
}

function found(...names: readonly string[]): [line: string, isFailing: boolean] {
  const step = search(...names);
  assert.ok(step.type === "searching");
  return [foundLine(step.search), step.search.isFailing];
}

function ended(...names: readonly string[]): [text: string, isHandled: boolean] {
  const step = search(...names);
  assert.ok(step.type === "ended");
  return [step.input.text, step.isHandled];
}

Deno.test("every letter narrows from the newest line, whatever its case; the key again goes to an older one", () => {
  assert.deepEqual(found(), ["draft", false]);
  assert.deepEqual(found("h", "e"), ["Hello again", false]);
  assert.deepEqual(found("h", "e", AGAIN), ["hello", false]);
  assert.deepEqual(found("t", "a"), ["/task show 41", false]);
  assert.deepEqual(found("t", "a", AGAIN), ["/task post dig", false]);
});

Deno.test("what has no older line, or no line at all, says so and keeps what was found; erasing looks again from the newest", () => {
  assert.deepEqual(found("h", "e", AGAIN, AGAIN), ["hello", true]);
  assert.deepEqual(found("h", "x"), ["Hello again", true]);
  assert.deepEqual(found("h", "x", "backspace"), ["Hello again", false]);
  assert.deepEqual(found("d", "i", "g", AGAIN, "backspace", "backspace", "backspace"), ["draft", false]);
  assert.deepEqual(found(AGAIN, AGAIN), ["draft", false]);
});

Deno.test("Enter takes the line without sending it, Esc and Ctrl+G go back, another key takes it and is a key of its own", () => {
  assert.deepEqual(ended("h", "e", AGAIN, "enter"), ["hello", true]);
  assert.deepEqual(ended("h", "e", "esc"), ["draft", true]);
  assert.deepEqual(ended("h", "e", "ctrl+g"), ["draft", true]);
  assert.deepEqual(ended("h", "e", "left"), ["Hello again", false]);
  assert.deepEqual(ended("enter"), ["draft", true]);
});
