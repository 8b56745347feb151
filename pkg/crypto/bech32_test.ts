import { strict as assert } from "node:assert";
import fc from "fast-check";
import { bech32Decode, bech32Encode } from "./bech32.ts";

// BIP 173, "Test vectors": the valid ones whose data is whole bytes, and the invalid ones
const VALID = ["A12UEL5L", "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w"];
const INVALID = [
  "pzry9x0s0muk",
  "1pzry9x0s0muk",
  "x1b4n0q5v",
  "li1dgmt3",
  "A1G7SGD8",
  "10a06t8",
  "1qzzfhee",
  "A12uEL5L",
];

Deno.test("bech32Decode() accepts and refuses what BIP 173 says", () => {
  for (const text of VALID) assert.ok(bech32Decode(text), text);
  for (const text of INVALID) assert.equal(bech32Decode(text), undefined, text);
});

Deno.test("bech32: what was encoded comes back", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z]([a-z-]{0,15}[a-z])?$/), fc.uint8Array({ maxLength: 64 }), (prefix, bytes) => {
      const text = bech32Encode(prefix, bytes);

      assert.deepEqual(bech32Decode(text), { prefix, bytes });
      assert.deepEqual(bech32Decode(text.toUpperCase())?.bytes, bytes);
    }),
  );
});

Deno.test("bech32: one wrong character is noticed", () => {
  const text = bech32Encode("age", new Uint8Array(32).fill(7));

  for (let at = 4; at < text.length; at++) {
    const wrong = text[at] === "q" ? "p" : "q";
    assert.equal(bech32Decode(text.slice(0, at) + wrong + text.slice(at + 1)), undefined, `at ${at}`);
  }
});
