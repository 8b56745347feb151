import { strict as assert } from "node:assert";
import fc from "fast-check";
import { hexEncode, parsePeerId, type PeerId } from "@bzzz/base";
import { CryptoError, peerIdFromPublicKey, publicKeyFromPeerId } from "@bzzz/crypto";
import { base58Decode, base58Encode } from "./base58.ts";

Deno.test("a peer id gives back exactly the key it was made of", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (publicKey) => {
      const id = peerIdFromPublicKey(publicKey);
      const back = publicKeyFromPeerId(id);
      assert.ok(back && parsePeerId(id) === id);
      assert.equal(hexEncode(back), hexEncode(publicKey));
    }),
  );
});

Deno.test("peerIdFromPublicKey() says what libp2p says", () => {
  // @libp2p/peer-id 6.0.15, peerIdFromPublicKey of the key of RFC 8032 section 7.1 TEST 1.
  const publicKey = Uint8Array.fromHex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");

  assert.equal(peerIdFromPublicKey(publicKey), "12D3KooWQK1wnefoLrcVHbbnf5tLzbopUd3K3bFAoJpA7YJgL5pV");
});

Deno.test("publicKeyFromPeerId() is undefined for text that is no peer id", () => {
  fc.assert(fc.property(fc.string(), (text) => assert.equal(publicKeyFromPeerId(text as PeerId), undefined)));
  const altered = "12D3Koo" + "z".repeat(45); // right alphabet and length, another number
  assert.equal(publicKeyFromPeerId(altered as PeerId), undefined);
});

Deno.test("a key handed out cannot be used to poison the memory of keys", () => {
  const id = peerIdFromPublicKey(new Uint8Array(32).fill(7));

  publicKeyFromPeerId(id)?.fill(0);

  assert.equal(publicKeyFromPeerId(id)?.[0], 7);
});

Deno.test("peerIdFromPublicKey() refuses a key of another length", () => {
  assert.throws(
    () => peerIdFromPublicKey(new Uint8Array(33)),
    (error) => error instanceof CryptoError && error.code === "invalid_key",
  );
});

Deno.test("base58 round-trips every byte string, leading zeros included", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 48 }), (bytes) => {
      const back = base58Decode(base58Encode(bytes));
      assert.ok(back);
      assert.equal(hexEncode(back), hexEncode(bytes));
    }),
  );
  assert.equal(base58Encode(new TextEncoder().encode("Hello World!")), "2NEpo7TZRRrLZSi2U"); // draft-msporny-base58 section 5
  assert.equal(base58Decode("0OIl"), undefined);
});
