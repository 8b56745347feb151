import { strict as assert } from "node:assert";
import { concatBytes } from "@bzzz/base";
import type { MessageStream } from "@libp2p/interface";
import fc from "fast-check";
import { P2pError } from "./errors.ts";
import { FrameReader, type ReadableStreamSide } from "./frame_reader.ts";
import { decodeVarint, encodeVarint } from "./varint.ts";

/** A libp2p stream's reading side: holds data back while paused, as the real one does. */
class FakeStream extends EventTarget {
  status: MessageStream["status"] = "open";
  pauses = 0;
  #held: Uint8Array[] = [];
  #isPaused = false;

  get readBufferLength(): number {
    return this.#held.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  }

  arrive(chunk: Uint8Array): void {
    this.#held.push(chunk);
    if (!this.#isPaused) this.#deliver();
  }

  end(): void {
    this.dispatchEvent(new Event("remoteCloseWrite"));
  }

  reset(): void {
    this.status = "reset";
    this.dispatchEvent(Object.assign(new Event("close"), { error: new Error("reset") }));
  }

  pause(): void {
    this.#isPaused = true;
    this.pauses++;
  }

  resume(): void {
    this.#isPaused = false;
    this.#deliver();
  }

  /** What a reader sees of it. */
  side(): ReadableStreamSide {
    return this as unknown as ReadableStreamSide; // the events are the same; their typed target is libp2p's own
  }

  #deliver(): void {
    const held = this.#held;
    this.#held = [];
    for (const data of held) this.dispatchEvent(Object.assign(new Event("message"), { data }));
  }
}

function frameOf(bytes: Uint8Array): Uint8Array {
  return concatBytes(encodeVarint(bytes.byteLength), bytes);
}

Deno.test("decodeVarint() undoes encodeVarint()", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 28 - 1 }), (length) => {
    const bytes = encodeVarint(length);

    assert.deepEqual(decodeVarint(bytes), { length, size: bytes.byteLength });
  }));
});

Deno.test("decodeVarint() never throws and never reads past the end", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 8 }), fc.nat(10), (bytes, offset) => {
    const found = decodeVarint(bytes, offset);

    assert.ok(typeof found === "string" || offset + found.size <= bytes.byteLength);
  }));
});

Deno.test("frames come out as they went in, however the bytes are cut and however late they are read", async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 12 }),
    fc.array(fc.integer({ min: 1, max: 97 }), { minLength: 1, maxLength: 20 }),
    fc.boolean(),
    async (frames, cuts, isEager) => {
      const stream = new FakeStream();
      const reader = new FrameReader(stream.side(), { maxFrameBytes: 1000, readAheadBytes: 150 });
      const all = concatBytes(...frames.map(frameOf));
      const got: Uint8Array[] = [];
      const feed = (): void => {
        for (let at = 0, i = 0; at < all.byteLength; i++) {
          const size = cuts[i % cuts.length] ?? 1;
          stream.arrive(all.subarray(at, at + size));
          at += size;
        }
        stream.end();
      };

      if (!isEager) feed();
      const reading = (async () => {
        for (let frame = await reader.next(); frame; frame = await reader.next()) got.push(frame);
      })();
      if (isEager) feed();
      await reading;

      assert.deepEqual(got, frames);
    },
  ));
});

Deno.test("a reader that is not read stops the sender, and a frame longer than the read-ahead still gets through", async () => {
  const stream = new FakeStream();
  const reader = new FrameReader(stream.side(), { maxFrameBytes: 1000, readAheadBytes: 100 });
  const long = new Uint8Array(900).fill(7);

  for (let i = 0; i < 50; i++) stream.arrive(frameOf(new Uint8Array(20)));
  const buffered = reader.bufferedBytes;
  for (let i = 0; i < 50; i++) await reader.next();
  for (let at = 0; at < 902; at += 50) stream.arrive(frameOf(long).subarray(at, at + 50));
  const frame = await reader.next();

  assert.ok(stream.pauses > 0);
  assert.ok(buffered < 150, `${buffered} bytes were read ahead`);
  assert.deepEqual(frame, long);
});

Deno.test("a frame is in a buffer of its own", async () => {
  const stream = new FakeStream();
  const reader = new FrameReader(stream.side(), { maxFrameBytes: 1000 });
  stream.arrive(concatBytes(frameOf(Uint8Array.of(1, 2, 3)), new Uint8Array(5000)));

  const frame = await reader.next();

  assert.equal(frame?.buffer.byteLength, 3);
});

Deno.test("a frame over the limit, an endless prefix and a cut frame are violations", async () => {
  const cases: [string, (stream: FakeStream) => void][] = [
    ["too long", (stream) => stream.arrive(encodeVarint(1001))],
    ["endless prefix", (stream) => stream.arrive(new Uint8Array(10).fill(0xff))],
    ["cut", (stream) => (stream.arrive(Uint8Array.of(5, 1)), stream.end())],
  ];
  for (const [name, play] of cases) {
    const stream = new FakeStream();
    const reader = new FrameReader(stream.side(), { maxFrameBytes: 1000 });

    play(stream);

    await assert.rejects(reader.next(), (e) => e instanceof P2pError && e.code === "p2p_protocol_violation", name);
  }
});

Deno.test("what arrived before a reset is still read", async () => {
  const stream = new FakeStream();
  const reader = new FrameReader(stream.side(), { maxFrameBytes: 1000 });
  stream.arrive(frameOf(Uint8Array.of(1)));
  stream.reset();

  const frame = await reader.next();

  assert.deepEqual(frame, Uint8Array.of(1));
  await assert.rejects(reader.next(), (error) => error instanceof P2pError && error.code === "p2p_stream_failed");
});
