import assert from "node:assert/strict";
import fc from "fast-check";
import { highlight, line } from "./cells.ts";
import type { Press } from "./keys.ts";
import {
  isLooking,
  type Looking,
  nextMatch,
  NOT_LOOKING,
  passes,
  pressLooking,
  startTyping,
  wordsOf,
} from "./looking.ts";
import { fold, hasWords, placesOf } from "./words.ts";

function key(name: string): Press {
  return { type: "key", name, ...([...name].length === 1 ? { text: name } : {}) };
}

function typed(from: Looking, what: "find" | "filter", ...names: readonly string[]): Looking {
  return names.reduce((looking, name) => pressLooking(looking, key(name)).looking, startTyping(from, what));
}

Deno.test("fold() keeps the length, so that places in it are places in the text", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => fold(text).length === text.length));
  assert.equal(fold("İSTANBUL Straße").length, "İSTANBUL Straße".length);
  assert.ok(hasWords("Das ist STRASSE", "strasse"));
  assert.ok(!hasWords("anything", ""), "no words are in nothing");
});

Deno.test("placesOf() finds what overlaps once, and highlight() takes nothing away", () => {
  assert.deepEqual(placesOf("aAaA", "aa"), [{ from: 0, to: 2 }, { from: 2, to: 4 }]);
  fc.assert(fc.property(fc.string(), fc.string({ maxLength: 2 }), (text, words) => {
    const parts = highlight(line(text), words);
    assert.equal(parts.map((part) => part.text).join(""), text);
    assert.equal(parts.some(({ style }) => style === "found"), hasWords(text, words));
  }));
});

Deno.test("a filter has the letters, or with ! in front has them not; ! alone leaves nothing out", () => {
  const only = (text: string) => ({ filter: typed(NOT_LOOKING, "filter", ...text).filter });

  assert.deepEqual(["Push", "pull"].filter((text) => passes(only("pus"), text)), ["Push"]);
  assert.deepEqual(["Push", "pull"].filter((text) => passes(only("!pus"), text)), ["pull"]);
  assert.deepEqual(["Push", "pull"].filter((text) => passes(only("!"), text)), ["Push", "pull"]);
});

Deno.test("Enter keeps what was typed, Esc takes it, an empty line is none; Up brings the words of before back", () => {
  const kept = typed(NOT_LOOKING, "find", "a", "b", "enter");
  assert.deepEqual([wordsOf(kept), kept.typing], ["ab", undefined]);
  assert.ok(!isLooking(typed(NOT_LOOKING, "find", "a", "esc")));
  assert.ok(!isLooking(typed(NOT_LOOKING, "filter", "enter")));

  assert.equal(wordsOf(typed(kept, "find", "x", "enter")), "x", "a new search begins empty");
  assert.equal(wordsOf(typed(kept, "find", "up", "c", "enter")), "abc");
  assert.equal(
    typed(typed(NOT_LOOKING, "filter", "a", "enter"), "filter", "b").filter?.text,
    "ab",
    "a filter is gone on with",
  );
});

Deno.test("nextMatch() goes around both ends and says so, with the rank among all", () => {
  const isMatch = [true, false, true, false];

  assert.deepEqual(nextMatch(isMatch, { at: 0, by: 1, isHere: false }), {
    index: 2,
    rank: 2,
    count: 2,
    isAround: false,
  });
  assert.deepEqual(nextMatch(isMatch, { at: 2, by: 1, isHere: false }), {
    index: 0,
    rank: 1,
    count: 2,
    isAround: true,
  });
  assert.deepEqual(nextMatch(isMatch, { at: 0, by: -1, isHere: false }), {
    index: 2,
    rank: 2,
    count: 2,
    isAround: true,
  });
  assert.deepEqual(nextMatch(isMatch, { at: 0, by: -1, isHere: true }), {
    index: 0,
    rank: 1,
    count: 2,
    isAround: false,
  });
  assert.deepEqual(
    nextMatch([true], { at: 0, by: 1, isHere: false }),
    { index: 0, rank: 1, count: 1, isAround: true },
    "the only one is found again",
  );
  assert.equal(nextMatch([false, false], { at: 1, by: 1, isHere: true }), undefined);
  assert.equal(nextMatch([], { at: 0, by: 1, isHere: true }), undefined);
});
