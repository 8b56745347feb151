import assert from "node:assert/strict";
import { ManualClock, settle, waitFor } from "@bzzz/base/testing";
import { TOPICS } from "@bzzz/wire";
import { TestAuthor } from "@bzzz/wire/testing";
import { createTestNode, TestStreams } from "./testing.ts";
import { feed, logs } from "./testdata/sync_nodes.ts";

Deno.test("on connect both sides pull, and look once more when gossip has settled", async () => {
  const clock = new ManualClock();
  const streams = new TestStreams();
  await using left = createTestNode(streams, { seed: 1, clock });
  await using right = createTestNode(streams, { seed: 2, clock });
  const body = { type: "message", text: "x" } as const;
  await left.test.journal.append({ kind: "message_posted", topic: TOPICS.hmmm, body });
  await right.test.journal.append({ kind: "message_posted", topic: TOPICS.hmmm, body });

  left.sync.peerConnected(right.test.peer);
  right.sync.peerConnected(left.test.peer);
  await waitFor(() => left.test.journal.vector().size === 2 && right.test.journal.vector().size === 2, {
    timeoutMs: 30_000,
    what: "both to have both entries",
  });
  await left.test.journal.append({ kind: "message_posted", topic: TOPICS.hmmm, body });
  await clock.advance(2_100);
  await waitFor(() => right.test.journal.vector().get(left.test.peer)?.seq === 2, {
    timeoutMs: 30_000,
    what: "the second look",
  });

  assert.deepEqual(logs(left), logs(right));
  await streams.idle();
});

Deno.test("when a connection is gone, one of the others is asked for what its peer published last", async () => {
  const streams = new TestStreams();
  await using other = createTestNode(streams, { seed: 1 });
  await using node = createTestNode(streams, { seed: 2, peers: () => [other.test.peer] });
  const lost = new TestAuthor(9);
  other.test.journal.ingest(lost.message("my last words").frame, { peer: lost.peer, path: "live" });

  node.sync.peerLost();
  await waitFor(() => node.test.journal.vector().get(lost.peer)?.seq === 1, { timeoutMs: 30_000, what: "the entry" });
});

Deno.test("a gap that stays is pulled from the peer that showed it; one that closes is not", async () => {
  const clock = new ManualClock();
  const streams = new TestStreams();
  await using full = createTestNode(streams, { seed: 1, clock });
  await using node = createTestNode(streams, { seed: 2, clock });
  const author = new TestAuthor(10);
  const [a, b, c, d] = ["a", "b", "c", "d"].map((text) => author.message(text).frame);
  for (const frame of [a, b, c, d]) feed(full, frame as Uint8Array);

  feed(node, b as Uint8Array, full.test.peer);
  feed(node, a as Uint8Array, full.test.peer);
  await clock.advance(200);
  assert.equal(node.sync.stats().counters.get("pull.ok"), undefined, "reordering costs no exchange");
  feed(node, d as Uint8Array, full.test.peer);
  await clock.advance(200);
  await waitFor(() => node.test.journal.vector().get(author.peer)?.seq === 4, { timeoutMs: 30_000, what: "the gap" });

  assert.equal(node.test.journal.hasGaps(), false);
  await streams.idle();
});

Deno.test("peers that serve nothing do not delay the repair: the next one is asked at once", async () => {
  const clock = new ManualClock();
  const streams = new TestStreams();
  await using full = createTestNode(streams, { seed: 1, clock });
  const strangers = Array.from({ length: 8 }, (_, i) => new TestAuthor(20 + i).peer);
  await using node = createTestNode(streams, { seed: 2, clock, peers: () => [...strangers, full.test.peer] });
  feed(full, new TestAuthor(10).message("x").frame);

  await clock.advance(10_000);
  for (let i = 0; i < 20; i++) await clock.advance(200);

  await waitFor(() => node.test.journal.vector().size === 1, {
    timeoutMs: 30_000,
    what: "the entry, within one period",
  });
  assert.ok((node.sync.stats().counters.get("pull.failed") ?? 0) <= strangers.length);
  await streams.idle();
});

Deno.test("every 10 s a random peer is asked, and one that cannot be reached harms nobody", async () => {
  const clock = new ManualClock();
  const streams = new TestStreams();
  await using full = createTestNode(streams, { seed: 1, clock });
  await using node = createTestNode(streams, { seed: 2, clock, peers: () => [full.test.peer] });
  feed(full, new TestAuthor(10).message("x").frame);

  streams.setConnected(full.test.peer, false);
  await clock.advance(10_000);
  await settle();
  assert.equal(node.test.journal.vector().size, 0);
  streams.setConnected(full.test.peer, true);
  await clock.advance(10_000);
  await waitFor(() => node.test.journal.vector().size === 1, { timeoutMs: 30_000, what: "the periodic pull" });

  assert.deepEqual(node.penalties, []);
  await streams.idle();
});

Deno.test("after a disk that was full somebody is asked as soon as the pause is over, whatever the period", async () => {
  const clock = new ManualClock();
  const streams = new TestStreams();
  await using full = createTestNode(streams, { seed: 1, clock });
  const node = createTestNode(streams, {
    seed: 2,
    clock,
    maxStoreBytes: 400 * 1024,
    peers: () => [full.test.peer],
  });
  await using _node = node;
  const author = new TestAuthor(10);
  for (let n = 0; n < 20; n++) feed(full, author.message("x".repeat(50_000)).frame);
  await settle();
  await clock.advance(8_000);

  await assert.rejects(node.sync.pullNow(full.test.peer), /store|room|disk|full/i);
  node.test.store.setMaxBytes(undefined);
  await clock.advance(5_000);
  await waitFor(() => node.test.journal.vector().get(author.peer)?.seq === 20, {
    timeoutMs: 30_000,
    what: "what was missed",
  });

  assert.deepEqual(logs(node), logs(full));
});
