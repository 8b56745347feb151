import assert from "node:assert/strict";
import { hexDecode, hexEncode } from "@bzzz/base";
import fc from "fast-check";
import {
  decodeBody,
  decodeFrame,
  encodeCbor,
  type Envelope,
  MAX_ENVELOPE_BYTES,
  pruneFrame,
  sealBodyBytes,
  sealEnvelope,
  TOPICS,
  verifyEnvelope,
} from "./mod.ts";
import { TestAuthor } from "./testing.ts";

function decoded(frame: Uint8Array): Envelope {
  const result = decodeFrame(frame);
  assert.ok(result.ok, `expected a frame, got ${JSON.stringify(result)}`);
  return result.envelope;
}

Deno.test("a sealed envelope decodes to itself and verifies", () => {
  const author = new TestAuthor(1);
  author.message("first");
  const sealed = author.entry("task_progress", { taskId: TASK, attempt: 1, text: "half" }, {
    thread: "t1",
    task: TASK,
    toRoles: ["developer"],
    trace: "abc",
  });

  const envelope = decoded(sealed.frame);

  assert.deepEqual(envelope.header, sealed.header);
  assert.equal(envelope.id, sealed.id);
  assert.ok(verifyEnvelope(envelope));
  const body = decodeBody(envelope);
  assert.ok(body.ok && body.kind === "task_progress");
  assert.deepEqual(body.body, { taskId: TASK, attempt: 1, text: "half" });
});

Deno.test("verifyEnvelope() refuses every single altered byte", () => {
  const { frame } = new TestAuthor(2).message("hello");

  for (let at = 0; at < frame.byteLength; at++) {
    const altered = frame.slice();
    altered[at] = (altered[at] ?? 0) ^ 1;
    const result = decodeFrame(altered);

    assert.ok(!result.ok || !verifyEnvelope(result.envelope), `byte ${at} was altered and not noticed`);
  }
});

Deno.test("verifyEnvelope() refuses an entry that claims another author", () => {
  const honest = new TestAuthor(3);
  const liar = new TestAuthor(4);

  const forged = liar.entry("message_posted", { type: "message", text: "I am another" }, { author: honest.peer });

  assert.ok(!verifyEnvelope(decoded(forged.frame)));
});

Deno.test("pruneFrame() keeps id and signature, and drops the body", () => {
  const sealed = new TestAuthor(5).message("secret of yesterday");

  const pruned = decoded(pruneFrame(sealed));

  assert.equal(pruned.id, sealed.id);
  assert.equal(pruned.body, undefined);
  assert.ok(verifyEnvelope(pruned));
  assert.deepEqual(decodeBody(pruned), { ok: false, reason: "pruned" });
});

Deno.test("decodeFrame() names what is wrong", () => {
  const author = new TestAuthor(6);
  const sealed = author.message("x");
  const header = { v: 99 };

  assert.deepEqual(decodeFrame(new Uint8Array(MAX_ENVELOPE_BYTES + 1)), { ok: false, reason: "oversize" });
  assert.deepEqual(decodeFrame(sealed.frame.subarray(0, 40)), { ok: false, reason: "malformed" });
  assert.deepEqual(decodeFrame(encodeCbor([encodeCbor(header), new Uint8Array(64), null])), {
    ok: false,
    reason: "unknown_version",
  });
  assert.deepEqual(decodeFrame(encodeCbor([encodeCbor({ v: 1 }), new Uint8Array(64), null])), {
    ok: false,
    reason: "malformed",
  });
});

Deno.test("decodeBody() says the same of the first bodies of a kind and of the hundredth", () => {
  const author = new TestAuthor(3);
  const bad = sealBodyBytes(author.key, author.message("x").header, "message_posted", encodeCbor({ type: "message" }));
  const answers = Array.from({ length: 100 }, (_, n) => {
    const good = decodeBody(decoded(author.message(`message ${n}`).frame));
    return [good.ok && good.kind === "message_posted" && good.body.text, decodeBody(decoded(bad.frame))];
  });

  const malformed = { ok: false, reason: "malformed" };
  assert.deepEqual(answers, Array.from({ length: 100 }, (_, n) => [`message ${n}`, malformed]));
});

