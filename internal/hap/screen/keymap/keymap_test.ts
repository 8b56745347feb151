import assert from "node:assert/strict";
import { parseKeyName } from "../core/keys.ts";
import { ACTION_NAMES, ACTIONS, companions } from "./actions.ts";
import { DEFAULT_KEYS, VIM_KEYS } from "./defaults.ts";
import { defaultKeymap, parseKeymap } from "./keymap.ts";

function problems(text: string): string[] {
  const { issues } = parseKeymap(text, "keys.yaml");
  return issues.map(({ line, keyPath, got, expected }) => `${line} ${keyPath}: ${got}; expected ${expected}`);
}

Deno.test("the built-in keys clash nowhere, with and without vim", () => {
  assert.deepEqual(problems("version: 1\nvim: true\n"), []);
  for (const action of ACTION_NAMES) {
    for (const key of [...DEFAULT_KEYS[action], ...VIM_KEYS[action] ?? []]) {
      assert.equal(parseKeyName(key), key, action);
    }
    assert.ok(companions(ACTIONS[action].scope).length > 0);
  }
});

Deno.test("Enter neither approves nor denies, whatever a file says", () => {
  assert.match(problems("keys: {approve: enter}").join(), /1 keys\.approve: .*Enter never decides/);
  assert.equal(defaultKeymap().actionOf("enter", ["inbox", "list", "global"]), "open");
  assert.equal(defaultKeymap().actionOf("enter", ["approval"]), undefined);
});

Deno.test("a conflict names both actions and both lines", () => {
  const found = problems("version: 1\nkeys:\n  peers: alt+x\n  tasks: alt+x\n");

  assert.equal(found.length, 1);
  assert.match(found[0] ?? "", /^4 keys\.tasks: "alt\+x" for "tasks"; .*"peers" \(line 3\)/);
});

Deno.test("a new key clashes with a built-in one of a scope that holds with it, not with one that does not", () => {
  assert.match(problems("keys:\n  approve: /\n").join(), /2 keys\.approve: .*"find"/);
  assert.deepEqual(problems("keys:\n  approve: p\n"), []);
  assert.deepEqual(problems("keys:\n  close: a\n"), [], "a text has all keys for itself");
});

Deno.test("keys a terminal cannot tell apart, typing keys in the line, and unknown names are refused", () => {
  const found = problems(
    'keys:\n  inbox: ctrl+i\n  peers: x\n  tasks: hyper+x\n  inbx: alt+i\n  keys: "shift+a"\n  send: [ctrl+1]\n',
  );

  assert.match(found[0] ?? "", /^2 keys\.inbox: .*Tab for a terminal/);
  assert.match(found[1] ?? "", /^3 keys\.peers: .*line of text/);
  assert.match(found[2] ?? "", /^4 keys\.tasks: /);
  assert.match(found[3] ?? "", /^5 keys\.inbx: .*did you mean "inbox"/);
  assert.match(found[4] ?? "", /^6 keys\.keys: /);
  assert.match(found[5] ?? "", /^7 keys\.send\.0: /);
});

Deno.test("a file that is no key map is refused without an exception", () => {
  for (const text of ["[]", "keys: 5", "version: 2", "vim: maybe", "key: {}", "keys: {a: {", "keys:\n  up: 5\n"]) {
    assert.ok(problems(text).length > 0, text);
  }
  assert.deepEqual(problems(""), []);
});

Deno.test("an action may have several keys, or none", () => {
  const { keymap } = parseKeymap("keys: {page_up: [pgup, alt+k], bare: []}", "keys.yaml");

  assert.equal(keymap?.actionOf("alt+k", ["global"]), "page_up");
  assert.equal(keymap?.actionOf("pgup", ["global"]), "page_up");
  assert.deepEqual(keymap?.keysOf("bare"), []);
});
