import assert from "node:assert/strict";
import fc from "fast-check";
import { concatBytes, equalBytes, utf8Decode, utf8Encode } from "@bzzz/base";
import { createSeededRandom } from "@bzzz/base/testing";
import {
  ageIdentityText,
  type AgeOpener,
  ageRecipientOf,
  ageRecipientOfSecret,
  ageSecretOfText,
  assertAgeFile,
  createAgeOpener,
  createAgeSecret,
  CryptoError,
  type CryptoErrorCode,
  MAX_CONTENT_BYTES,
  MAX_SEALED_BYTES,
  openContent,
  readAgeFile,
  sealContent,
} from "@bzzz/crypto";

/** The identity of testdata/age/README.md. */
const GOLDEN = "AGE-SECRET-KEY-1DEC7J8434W76GS4JC2M29QUTARCECF8V5VQ0JAFZN6HLFRS9EN2S4ZDD8M";
const SLOW = Deno.env.get("SLOW") === "1";

function hasCode(code: CryptoErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof CryptoError && error.code === code;
}

async function opener(seed: number): Promise<AgeOpener> {
  return await createAgeOpener(createAgeSecret(createSeededRandom(seed)));
}

async function golden(name: string): Promise<Uint8Array> {
  return await Deno.readFile(new URL(`./testdata/age/${name}.age`, import.meta.url));
}

Deno.test("files made by the age command open, binary and armored", async () => {
  const key = await createAgeOpener(ageSecretOfText(GOLDEN));
  const expected = { one: "one recipient", two: "two recipients", empty: "", armored: "armored" };

  for (const [name, content] of Object.entries(expected)) {
    const file = await readAgeFile(await golden(name));
    assert.equal(utf8Decode(await openContent([key], file)), content, name);
  }
  await assert.rejects(openContent([key], await golden("other")), hasCode("not_a_recipient"));
});

Deno.test("any content opens for each recipient and for nobody else (property)", async () => {
  const [ann, ben, eve] = [await opener(1), await opener(2), await opener(3)];
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 70_000 }), async (content) => {
      const sealed = await sealContent([ann.recipient, ben.recipient, ann.recipient], content);

      assert.ok(equalBytes(await openContent([ann], sealed), content));
      assert.ok(equalBytes(await openContent([eve, ben], sealed), content));
      await assert.rejects(openContent([eve], sealed), hasCode("not_a_recipient"));
      await assert.rejects(openContent([], sealed), hasCode("not_a_recipient"));
    }),
    { numRuns: SLOW ? 300 : 15 },
  );
});

Deno.test("a sealed file that is cut or altered anywhere does not open (property)", async () => {
  const ann = await opener(1);
  const sealed = await sealContent([ann.recipient, (await opener(2)).recipient], utf8Encode("all or nothing"));
  const place = fc.nat({ max: sealed.byteLength - 1 });

  await fc.assert(
    fc.asyncProperty(place, fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      const altered = sealed.slice();
      altered[at] = (altered[at] ?? 0) ^ flip;

      const refused = (error: unknown) =>
        error instanceof CryptoError && (error.code === "malformed" || error.code === "not_a_recipient");
      await assert.rejects(openContent([ann], altered), refused);
      await assert.rejects(openContent([ann], sealed.slice(0, at)), hasCode("malformed"));
    }),
    { numRuns: SLOW ? 2000 : 150 },
  );
  await assert.rejects(openContent([ann], concatBytes(sealed, Uint8Array.of(0))), hasCode("malformed"));
});

Deno.test("a payload whose last chunk is missing or doubled is malformed", async () => {
  const ann = await opener(1);
  const sealed = await sealContent([ann.recipient], new Uint8Array(3 * 64 * 1024));
  const chunk = 64 * 1024 + 16;

  await assert.rejects(openContent([ann], sealed.slice(0, -chunk)), hasCode("malformed"));
  await assert.rejects(openContent([ann], concatBytes(sealed, sealed.slice(-chunk))), hasCode("malformed"));
});

Deno.test("random bytes never open and never crash (property)", async () => {
  const ann = await opener(1);
  const magic = utf8Encode("age-encryption.org/v1\n");
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), fc.boolean(), async (bytes, isPrefixed) => {
      const file = isPrefixed ? concatBytes(magic, bytes) : bytes;
      await assert.rejects(openContent([ann], file), (error) => error instanceof CryptoError);
    }),
    { numRuns: SLOW ? 5000 : 300 },
  );
});

