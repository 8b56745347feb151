import assert from "node:assert/strict";
import fc from "fast-check";
import { MAX_SECRET_CHARACTERS, SecretLine, type SecretLineState } from "./secret_line.ts";

function type(...parts: string[]): SecretLineState {
  const line = new SecretLine();
  let state: SecretLineState = { type: "typing" };
  for (const part of parts) state = line.feed(new TextEncoder().encode(part));
  return state;
}

Deno.test("what is typed is what is entered, in whatever pieces it comes", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 40 }).filter((s) => !/\p{Cc}/u.test(s));
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 5 }), (secret, size) => {
      const bytes = new TextEncoder().encode(`${secret}\r`);
      const line = new SecretLine();
      let state: SecretLineState = { type: "typing" };
      for (let at = 0; at < bytes.byteLength; at += size) state = line.feed(bytes.subarray(at, at + size));

      assert.deepEqual(state, { type: "entered", text: secret });
    }),
  );
});

Deno.test("backspace, Ctrl-U, arrows and the marks of a paste edit or are dropped", () => {
  assert.deepEqual(type("wrong\x15righx\x7ft\n"), { type: "entered", text: "right" });
  assert.deepEqual(type("\x1b[200~pas", "ted\x1b[201~\x1b[D\x1bOA\r"), { type: "entered", text: "pasted" });
  assert.deepEqual(type("\x7f\x7fä\x7fö\n"), { type: "entered", text: "ö" });
});

Deno.test("Ctrl-C cancels, Ctrl-D only an empty line, and there is a longest secret", () => {
  assert.equal(type("half\x03").type, "cancelled");
  assert.equal(type("\x04").type, "cancelled");
  assert.deepEqual(type("x\x04y\r"), { type: "entered", text: "xy" });
  assert.equal(type("x".repeat(MAX_SECRET_CHARACTERS + 1)).type, "too_long");
});
