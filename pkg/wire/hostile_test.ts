import assert from "node:assert/strict";
import { toCamelCase, toSnakeCase } from "./case.ts";
import { decodeBody, decodeFrame, encodeCbor, MAX_ENVELOPE_BYTES, sealBodyBytes, TOPICS } from "./mod.ts";
import { TestAuthor } from "./testing.ts";

Deno.test("names longer than any of ours are dropped, not renamed and remembered", () => {
  const long = "a_b".repeat(22);

  assert.deepEqual(toCamelCase({ [long]: 1, ok_key: [{ [long]: 2 }] }), { okKey: [{}] });
  assert.deepEqual(toSnakeCase({ [long]: 1, okKey: 2 }), { ok_key: 2 });
});

Deno.test("a frame that is no frame is refused before anything is built from it", () => {
  // an array of a million empty arrays, and one that hides it where the body belongs
  const many = new Uint8Array(MAX_ENVELOPE_BYTES - 16).fill(0x80);
  const length = many.byteLength;
  const head = [0x9a, length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255];
  const flat = Uint8Array.from([...head, ...many]);
  const nested = Uint8Array.from([0x83, 0x41, 0xa0, 0x41, 0, ...head, ...many]);
  const startedMs = performance.now();

  for (let n = 0; n < 50; n++) {
    assert.deepEqual(decodeFrame(flat), { ok: false, reason: "malformed" });
    assert.deepEqual(decodeFrame(nested), { ok: false, reason: "malformed" });
  }

  const eachMs = (performance.now() - startedMs) / 100;
  assert.ok(eachMs < 1, `took ${eachMs.toFixed(2)} ms each`);
});

Deno.test("decodeBody() refuses a body that hides a million values beside its own", () => {
  const author = new TestAuthor(1);
  const header = { mesh: author.mesh, author: author.peer, seq: 1, hlc: { ms: 1, counter: 0 }, topic: TOPICS.hmmm };
  const body = encodeCbor({ type: "message", text: "x", more: Array.from({ length: 100_000 }, () => []) });

  const envelope = sealBodyBytes(author.key, header, "message_posted", body);

  assert.deepEqual(decodeBody(envelope), { ok: false, reason: "malformed" });
});
