import { strict as assert } from "node:assert";
import fc from "fast-check";
import { hexEncode, utf8Encode } from "@bzzz/base";
import { combine, split } from "shamir-secret-sharing";
import {
  combineShareBytes,
  combineShares,
  CryptoError,
  type CryptoErrorCode,
  domainMessage,
  sha256,
  splitSecret,
  splitSecretBytes,
} from "@bzzz/crypto";
import { base32Decode, base32Encode } from "./base32.ts";

function hasCode(code: CryptoErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof CryptoError && error.code === code;
}

const secretBytes = fc.uint8Array({ minLength: 1, maxLength: 64 });
const scheme = fc.integer({ min: 2, max: 9 }).chain((shares) =>
  fc.record({ shares: fc.constant(shares), threshold: fc.integer({ min: 2, max: shares }) })
);

Deno.test("S-23 any k of n shares in any order give the secret back, and k - 1 do not", async () => {
  await fc.assert(
    fc.asyncProperty(secretBytes, scheme, fc.infiniteStream(fc.nat()), async (secret, options, picks) => {
      const shares = await splitSecret(secret, options);
      const shuffled = shares.map((share) => ({ share, order: picks.next().value ?? 0 }))
        .sort((a, b) => a.order - b.order).map(({ share }) => share);

      const back = await combineShares(shuffled.slice(0, options.threshold));

      assert.equal(hexEncode(back), hexEncode(secret));
      assert.equal(hexEncode(await combineShares(shuffled)), hexEncode(secret));
      await assert.rejects(combineShares(shuffled.slice(0, options.threshold - 1)), hasCode("too_few_shares"));
    }),
    { numRuns: 60 },
  );
});

Deno.test("every subset of 3 of 5 shares works", async () => {
  const secret = sha256(utf8Encode("root"));
  const shares = await splitSecret(secret, { shares: 5, threshold: 3 });

  for (let mask = 0; mask < 32; mask++) {
    const chosen = shares.filter((_, i) => mask & (1 << i));
    if (chosen.length < 3) await assert.rejects(combineShares(chosen), hasCode("too_few_shares"), `subset ${mask}`);
    else assert.equal(hexEncode(await combineShares(chosen)), hexEncode(secret), `subset ${mask}`);
  }
});

Deno.test("a share with any one character changed is found by its checksum and named", async () => {
  const shares = await splitSecret(sha256(utf8Encode("x")), { shares: 3, threshold: 2 });
  const [first = "", second = ""] = shares;

  for (let i = "bzzz-share1-".length; i < second.length; i++) {
    if (second[i] === "-") continue;
    const damaged = second.slice(0, i) + (second[i] === "7" ? "8" : "7") + second.slice(i + 1);
    await assert.rejects(
      combineShares([first, damaged]),
      (error) => hasCode("invalid_share")(error) && String(error).includes("share 2 of 2"),
      `character ${i}`,
    );
  }
});

Deno.test("shares of two splittings of the same secret are refused as mixed", async () => {
  const secret = sha256(utf8Encode("same"));
  const [a = ""] = await splitSecret(secret, { shares: 3, threshold: 2 });
  const [, b = ""] = await splitSecret(secret, { shares: 3, threshold: 2 });

  await assert.rejects(combineShares([a, b]), hasCode("mixed_shares"));
});

Deno.test("a forged share with a right checksum is found when the secret is put together", async () => {
  const [a = "", b = ""] = await splitSecret(sha256(utf8Encode("y")), { shares: 2, threshold: 2 });
  const body = base32Decode(b.slice("bzzz-share1-".length))?.slice(0, -4) ?? new Uint8Array();
  body[10] = (body[10] ?? 0) ^ 1;
  const checksum = sha256(domainMessage("bzzz-share1-", body)).slice(0, 4);
  const forged = "bzzz-share1-" + base32Encode(Uint8Array.from([...body, ...checksum]));

  await assert.rejects(combineShares([a, forged]), hasCode("invalid_share"));
});

