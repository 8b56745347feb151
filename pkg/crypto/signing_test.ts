import { strict as assert } from "node:assert";
import fc from "fast-check";
import { createSystemRandom, hexDecode, hexEncode, utf8Encode } from "@bzzz/base";
import {
  createSigningKey,
  CryptoError,
  domainMessage,
  hmacSha256,
  sha256,
  signingKeyFromSeed,
  verifySignature,
} from "@bzzz/crypto";

function hex(text: string): Uint8Array {
  const bytes = hexDecode(text);
  assert.ok(bytes, "test data is hexadecimal");
  return bytes;
}

function flipBit(bytes: Uint8Array, bit: number): void {
  bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
}

/** RFC 8032 section 7.1 (IETF Trust, Simplified BSD License for code components). */
const RFC_8032 = [
  {
    name: "TEST 1",
    seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    publicKey: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    message: "",
    signature: "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b" +
      "d25bf5f0595bbe24655141438e7a100b",
  },
  {
    name: "TEST 2",
    seed: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    publicKey: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    message: "72",
    signature: "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c" +
      "387b2eaeb4302aeeb00d291612bb0c00",
  },
  {
    name: "TEST 3",
    seed: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    publicKey: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    message: "af82",
    signature: "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659" +
      "4a7c15e9716ed28dc027beceea1ec40a",
  },
  {
    name: "TEST SHA(abc)",
    seed: "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
    publicKey: "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
    message: "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd" +
      "454d4423643ce80e2a9ac94fa54ca49f",
    signature: "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e030" +
      "3dca179c138ac17ad9bef1177331a704",
  },
];

for (const vector of RFC_8032) {
  Deno.test(`a signing key reproduces RFC 8032 ${vector.name}`, () => {
    const key = signingKeyFromSeed(hex(vector.seed));

    const signature = key.sign(hex(vector.message));

    assert.equal(hexEncode(key.publicKey), vector.publicKey);
    assert.equal(hexEncode(signature), vector.signature);
    assert.ok(verifySignature(key.publicKey, hex(vector.message), signature));
  });
}

Deno.test("verifySignature() refuses every single altered bit of message, key and signature", () => {
  const key = signingKeyFromSeed(sha256(utf8Encode("bits")));
  const message = utf8Encode("hold");
  const parts = { publicKey: key.publicKey, message, signature: key.sign(message) };

  for (const part of ["publicKey", "message", "signature"] as const) {
    for (let bit = 0; bit < parts[part].length * 8; bit++) {
      const altered = { ...parts, [part]: parts[part].slice() };
      flipBit(altered[part], bit);
      assert.equal(verifySignature(altered.publicKey, altered.message, altered.signature), false, `${part} ${bit}`);
    }
  }
});

Deno.test("verifySignature() answers false to junk and never throws", () => {
  const bytes = fc.uint8Array({ maxLength: 80 });
  fc.assert(
    fc.property(bytes, bytes, bytes, (publicKey, message, signature) => {
      assert.equal(verifySignature(publicKey, message, signature), false);
    }),
    { numRuns: 200 },
  );
  assert.equal(verifySignature(new Uint8Array(32).fill(0xff), new Uint8Array(), new Uint8Array(64)), false);
});

Deno.test("verifySignature() refuses a signature whose scalar is not reduced", () => {
  const key = signingKeyFromSeed(sha256(utf8Encode("malleable")));
  const message = utf8Encode("once");
  const signature = key.sign(message);
  const order = (1n << 252n) + 27742317777372353535851937790883648493n;
  let scalar = order;
  for (let i = 31; i >= 0; i--) scalar += BigInt(signature[32 + i] ?? 0) << BigInt(8 * i);
  for (let i = 0; i < 32; i++) signature[32 + i] = Number((scalar >> BigInt(8 * i)) & 0xffn);

  assert.equal(verifySignature(key.publicKey, message, signature), false);
});

Deno.test("verifySignature() keeps answering right when far more keys pass by than it remembers", () => {
  const message = utf8Encode("many");
  const keys = Array.from({ length: 1100 }, (_, i) => signingKeyFromSeed(sha256(utf8Encode(`key ${i}`))));

  for (const [i, key] of [...keys, ...keys.slice(0, 10)].entries()) {
    assert.ok(verifySignature(key.publicKey, message, key.sign(message)), `key ${i}`);
  }
});

Deno.test("F-45 a signing key shows its seed neither when inspected nor as JSON", () => {
  const key = createSigningKey(createSystemRandom());
  const seed = key.exportSeed();

  const shown = Deno.inspect(key, { depth: 9, iterableLimit: 99, showHidden: true }) + JSON.stringify(key);

  assert.ok(!shown.includes(hexEncode(seed)));
  assert.ok(!shown.replaceAll(/\s+/g, "").includes([...seed].join(",")));
});

Deno.test("a signing key is not changed through the seed it was made from or gave away", () => {
  const seed = sha256(utf8Encode("seed"));
  const key = signingKeyFromSeed(seed);
  const before = hexEncode(key.exportSeed());

  seed.fill(0);
  key.exportSeed().fill(0);

  assert.equal(hexEncode(key.exportSeed()), before);
});

Deno.test("signingKeyFromSeed() refuses a seed of another length", () => {
  assert.throws(
    () => signingKeyFromSeed(new Uint8Array(31)),
    (error) => error instanceof CryptoError && error.code === "invalid_key",
  );
});

Deno.test("domainMessage() never gives two domains the same bytes", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), fc.uint8Array(), (a, b, payload) => {
      fc.pre(a !== b && !a.includes("\0") && !b.includes("\0") && a.isWellFormed() && b.isWellFormed());
      assert.notEqual(hexEncode(domainMessage(a, payload)), hexEncode(domainMessage(b, payload)));
    }),
  );
  assert.throws(() => domainMessage("a\0b", new Uint8Array()), TypeError);
});

Deno.test("hmacSha256() reproduces RFC 4231 test case 2", () => {
  const mac = hmacSha256(utf8Encode("Jefe"), utf8Encode("what do ya want for nothing?"));

  assert.equal(hexEncode(mac), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
});

Deno.test("wipe() leaves a key that signs nothing and has no seed", () => {
  const key = createSigningKey(createSystemRandom());
  const { publicKey } = key;

  key.wipe();
  key.wipe();

  assert.throws(() => key.sign(new Uint8Array(1)), { code: "invalid_key" });
  assert.throws(() => key.exportSeed(), { code: "invalid_key" });
  assert.equal(key.publicKey, publicKey);
});
