import assert from "node:assert/strict";
import fc from "fast-check";
import type { Press } from "../core/keys.ts";
import { KeyDecoder } from "./key_decoder.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

function names(text: string): string[] {
  return new KeyDecoder().push(bytes(text)).map((press) => press.type === "key" ? press.name : press.type);
}

Deno.test("every kind of key has its name", () => {
  assert.deepEqual(names("aß東👩‍💻 "), ["a", "ß", "東", "👩‍💻", "space"]);
  assert.deepEqual(names("\r\t\x7f\x10\x03"), ["enter", "tab", "backspace", "ctrl+p", "ctrl+c"]);
  assert.deepEqual(names("\x1b[A\x1bOB\x1b[5~\x1b[1~\x1b[Z\x1bOP\x1b[15~"), [
    "up",
    "down",
    "pgup",
    "home",
    "shift+tab",
    "f1",
    "f5",
  ]);
  assert.deepEqual(names("\x1br\x1b[1;3A\x1b[1;5C\x1b[1;3F\x1b\x7f"), [
    "alt+r",
    "alt+up",
    "ctrl+right",
    "alt+end",
    "alt+backspace",
  ]);
});

Deno.test("an ESC alone is a key when nothing follows, and keeps waiting until then", () => {
  const decoder = new KeyDecoder();

  assert.deepEqual(decoder.push(bytes("\x1b")), []);
  assert.equal(decoder.isPending, true);
  assert.deepEqual(decoder.flush(), [{ type: "key", name: "esc" }]);
  assert.equal(decoder.isPending, false);
  assert.deepEqual(names("\x1b\x1b[A"), ["esc", "up"]);
});

Deno.test("a paste is one press, with its line breaks, and nothing in it is a key", () => {
  assert.deepEqual(new KeyDecoder().push(bytes("\x1b[200~y\r\nx\r\x1b[A\x1b[201~z")), [
    { type: "paste", text: "y\nx\n\x1b[A" },
    { type: "key", name: "z", text: "z" },
  ]);
});

Deno.test("the wheel and clicks of the mouse", () => {
  assert.deepEqual(new KeyDecoder().push(bytes("\x1b[<64;10;5M\x1b[<65;1;1M\x1b[<0;3;4M\x1b[<0;3;4m")), [
    { type: "mouse", action: "wheel_up", row: 4, column: 9 },
    { type: "mouse", action: "wheel_down", row: 0, column: 0 },
    { type: "mouse", action: "press", row: 3, column: 2 },
  ]);
});

Deno.test("how the bytes are cut into chunks changes nothing", () => {
  const sequences = [
    "a",
    "東",
    "👍",
    "\x1b[A",
    "\x1b[1;3A",
    "\x1b[200~x\ny\x1b[201~",
    "\r",
    "\x1b[<64;1;2M",
    "\x10",
    "\x1br",
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...sequences), { maxLength: 12 }), fc.array(fc.nat(9), { maxLength: 40 }), (
      parts,
      cuts,
    ) => {
      const all = bytes(parts.join(""));
      const whole = new KeyDecoder().push(all);
      const decoder = new KeyDecoder();
      const presses: Press[] = [];
      let at = 0;
      for (const cut of [...cuts, all.length]) {
        presses.push(...decoder.push(all.subarray(at, at + cut)));
        at += cut;
      }
      // Graphemes that arrive in two chunks are two keys with the same text; compare what was typed.
      assert.deepEqual(joined(presses), joined(whole));
    }),
  );
});

Deno.test("whatever bytes come, decoding ends and keeps little", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }), (chunks) => {
      const decoder = new KeyDecoder();
      for (const chunk of chunks) decoder.push(chunk);
      decoder.flush();
      assert.equal(decoder.flush().length <= 1, true);
    }),
  );
});

function joined(presses: readonly Press[]): string[] {
  const out: string[] = [];
  for (const press of presses) {
    if (press.type === "key" && press.text !== undefined && (out.at(-1) ?? "").startsWith("text ")) {
      out.push((out.pop() ?? "") + press.text);
    } else if (press.type === "key") out.push(press.text === undefined ? press.name : `text ${press.text}`);
    else out.push(JSON.stringify(press));
  }
  return out;
}
