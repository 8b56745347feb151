import { strict as assert } from "node:assert";
import type { PeerId } from "@bzzz/base";
import fc from "fast-check";
import { MAX_TOLD_NEIGHBOURS } from "./constants.ts";
import { encodeNeighbours, NeighbourBook } from "./neighbours.ts";

const [A, B, C] = ["peer-a" as PeerId, "peer-b" as PeerId, "peer-c" as PeerId];

Deno.test("a peer's neighbours are those it told last, until its connection is gone", () => {
  const book = new NeighbourBook();

  book.learn(A, encodeNeighbours([B, C]));
  const first = [book.isNeighbour(A, B), book.isNeighbour(A, C), book.isNeighbour(B, A)];
  book.learn(A, encodeNeighbours([C]));
  const second = [book.isNeighbour(A, B), book.isNeighbour(A, C)];
  book.forget(A);

  assert.deepEqual([first, second], [[true, true, false], [false, true]]);
  assert.equal(book.isNeighbour(A, C), false);
});

Deno.test("a frame holds at most 256 neighbours, and one that is longer changes nothing", () => {
  const book = new NeighbourBook();
  const many = Array.from({ length: MAX_TOLD_NEIGHBOURS + 10 }, (_, n) => `peer-${n}` as PeerId);
  const frame = encodeNeighbours(many);

  book.learn(A, frame);
  const tooLong = new Uint8Array(frame.byteLength + 8);
  tooLong.set(frame);
  book.learn(A, tooLong);

  assert.equal(frame.byteLength, 1 + 8 * MAX_TOLD_NEIGHBOURS);
  assert.equal(book.isNeighbour(A, "peer-255" as PeerId), true);
  assert.equal(book.isNeighbour(A, "peer-256" as PeerId), false);
});

Deno.test("random frames change nothing they should not, and never throw", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
    const book = new NeighbourBook();
    book.learn(A, encodeNeighbours([B]));

    book.learn(A, bytes);

    const isReplaced = bytes[0] === 2 && bytes.byteLength % 8 === 1;
    assert.equal(book.isNeighbour(A, B), !isReplaced);
  }));
});
