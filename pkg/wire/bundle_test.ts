import assert from "node:assert/strict";
import { concatBytes, hexDecode, hexEncode, utf8Encode } from "@bzzz/base";
import fc from "fast-check";
import {
  countFrames,
  decodeFrame,
  encodeCbor,
  framesThatFit,
  isBundle,
  MAX_BUNDLE_BYTES,
  MAX_BUNDLE_FRAMES,
  packFrames,
  unpackFrames,
  verifyEnvelope,
} from "./mod.ts";
import { TestAuthor } from "./testing.ts";

const MALFORMED = { ok: false, reason: "malformed" } as const;
/** What looks like an envelope from outside. */
const frame = (bytes: number): Uint8Array => new Uint8Array(bytes).fill(0x83);
const frames = fc.array(fc.uint8Array({ maxLength: 600 }).map((rest) => concatBytes(Uint8Array.of(0x83), rest)), {
  minLength: 2,
  maxLength: 40,
});

Deno.test("unpackFrames() is the inverse of packFrames(), with memory of its own for each frame", () => {
  fc.assert(fc.property(frames, (all) => {
    const message = packFrames(all);
    const unpacked = unpackFrames(message);

    assert.ok(unpacked.ok);
    assert.deepEqual(unpacked.frames.map(hexEncode), all.map(hexEncode));
    assert.ok(unpacked.frames.every(({ buffer, byteLength }) => buffer.byteLength === byteLength));
    assert.equal(countFrames(message), all.length);
    assert.ok(isBundle(message) && !decodeFrame(message).ok, "no envelope");
  }));
});

Deno.test("an envelope is no bundle, and counts for one frame", () => {
  const envelope = new TestAuthor(1).message("alone").frame;

  assert.equal(isBundle(envelope), false);
  assert.equal(countFrames(envelope), 1);
  assert.deepEqual(unpackFrames(envelope), MALFORMED);
});

Deno.test("framesThatFit() fills a message to its limits and no further", () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 2, maxLength: 80 }), (sizes) => {
    const all = sizes.map(frame);
    const count = framesThatFit(all);
    const bytes = encodeCbor({ frames: all.slice(0, count) }).byteLength;

    assert.ok(count <= MAX_BUNDLE_FRAMES && bytes <= MAX_BUNDLE_BYTES, `${count} frames of ${bytes} bytes`);
    if (count === all.length || count === MAX_BUNDLE_FRAMES) return;
    const more = encodeCbor({ frames: all.slice(0, count + 1) }).byteLength;
    assert.ok(more > MAX_BUNDLE_BYTES - 1, `one more has ${more} bytes`);
  }));
  assert.equal(framesThatFit([frame(MAX_BUNDLE_BYTES + 1), frame(1)]), 1, "what is too large goes alone");
});

Deno.test("packFrames() refuses one frame, too many, and too much", () => {
  const refused = [[], [frame(9)], Array(MAX_BUNDLE_FRAMES + 1).fill(frame(9)), [frame(9), frame(MAX_BUNDLE_BYTES)]];

  for (const all of refused) assert.throws(() => packFrames(all), RangeError, `${all.length}`);
  assert.equal(countFrames(packFrames(Array(MAX_BUNDLE_FRAMES).fill(frame(9)))), MAX_BUNDLE_FRAMES);
});

