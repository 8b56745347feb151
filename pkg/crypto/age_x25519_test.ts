import assert from "node:assert/strict";
import { utf8Decode, utf8Encode } from "@bzzz/base";
import { createSeededRandom } from "@bzzz/base/testing";
import {
  ageIdentityText,
  ageRecipientOfSecret,
  createAgeOpener,
  createAgeSecret,
  openContent,
  sealTo,
} from "@bzzz/crypto";
import { Decrypter, Encrypter } from "age-encryption";
import { bech32Encode } from "./bech32.ts";

const SECRETS = [1, 2, 3].map((seed) => createAgeSecret(createSeededRandom(seed)));
const RECIPIENTS = SECRETS.map(ageRecipientOfSecret);

Deno.test("what is sealed here, the library opens, whichever recipient it is for", async () => {
  const sealed = await sealTo(RECIPIENTS, utf8Encode("for three"));

  for (const secret of SECRETS) {
    const decrypter = new Decrypter();
    decrypter.addIdentity(ageIdentityText(secret));
    assert.equal(await decrypter.decrypt(sealed, "text"), "for three");
  }
});

Deno.test("what the library seals is opened here, among recipients of other kinds", async () => {
  const encrypter = new Encrypter();
  const other = new Uint8Array(32).fill(7);
  encrypter.addRecipient({ wrapFileKey: () => [{ args: ["ssh-ed25519", "abcd"], body: other }] });
  for (const recipient of RECIPIENTS) encrypter.addRecipient(recipient);
  const sealed = await encrypter.encrypt("for three and one");

  for (const secret of SECRETS) {
    assert.equal(utf8Decode(await openContent([await createAgeOpener(secret)], sealed)), "for three and one");
  }
});

Deno.test("an opener looks first where it was found last, and opens all the same where it is not", async () => {
  const [, , third = new Uint8Array()] = SECRETS;
  const opener = await createAgeOpener(third);
  const opened = async (recipients: readonly string[]) => {
    assert.equal(utf8Decode(await openContent([opener], await sealTo(recipients, utf8Encode("x")))), "x");
    return opener.lastFit.place;
  };

  assert.equal(await opened(RECIPIENTS), 2);
  assert.equal(await opened(RECIPIENTS), 2);
  assert.equal(await opened(RECIPIENTS.toReversed()), 0);
  assert.equal(await opened(RECIPIENTS), 2);
  assert.equal(await opened(RECIPIENTS.slice(2)), 0, "fewer than before");
  await assert.rejects(openContent([opener], await sealTo(RECIPIENTS.slice(0, 2), utf8Encode("x"))), {
    code: "not_a_recipient",
  });
  assert.equal(opener.lastFit.place, 0);
});

Deno.test("points of small order are refused, on either side", async () => {
  const secret = SECRETS[0] ?? new Uint8Array();
  const share = new Uint8Array(32); // zero, and so is every multiple of it
  const encrypter = new Encrypter();
  const args = ["X25519", share.toBase64({ omitPadding: true })];
  encrypter.addRecipient({ wrapFileKey: () => [{ args, body: new Uint8Array(32) }] });

  await assert.rejects(sealTo([bech32Encode("age", share)], utf8Encode("x")));
  await assert.rejects(openContent([await createAgeOpener(secret)], await encrypter.encrypt("x")), {
    code: "malformed",
  });
});

Deno.test("damaged recipients in a header are malformed, not somebody else's", async () => {
  const opener = await createAgeOpener(SECRETS[0] ?? new Uint8Array());
  const cases: readonly [args: string[], bodyBytes: number][] = [
    [["X25519"], 32],
    [["X25519", "short"], 32],
    [["X25519", "A".repeat(43), "more"], 32],
    [["X25519", `${"A".repeat(42)}B`], 32], // a second spelling of the same bytes
    [["X25519", "A".repeat(43)], 31],
  ];
  for (const [args, bodyBytes] of cases) {
    const encrypter = new Encrypter();
    encrypter.addRecipient({ wrapFileKey: () => [{ args, body: new Uint8Array(bodyBytes) }] });
    await assert.rejects(openContent([opener], await encrypter.encrypt("x")), { code: "malformed" }, args.join(" "));
  }
});