Deno.test("decodeBody() tells an unknown kind from a malformed body", () => {
  const author = new TestAuthor(7);
  const draft = {
    mesh: author.mesh,
    author: author.peer,
    seq: 1,
    hlc: { ms: 1, counter: 0 },
    topic: TOPICS.coordination,
  };

  const later = sealBodyBytes(author.key, draft, "kind_of_tomorrow", encodeCbor({ a: 1 }));
  const wrong = sealBodyBytes(author.key, draft, "task_claimed", encodeCbor({ task_id: "no" }));
  const unchained = sealBodyBytes(author.key, draft, "leaving", encodeCbor({ reason: "a signal has no seq" }));

  assert.deepEqual(decodeBody(decoded(later.frame)), { ok: false, reason: "unknown_kind" });
  assert.deepEqual(decodeBody(decoded(wrong.frame)), { ok: false, reason: "malformed" });
  assert.deepEqual(decodeBody(decoded(unchained.frame)), { ok: false, reason: "malformed" });
});

Deno.test("sealEnvelope() refuses a body that exceeds the maximum or its schema", () => {
  const author = new TestAuthor(8);

  assert.throws(() => author.message("x".repeat(70_000)), TypeError);
  assert.throws(
    () => author.entry("fork_proved", { first: new Uint8Array(MAX_ENVELOPE_BYTES), second: new Uint8Array() }),
    RangeError,
  );
  assert.throws(() => author.entry("task_claimed", { taskId: TASK, attempt: 0 }), TypeError);
});

Deno.test("decodeFrame() never throws on random bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const result = decodeFrame(bytes);
      if (result.ok) decodeBody(result.envelope);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("any text survives seal and decode", () => {
  const author = new TestAuthor(9);
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 200, unit: "grapheme" }), (text) => {
      const envelope = decoded(author.message(text).frame);
      const body = decodeBody(envelope);
      assert.ok(verifyEnvelope(envelope) && body.ok && body.kind === "message_posted" && body.body.text === text);
    }),
    { numRuns: 200 },
  );
});

interface Fixture {
  readonly id: string;
  readonly kind: string;
  readonly author: string;
  readonly body: unknown;
  readonly frame: string;
}

Deno.test("published fixtures of version 1 decode to what they say", async () => {
  const folder = new URL("./testdata/", import.meta.url);
  let seen = 0;
  for await (const file of Deno.readDir(folder)) {
    if (!file.name.startsWith("envelope_v1_")) continue;
    seen++;
    const fixture = JSON.parse(await Deno.readTextFile(new URL(file.name, folder)), reviveBytes) as Fixture;
    const frame = hexDecode(fixture.frame);
    assert.ok(frame, file.name);

    const envelope = decoded(frame);

    assert.equal(envelope.id, fixture.id, file.name);
    assert.equal(envelope.header.author, fixture.author, file.name);
    assert.ok(verifyEnvelope(envelope), file.name);
    const body = decodeBody(envelope);
    assert.ok(body.ok && body.kind === fixture.kind, file.name);
    assert.deepEqual(body.body, fixture.body, file.name);
  }
  assert.ok(seen >= 4, `found ${seen} fixtures`);
});

/** Bytes stand in fixtures as `{"hex": "…"}`. */
function reviveBytes(_key: string, value: unknown): unknown {
  const isBytes = typeof value === "object" && value !== null && "hex" in value && typeof value.hex === "string";
  return isBytes ? hexDecode(String(value.hex)) : value;
}

Deno.test("sealing is deterministic: the same author writes the same bytes", () => {
  const first = new TestAuthor(10).message("same");
  const second = new TestAuthor(10).message("same");

  assert.equal(hexEncode(first.frame), hexEncode(second.frame));
  assert.equal(
    sealEnvelope(new TestAuthor(10).key, first.header, "message_posted", { type: "message", text: "same" }).id,
    first.id,
  );
});

const TASK = "01JD3Z00000000000000000TSK" as never;