Deno.test("unpackFrames() refuses every form but the one", () => {
  const two = [frame(9), frame(9)];
  const bundle = packFrames(two);
  const refused: Readonly<Record<string, Uint8Array>> = {
    "nothing": new Uint8Array(),
    "no frames": encodeCbor({ frames: [] }),
    "one frame": encodeCbor({ frames: [frame(9)] }),
    "65 frames": encodeCbor({ frames: Array(65).fill(frame(9)) }),
    "another key": encodeCbor({ parts: two }),
    "a second key": encodeCbor({ frames: two, v: 1 }),
    "the key twice": concatBytes(Uint8Array.of(0xa2), bundle.subarray(1), bundle.subarray(1)),
    "a list": encodeCbor(two),
    "text": encodeCbor({ frames: ["a", "b"] }),
    "numbers": encodeCbor({ frames: [1, 2] }),
    "an empty frame": encodeCbor({ frames: [frame(9), new Uint8Array()] }),
    "a bundle": encodeCbor({ frames: [frame(9), bundle] }),
    "what follows": concatBytes(bundle, Uint8Array.of(0)),
    "the end missing": bundle.subarray(0, -1),
    "a longer count than needed": concatBytes(bundle.subarray(0, 8), Uint8Array.of(0x98, 2), bundle.subarray(9)),
    "a longer size than needed": concatBytes(
      bundle.subarray(0, 9),
      Uint8Array.of(0x58, 9),
      frame(9),
      bundle.subarray(19),
    ),
    "no end told": concatBytes(bundle.subarray(0, 8), Uint8Array.of(0x9f), bundle.subarray(9), Uint8Array.of(0xff)),
  };

  for (const [what, message] of Object.entries(refused)) assert.deepEqual(unpackFrames(message), MALFORMED, what);
  assert.ok(unpackFrames(bundle).ok);
});

Deno.test("unpackFrames() and countFrames() bear any bytes, and say the same of how many there are", () => {
  const head = Uint8Array.of(0xa1, 0x66, ...utf8Encode("frames"));
  const junk = fc.uint8Array({ maxLength: 300 });
  const altered = fc.tuple(frames, fc.nat(), fc.nat(255)).map(([all, at, byte]) => {
    const message = packFrames(all);
    return message.with(at % message.byteLength, byte);
  });
  const input = fc.oneof(junk, junk.map((rest) => concatBytes(head, rest)), altered);

  fc.assert(
    fc.property(input, (message) => {
      const unpacked = unpackFrames(message);
      if (unpacked.ok) assert.equal(countFrames(message), unpacked.frames.length);
      else assert.ok(countFrames(message) >= 1 && countFrames(message) <= MAX_BUNDLE_FRAMES);
    }),
    { numRuns: Deno.env.get("SLOW") ? 20_000 : 2_000 },
  );
});

Deno.test("unpackFrames() does not read what is too large, or promises more than it holds", () => {
  const large = new Uint8Array(1024 * 1024).fill(0x80);
  large.set(packFrames([frame(9), frame(9)]));
  const promises = concatBytes(
    Uint8Array.of(0xa1, 0x66),
    utf8Encode("frames"),
    Uint8Array.of(0x9a, 0x7f, 255, 255, 255),
  );
  const startedMs = performance.now();

  for (let n = 0; n < 1_000; n++) {
    assert.deepEqual(unpackFrames(large), { ok: false, reason: "oversize" });
    assert.deepEqual(unpackFrames(promises), MALFORMED);
  }

  const eachMs = (performance.now() - startedMs) / 2_000;
  assert.ok(eachMs < 0.1, `took ${eachMs.toFixed(3)} ms each`);
});

interface Fixture {
  readonly ids: readonly string[];
  readonly message: string;
}

Deno.test("published fixtures of bundles unpack to what they say, and are packed to the same bytes", async () => {
  const folder = new URL("./testdata/", import.meta.url);
  let seen = 0;
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.startsWith("bundle_v1_")) continue;
    seen++;
    const fixture = JSON.parse(await Deno.readTextFile(new URL(name, folder))) as Fixture;
    const message = hexDecode(fixture.message);
    const unpacked = message && unpackFrames(message);
    assert.ok(message && unpacked?.ok, name);

    const envelopes = unpacked.frames.map((one) => decodeFrame(one));

    assert.deepEqual(
      envelopes.map((one) => one.ok && verifyEnvelope(one.envelope) && one.envelope.id),
      fixture.ids,
      name,
    );
    assert.equal(hexEncode(packFrames(unpacked.frames)), fixture.message, name);
  }
  assert.ok(seen >= 2, `found ${seen} fixtures`);
});