Deno.test("a share typed in upper case, with look-alikes and spaces, still counts; twice the same counts once", async () => {
  const secret = sha256(utf8Encode("paper"));
  const [a = "", b = ""] = await splitSecret(secret, { shares: 3, threshold: 2 });
  const head = "bzzz-share1-".length;
  const typed = "  " + (a.slice(0, head) + a.slice(head).replaceAll("-", " ").replaceAll("0", "O").replaceAll("1", "l"))
    .toUpperCase();

  assert.equal(hexEncode(await combineShares([typed, b])), hexEncode(secret));
  await assert.rejects(combineShares([typed, a]), hasCode("too_few_shares"));
});

Deno.test("impossible schemes and secrets are refused", async () => {
  const secret = sha256(utf8Encode("z"));

  for (const [threshold, shares] of [[1, 3], [4, 3], [2, 256], [2.5, 4], [0, 0]] as const) {
    await assert.rejects(splitSecret(secret, { shares, threshold }), hasCode("invalid_argument"));
  }
  await assert.rejects(splitSecret(new Uint8Array(), { shares: 3, threshold: 2 }), hasCode("invalid_argument"));
  await assert.rejects(splitSecret(new Uint8Array(65), { shares: 3, threshold: 2 }), hasCode("invalid_argument"));
  await assert.rejects(combineShares([]), hasCode("too_few_shares"));
});

Deno.test("combineShares() refuses any text that is no share", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string(), async (text) => {
      await assert.rejects(combineShares([text]), hasCode("invalid_share"));
      await assert.rejects(combineShares([`bzzz-share1-${text}`]), hasCode("invalid_share"));
    }),
  );
});

Deno.test("base32 round-trips every byte string and refuses stray bits", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      assert.equal(hexEncode(base32Decode(base32Encode(bytes)) ?? Uint8Array.of(0)), hexEncode(bytes));
    }),
    { examples: [[new Uint8Array()]] },
  );
  assert.equal(base32Decode("0u"), undefined);
  assert.equal(base32Decode("01"), undefined);
  assert.equal(base32Decode("0"), undefined);
});

Deno.test("B-04 byte shares: any k of n give the secret back, k - 1 do not (property)", async () => {
  const scheme = fc.integer({ min: 3, max: 9 }).chain((n) =>
    fc.record({
      n: fc.constant(n),
      secret: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      order: fc.shuffledSubarray(Array.from({ length: n }, (_, i) => i), { minLength: n, maxLength: n }),
    })
  );
  await fc.assert(
    fc.asyncProperty(scheme, async ({ n, secret, order }) => {
      const threshold = Math.floor(n / 2) + 1;
      const shares = await splitSecretBytes(secret, { shares: n, threshold });
      const chosen = order.flatMap((i) => shares[i] ?? []);

      assert.equal(hexEncode(await combineShareBytes(chosen.slice(0, threshold))), hexEncode(secret));
      await assert.rejects(combineShareBytes(chosen.slice(0, threshold - 1)), hasCode("too_few_shares"));
    }),
    { numRuns: 50 },
  );
});

Deno.test("k - 1 shares reveal nothing: every secret is as possible as any other", async () => {
  // over GF(256), with two of three shares fixed, each value of the third belongs to exactly one value of the secret
  const [first, second, third] = await split(Uint8Array.of(42), 5, 3);
  assert.ok(first && second && third);
  const possible = new Set<number>();

  for (let value = 0; value < 256; value++) {
    const [secret] = await combine([first, second, Uint8Array.of(value, third[1] ?? 0)]);
    possible.add(secret ?? -1);
  }

  assert.equal(possible.size, 256);
});

Deno.test("byte shares: a wrong one among right ones is noticed", async () => {
  const secret = sha256(utf8Encode("admin"));
  const shares = await splitSecretBytes(secret, { shares: 5, threshold: 3 });
  const [, , , fourth, fifth] = await splitSecretBytes(secret, { shares: 5, threshold: 3 });
  const [a, b] = shares;
  assert.ok(a && b && fourth && fifth);
  const altered = (shares[2] ?? a).map((byte, i) => i === 8 ? byte ^ 1 : byte);

  await assert.rejects(combineShareBytes([a, b, altered]), hasCode("invalid_share"));
  await assert.rejects(combineShareBytes([a, b, fourth]), hasCode("mixed_shares"));
  await assert.rejects(combineShareBytes([a, b, fifth.slice(0, 5)]), hasCode("invalid_share"));
});
