import assert from "node:assert/strict";
import { concatBytes, type PeerId, randomInt } from "@bzzz/base";
import { createSeededRandom, ManualClock } from "@bzzz/base/testing";
import { StreamMessageEvent } from "@libp2p/interface";
import fc from "fast-check";
import { MAX_ROUTING_FRAME_BYTES, ROUTING_BURST_QUESTIONS, ROUTING_QUESTIONS_PER_SECOND } from "./constants.ts";
import { FrameCounter, type LimitedStream, QuestionLimit } from "./question_limit.ts";
import { encodeVarint } from "./varint.ts";

const PING = Uint8Array.of(2, 8, 5);

class TestStream extends EventTarget {
  aborted: string | undefined;

  abort({ message }: Error): void {
    this.aborted ??= message;
  }

  deliver(bytes: Uint8Array): void {
    this.dispatchEvent(new StreamMessageEvent(bytes));
  }
}

function setUp() {
  const clock = new ManualClock();
  const limit = new QuestionLimit({ clock });
  const open = (peer = "liar") => {
    const stream = new TestStream();
    limit.watch(peer as PeerId, stream as unknown as LimitedStream); // what it uses of a stream
    return stream;
  };
  return { clock, open };
}

Deno.test("a peer may ask so much, on however many streams, and again after a time; others are not concerned", async () => {
  const { clock, open } = setUp();
  const first = open();
  for (let n = 1; n < ROUTING_BURST_QUESTIONS; n++) first.deliver(PING);
  assert.equal(first.aborted, undefined);

  first.deliver(PING);
  assert.match(first.aborted ?? "", /too many questions/);
  assert.match(open().aborted ?? "", /too many questions/, "another stream is no way around");
  assert.equal(open("other").aborted, undefined);
  await clock.advance(1_000);
  const again = open();
  for (let n = 1; n < ROUTING_QUESTIONS_PER_SECOND; n++) again.deliver(PING);
  assert.equal(again.aborted, undefined);
});

Deno.test("many questions in one piece are counted before one is read; one that is too long ends the stream", () => {
  const { open } = setUp();
  const packed = open();
  packed.deliver(concatBytes(...Array.from({ length: ROUTING_BURST_QUESTIONS + 1 }, () => PING)));
  assert.match(packed.aborted ?? "", /too many questions/);

  const long = open();
  long.deliver(concatBytes(encodeVarint(MAX_ROUTING_FRAME_BYTES)));
  assert.equal(long.aborted, undefined);
  const longer = open();
  longer.deliver(encodeVarint(MAX_ROUTING_FRAME_BYTES + 1));
  assert.match(longer.aborted ?? "", /more than 65536 bytes/);
  const none = open();
  none.deliver(Uint8Array.of(0xff, 0xff, 0xff, 0xff));
  assert.match(none.aborted ?? "", /more than 65536 bytes/);
});

Deno.test("messages are counted however they are cut", () => {
  fc.assert(fc.property(fc.array(fc.nat(300), { maxLength: 30 }), fc.integer(), (lengths, seed) => {
    const random = createSeededRandom(seed);
    const bytes = concatBytes(...lengths.flatMap((length) => [encodeVarint(length), new Uint8Array(length)]));
    const counter = new FrameCounter();
    let counted = 0;
    for (let at = 0; at < bytes.byteLength;) {
      const end = at + 1 + randomInt(random, 50);
      counted += counter.count(bytes.subarray(at, end)) ?? NaN;
      at = end;
    }
    assert.equal(counted, lengths.length);
  }));
});
