import assert from "node:assert/strict";
import { concatBytes, utf8Encode } from "@bzzz/base";
import { isSameSlice, type Slice } from "./slice.ts";
import { COMPRESSED_SLICE_TYPE, decodeSlice, encodeSlice, SLICE_TYPE } from "./slice_codec.ts";

const slice: Slice = {
  v: 1,
  term: 3,
  derived_at_ms: 1,
  project: "shop",
  task: "checkout",
  roles: ["developer"],
  sources: ["ucxl://a:b@shop:checkout/*^/x"],
  unread: 0,
  is_complete: true,
  nodes: [{ path: "x", fields: { summary: { value: "short", source: 0 } } }],
  decisions: [],
};

Deno.test("a slice is compressed where that is smaller, and comes back the same", async () => {
  const long = { ...slice, nodes: [{ path: "x", fields: { summary: { value: "again ".repeat(200), source: 0 } } }] };
  const small = { ...slice, sources: [], nodes: [], roles: [] };

  const encoded = await encodeSlice(long);
  assert.equal(encoded.mediaType, COMPRESSED_SLICE_TYPE);
  assert.ok(encoded.bytes.byteLength < 500);
  assert.deepEqual(await decodeSlice(encoded.bytes, encoded.mediaType), long);
  const plain = await encodeSlice(small);
  assert.ok(plain.bytes.byteLength <= utf8Encode(JSON.stringify(small)).byteLength);
  assert.deepEqual(await decodeSlice(plain.bytes, plain.mediaType), small);
});

Deno.test("what is no slice is none: damaged, another form, a source that is not there, a bomb", async () => {
  const { bytes } = await encodeSlice({ ...slice, roles: Array.from({ length: 50 }, () => "developer") });
  const json = (value: unknown) => utf8Encode(JSON.stringify(value));
  const bomb = new Uint8Array(
    await new Response(
      new Blob([new Uint8Array(64 * 1024 * 1024)]).stream().pipeThrough(new CompressionStream("gzip")),
    ).arrayBuffer(),
  );

  assert.equal(await decodeSlice(bytes.subarray(0, 40), COMPRESSED_SLICE_TYPE), undefined);
  assert.equal(await decodeSlice(concatBytes(bytes).map((byte) => byte ^ 1), COMPRESSED_SLICE_TYPE), undefined);
  assert.equal(await decodeSlice(json(slice), "application/json"), undefined);
  assert.equal(await decodeSlice(json({ ...slice, term: 0 }), SLICE_TYPE), undefined);
  assert.equal(await decodeSlice(json({ ...slice, sources: [] }), SLICE_TYPE), undefined);
  assert.equal(await decodeSlice(new Uint8Array([0xff, 0xfe]), SLICE_TYPE), undefined);
  assert.ok(bomb.byteLength < 100_000);
  assert.equal(await decodeSlice(bomb, COMPRESSED_SLICE_TYPE), undefined);
});

Deno.test("isSameSlice() looks at what is said, not at who said it when", () => {
  assert.equal(isSameSlice(slice, { ...slice, term: 9, derived_at_ms: 7 }), true);
  assert.equal(isSameSlice(slice, { ...slice, roles: [] }), false);
});
