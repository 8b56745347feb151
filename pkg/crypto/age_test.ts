import { strict as assert } from "node:assert";
import { hexEncode, utf8Decode, utf8Encode } from "@bzzz/base";
import {
  ageRecipientOf,
  createAgeIdentity,
  CryptoError,
  type CryptoErrorCode,
  isAgeRecipient,
  lockWithPassphrase,
  open,
  sealTo,
  unlockWithPassphrase,
} from "@bzzz/crypto";

const LOG_N = 10; // fast; the format is the same

function hasCode(code: CryptoErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof CryptoError && error.code === code;
}

Deno.test("what is sealed to several recipients, each of them opens", async () => {
  const [ann, ben, eve] = [await createAgeIdentity(), await createAgeIdentity(), await createAgeIdentity()];

  const sealed = await sealTo([ann.recipient, ben.recipient], utf8Encode("for two"));

  assert.equal(utf8Decode(await open(ann.identity, sealed)), "for two");
  assert.equal(utf8Decode(await open(ben.identity, sealed)), "for two");
  await assert.rejects(open(eve.identity, sealed), hasCode("not_a_recipient"));
});

Deno.test("sealed bytes are a standard age file without the plaintext", async () => {
  const { recipient } = await createAgeIdentity();

  const sealed = await sealTo([recipient], utf8Encode("the plan is secret"));

  const shown = new TextDecoder("latin1").decode(sealed);
  assert.ok(shown.startsWith("age-encryption.org/v1\n-> X25519 "));
  assert.ok(!shown.includes("secret"));
});

Deno.test("open() refuses altered and foreign bytes as malformed", async () => {
  const { identity, recipient } = await createAgeIdentity();
  const sealed = await sealTo([recipient], utf8Encode("whole"));
  const altered = sealed.slice();
  altered[altered.length - 1] = (altered.at(-1) ?? 0) ^ 1;

  await assert.rejects(open(identity, altered), hasCode("malformed"));
  await assert.rejects(open(identity, sealed.slice(0, 60)), hasCode("malformed"));
  await assert.rejects(open(identity, utf8Encode("hello")), hasCode("malformed"));
  await assert.rejects(open(identity, new Uint8Array()), hasCode("malformed"));
});

Deno.test("lockWithPassphrase() is opened by the same passphrase only", async () => {
  const locked = await lockWithPassphrase(utf8Encode("seed"), "correct horse", { logN: LOG_N });

  assert.equal(utf8Decode(await unlockWithPassphrase(locked, "correct horse")), "seed");
  await assert.rejects(unlockWithPassphrase(locked, "correct hors"), hasCode("wrong_passphrase"));
  await assert.rejects(unlockWithPassphrase(locked.slice(0, 40), "correct horse"), hasCode("malformed"));
});

Deno.test("locking twice gives different files", async () => {
  const once = await lockWithPassphrase(utf8Encode("x"), "p", { logN: LOG_N });
  const twice = await lockWithPassphrase(utf8Encode("x"), "p", { logN: LOG_N });

  assert.notEqual(hexEncode(once), hexEncode(twice));
});

Deno.test("an age identity names its recipient", async () => {
  const { identity, recipient } = await createAgeIdentity();

  assert.equal(await ageRecipientOf(identity), recipient);
  assert.ok(isAgeRecipient(recipient));
  assert.match(identity, /^AGE-SECRET-KEY-1[0-9A-Z]{58}$/);
});

Deno.test("isAgeRecipient() refuses a wrong checksum and an identity", async () => {
  const { identity, recipient } = await createAgeIdentity();
  const last = recipient.endsWith("q") ? "p" : "q";

  assert.equal(isAgeRecipient(recipient.slice(0, -1) + last), false);
  assert.equal(isAgeRecipient(identity), false);
  assert.equal(isAgeRecipient(""), false);
});

Deno.test("misuse is refused without repeating the secret", async () => {
  await assert.rejects(sealTo([], utf8Encode("x")), hasCode("invalid_argument"));
  await assert.rejects(sealTo(["age1nobody"], utf8Encode("x")), hasCode("invalid_key"));
  await assert.rejects(lockWithPassphrase(utf8Encode("x"), ""), hasCode("invalid_argument"));
  await assert.rejects(lockWithPassphrase(utf8Encode("x"), "p", { logN: 21 }), hasCode("invalid_argument"));
  const almost = "AGE-SECRET-KEY-1QQQQ";
  await assert.rejects(open(almost, utf8Encode("x")), (error) => {
    assert.ok(error instanceof CryptoError && error.code === "invalid_key");
    return !Deno.inspect(error).includes(almost);
  });
  await assert.rejects(ageRecipientOf(almost), hasCode("invalid_key"));
});

Deno.test("the recipient of an identity is the one age itself derives", async () => {
  const { generateX25519Identity, identityToRecipient } = await import("age-encryption");

  for (let n = 0; n < 20; n++) {
    const identity = await generateX25519Identity();
    const recipient = await identityToRecipient(identity);

    assert.equal(await ageRecipientOf(identity), recipient);
    assert.equal(isAgeRecipient(recipient), true);
  }
});
