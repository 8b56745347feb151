import assert from "node:assert/strict";
import fc from "fast-check";
import { utf8Encode } from "@bzzz/base";
import { type Key, KeyDecoder } from "./keys.ts";

function keysOf(...chunks: string[]): Key[] {
  const decoder = new KeyDecoder();
  return chunks.flatMap((chunk) => decoder.push(utf8Encode(chunk)));
}

const names = (keys: readonly Key[]) => keys.map((key) => "text" in key ? key.text : key.type);

Deno.test("KeyDecoder knows the keys of common terminals", () => {
  assert.deepEqual(names(keysOf("a\x7fé会\x01\x05\x15\x17\x0b\x03\x04\x0c\r\t")), [
    "a",
    "backspace",
    "é会",
    "home",
    "end",
    "kill_to_start",
    "kill_word",
    "kill_to_end",
    "interrupt",
    "end_of_input",
    "clear_screen",
    "enter",
    "tab",
  ]);
  assert.deepEqual(
    names(keysOf("\x1b[A\x1b[B\x1bOC\x1b[D\x1b[1~\x1b[4~\x1b[3~\x1b[1;5C\x1b[H\x1b[F\x1bf\x1b[99z\x00")),
    [
      "up",
      "down",
      "right",
      "left",
      "home",
      "end",
      "delete",
      "right",
      "home",
      "end",
      "unknown",
      "unknown",
      "unknown",
    ],
  );
});

Deno.test("KeyDecoder takes a paste as one, with its line breaks, and a lone ESC as nothing", () => {
  assert.deepEqual(keysOf("\x1b[200~rm -rf\r\n/\x1b[201~\r"), [{ type: "paste", text: "rm -rf\n/" }, {
    type: "enter",
  }]);
  assert.deepEqual(names(keysOf("\x1b", "abc")), ["abc"]);
  assert.deepEqual(names(keysOf("\x1b", "[A")), ["up"]);
});

Deno.test("KeyDecoder gives the same keys however the bytes are cut", () => {
  const piece = fc.constantFrom(
    "a",
    "é",
    "会",
    "👩‍💻",
    "\x1b[A",
    "\x1bOB",
    "\x1b[3~",
    "\x1b[200~x\ny\x1b[201~",
    "\r",
    "\x7f",
  );
  fc.assert(fc.property(fc.array(piece), fc.array(fc.nat()), (pieces, cuts) => {
    const bytes = utf8Encode(pieces.join(""));
    const decoder = new KeyDecoder();
    const keys: Key[] = [];
    let from = 0;
    for (const cut of [...cuts.map((at) => at % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)) {
      keys.push(...decoder.push(bytes.subarray(from, cut)));
      from = cut;
    }

    const flat = (all: readonly Key[]): Key[] =>
      all.flatMap((key): Key[] => key.type === "text" ? [...key.text].map((text) => ({ type: "text", text })) : [key]);
    assert.deepEqual(flat(keys), flat(keysOf(pieces.join(""))));
  }));
});

Deno.test("KeyDecoder survives any bytes and keeps nothing for ever", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (chunks) => {
    const decoder = new KeyDecoder();
    for (const chunk of chunks) decoder.push(chunk);
    // Whatever came before: the end of a paste and 64 more bytes bring it back to reading keys.
    decoder.push(utf8Encode("\x1b[201~" + "~".repeat(64)));
    assert.equal(decoder.push(utf8Encode("\x03")).at(-1)?.type, "interrupt");
  }));
});