Deno.test("content and files over the limit are refused before any work", async () => {
  const ann = await opener(1);

  await assert.rejects(sealContent([ann.recipient], new Uint8Array(MAX_CONTENT_BYTES + 1)), hasCode("too_large"));
  await assert.rejects(openContent([ann], new Uint8Array(MAX_SEALED_BYTES + 1)), hasCode("too_large"));
  await assert.rejects(readAgeFile(new Uint8Array(100 * 1024 * 1024)), hasCode("too_large"));
});

Deno.test("a header that names thousands of recipients, or has no end, is refused without key agreement", () => {
  const stanza = `-> X25519 ${"A".repeat(43)}\n${"A".repeat(43)}\n`;
  const file = (count: number, end: string) => utf8Encode(`age-encryption.org/v1\n${stanza.repeat(count)}${end}`);

  assert.throws(() => assertAgeFile(file(257, "--- x\n")), hasCode("malformed"));
  assert.throws(() => assertAgeFile(file(5000, "--- x\n")), hasCode("malformed"));
  assert.throws(() => assertAgeFile(file(1, "")), hasCode("malformed"));
  assert.throws(() => assertAgeFile(file(0, "--- x\n")), hasCode("malformed"));
  assert.doesNotThrow(() => assertAgeFile(file(256, "--- x\n")));
});

Deno.test("sealing is refused without recipients, with too many, and to what is none", async () => {
  const { recipient } = await opener(1);
  const many = Array.from({ length: 257 }, (_, i) => ageRecipientOfSecret(createAgeSecret(createSeededRandom(i))));

  await assert.rejects(sealContent([], new Uint8Array()), hasCode("invalid_argument"));
  await assert.rejects(sealContent(many, new Uint8Array()), hasCode("invalid_argument"));
  await assert.rejects(sealContent([recipient, "age1nobody"], new Uint8Array()), hasCode("invalid_key"));
});

Deno.test("armor that is damaged is malformed", async () => {
  const armored = await golden("armored");
  const text = utf8Decode(armored);

  for (const broken of [text.slice(0, -10), text.replace("BEGIN AGE", "BEGIN PGP"), text.replace(/\n(.)/, "\n*")]) {
    await assert.rejects(readAgeFile(utf8Encode(broken)), hasCode("malformed"), broken.slice(0, 60));
  }
});

Deno.test("a secret and its text form stand for each other, and for one recipient", async () => {
  const secret = createAgeSecret(createSeededRandom(7));
  const text = ageIdentityText(secret);

  assert.deepEqual(ageSecretOfText(text), secret);
  assert.equal(await ageRecipientOf(text), ageRecipientOfSecret(secret));
  assert.equal((await createAgeOpener(secret)).recipient, ageRecipientOfSecret(secret));
  assert.throws(() => ageRecipientOfSecret(new Uint8Array(31)), hasCode("invalid_key"));
  assert.throws(() => ageSecretOfText(ageRecipientOfSecret(secret)), hasCode("invalid_key"));
});

Deno.test("an opener shows its secret to nobody", async () => {
  const { key } = await opener(1);

  assert.equal(key.extractable, false);
  await assert.rejects(crypto.subtle.exportKey("pkcs8", key));
});

Deno.test({
  name: "the age command opens what is sealed, with the identity's text",
  ignore: !await hasAge(),
  fn: async () => {
    const secret = createAgeSecret(createSeededRandom(9));
    const folder = await Deno.makeTempDir({ prefix: "bzzz-age-" });
    try {
      const content = createSeededRandom(10).bytes(200_000);
      await Deno.writeFile(`${folder}/a.age`, await sealContent([ageRecipientOfSecret(secret)], content));
      await Deno.writeTextFile(`${folder}/key`, `${ageIdentityText(secret)}\n`, { mode: 0o600 });

      const { stdout, success } = await new Deno.Command("age", {
        args: ["--decrypt", "--identity", `${folder}/key`, `${folder}/a.age`],
      }).output();

      assert.ok(success);
      assert.ok(equalBytes(stdout, content));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

/** Debian's package `age`; without it the test above says that it was skipped. */
async function hasAge(): Promise<boolean> {
  try {
    return (await new Deno.Command("age", { args: ["--version"] }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
