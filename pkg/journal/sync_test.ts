import assert from "node:assert/strict";
import type { EntryId, PeerId } from "@bzzz/base";
import { createSeededRandom, ManualClock, settle } from "@bzzz/base/testing";
import { encodeCbor, TOPICS } from "@bzzz/wire";
import { TestAuthor } from "@bzzz/wire/testing";
import fc from "fast-check";
import { SYNC_PROTOCOL, SyncError } from "./mod.ts";
import { decodeSyncMessage, encodeSyncMessage, type SyncMessage } from "./sync_codec.ts";
import { createTestNode, OpenGate, TestStreams } from "./testing.ts";
import { feed, logs } from "./testdata/sync_nodes.ts";

const RUNS = Deno.env.get("SLOW") ? 200 : 15;

Deno.test("pullNow() brings everything a late joiner lacks, across many batches", async () => {
  const streams = new TestStreams();
  await using full = createTestNode(streams, { seed: 1 });
  await using late = createTestNode(streams, { seed: 2 });
  const authors = [10, 11, 12].map((seed) => new TestAuthor(seed));
  for (let n = 0; n < 100; n++) for (const author of authors) feed(full, author.message("x".repeat(3_000)).frame);
  feed(late, new TestAuthor(10).message("x".repeat(3_000)).frame);
  await settle();

  const result = await late.sync.pullNow(full.test.peer);

  assert.equal(result.stored, 299);
  assert.ok(late.test.journal.stats().commits > 2, "several transactions");
  assert.deepEqual(logs(late), logs(full));
  assert.equal((await late.sync.pullNow(full.test.peer)).stored, 0);
  assert.deepEqual(late.penalties, []);
  await streams.idle();
});

Deno.test("a fork that two nodes saw one half of each is proved by sync on both", async () => {
  const streams = new TestStreams();
  await using left = createTestNode(streams, { seed: 1 });
  await using right = createTestNode(streams, { seed: 2 });
  const [one, twin] = [new TestAuthor(10), new TestAuthor(10)];
  const shared = one.message("shared");
  twin.message("shared");
  for (const node of [left, right]) feed(node, shared.frame);
  feed(left, one.message("to the left").frame);
  feed(right, twin.message("to the right").frame);
  feed(right, twin.message("and more").frame);
  await settle();

  await left.sync.pullNow(right.test.peer);
  await right.sync.pullNow(left.test.peer);
  await left.sync.pullNow(right.test.peer);
  await right.sync.pullNow(left.test.peer);

  assert.equal(left.test.journal.frozen().get(one.peer), 2);
  assert.equal(right.test.journal.frozen().get(one.peer), 2);
  assert.deepEqual([left.penalties, right.penalties], [[], []], "the messenger is not to blame");
  await using late = createTestNode(streams, { seed: 3 });
  await late.sync.pullNow(left.test.peer);
  await late.sync.pullNow(left.test.peer);
  assert.equal(late.test.journal.frozen().get(one.peer), 2, "the proof reaches who comes later");
  await streams.idle();
});

Deno.test("a node that knows of its own fork, and may not write of it, shows its half to who has more of the other", async () => {
  const streams = new TestStreams();
  await using restored = createTestNode(streams, { seed: 10 });
  await using other = createTestNode(streams, { seed: 2 });
  await using third = createTestNode(streams, { seed: 3 });
  const past = new TestAuthor(10);
  assert.equal(past.peer, restored.test.peer);
  await restored.test.journal.append({
    kind: "message_posted",
    topic: TOPICS.hmmm,
    body: { type: "message", text: "after the restore" },
  });
  const first = past.message("before the restore").frame;
  feed(other, first);
  feed(other, past.message("and more").frame);
  assert.equal(feed(restored, first), "fork");
  await settle();

  await other.sync.pullNow(restored.test.peer);
  await third.sync.pullNow(other.test.peer);

  assert.equal(restored.test.journal.state, "forked");
  assert.equal(other.test.journal.frozen().get(past.peer), 1);
  assert.equal(third.test.journal.frozen().get(past.peer), 1, "and who heard of it tells the others");
  assert.deepEqual([restored.penalties, other.penalties, third.penalties], [[], [], []]);
  await streams.idle();
});

Deno.test("a responder that sends bad frames is penalised, and what came before stays", async () => {
  const streams = new TestStreams();
  await using node = createTestNode(streams, { seed: 2 });
  const author = new TestAuthor(10);
  const liar = new TestAuthor(11);
  const good = author.message("good");
  const bad = author.message("bad").frame.slice();
  bad[bad.length - 1] = 0xff;
  streams.opener(liar.peer).handle(SYNC_PROTOCOL, async (stream) => {
    await stream.receive();
    await stream.send(encodeSyncMessage({ type: "frames", frames: [good.frame, bad] }));
    await stream.receive();
  });

  await assert.rejects(
    node.sync.pullNow(liar.peer),
    (error) => error instanceof SyncError && error.code === "sync_bad_frames",
  );

  assert.equal(node.test.journal.vector().get(author.peer)?.seq, 1);
  assert.deepEqual(node.penalties, [{ peer: liar.peer, reason: "sync_bad_frames" }]);
  await streams.idle();
});

Deno.test("a responder that repeats itself for ever is stopped, and a silent one times out", async () => {
  const clock = new ManualClock();
  const streams = new TestStreams();
  await using node = createTestNode(streams, { seed: 2, clock });
  const [parrot, mute] = [new TestAuthor(11), new TestAuthor(12)];
  const frame = parrot.message("again").frame;
  streams.opener(parrot.peer).handle(SYNC_PROTOCOL, async (stream) => {
    while (true) await stream.send(encodeSyncMessage({ type: "frames", frames: [frame] }));
  });
  const { promise: end, resolve: endSilence } = Promise.withResolvers<void>();
  streams.opener(mute.peer).handle(SYNC_PROTOCOL, () => end);

  await assert.rejects(
    node.sync.pullNow(parrot.peer),
    (error) => error instanceof SyncError && error.code === "sync_protocol",
  );
  const silent = assert.rejects(node.sync.pullNow(mute.peer), /no answer within 10000 ms/);
  await settle();
  await clock.advance(10_001);
  await silent;
  endSilence();

  assert.deepEqual(node.penalties.map(({ peer }) => peer), [parrot.peer], "silence is no offence");
  await streams.idle();
});

Deno.test("at most 4 exchanges are served; more are told so", async () => {
  const clock = new ManualClock();
  const streams = new TestStreams();
  await using node = createTestNode(streams, { seed: 1, clock });
  const open = await Promise.all(
    [20, 21, 22, 23].map(async (seed) =>
      await streams.opener(new TestAuthor(seed).peer).open(node.test.peer, SYNC_PROTOCOL, {})
    ),
  );
  await using fifth = createTestNode(streams, { seed: 2, clock });

  await assert.rejects(
    fifth.sync.pullNow(node.test.peer),
    (error) => error instanceof SyncError && error.code === "sync_busy",
  );

  for (const stream of open) stream.abort(new Error("gone"));
  await streams.idle();
  assert.equal((await fifth.sync.pullNow(node.test.peer)).stored, 0);
  assert.deepEqual(fifth.penalties, []);
  await streams.idle();
});

Deno.test("entries of an author without a grant are not blamed on the peer, and come once the grant is there", async () => {
  const clock = new ManualClock();
  const gate = new OpenGate();
  const streams = new TestStreams();
  await using full = createTestNode(streams, { seed: 1, clock });
  await using node = createTestNode(streams, { seed: 2, clock, gate });
  const author = new TestAuthor(10);
  feed(full, author.message("x").frame);
  await settle();
  gate.refuse(author.peer, "no_grant");

  const refused = await node.sync.pullNow(full.test.peer);
  assert.deepEqual([refused.stored, refused.refused.get("no_grant")], [0, 1]);
  gate.refuse(author.peer, undefined);
  assert.equal((await node.sync.pullNow(full.test.peer)).bytes, 0, "not asked for again at once");
  await clock.advance(15_000);
  assert.equal((await node.sync.pullNow(full.test.peer)).stored, 1);

  assert.deepEqual(node.penalties, []);
  await streams.idle();
});

Deno.test("a full disk ends a pull and the next one completes it", async () => {
  const clock = new ManualClock();
  const streams = new TestStreams();
  await using full = createTestNode(streams, { seed: 1, clock });
  await using node = createTestNode(streams, { seed: 2, clock, maxStoreBytes: 400 * 1024 });
  const author = new TestAuthor(10);
  for (let n = 0; n < 20; n++) feed(full, author.message("x".repeat(50_000)).frame);
  await settle();

  await assert.rejects(node.sync.pullNow(full.test.peer), /store|room|disk|full/i);
  node.test.store.setMaxBytes(undefined);
  await clock.advance(2_000);
  await node.sync.pullNow(full.test.peer);

  assert.deepEqual(logs(node), logs(full));
  assert.deepEqual(node.penalties, []);
  await streams.idle();
});

Deno.test("messages of the protocol survive encoding; random bytes are refused", () => {
  const author = new TestAuthor(1).peer;
  const vector = [
    { author, seq: 3, id: "ab".repeat(32) as EntryId, isClosed: false },
    { author: new TestAuthor(2).peer, seq: 0, id: "" as EntryId, isClosed: true },
  ];
  const messages: SyncMessage[] = [
    { type: "pull", mesh: new TestAuthor(1).mesh, vector },
    { type: "frames", frames: [new Uint8Array([1, 2]), new Uint8Array()] },
    { type: "done", vector },
    { type: "busy" },
  ];

  for (const message of messages) assert.deepEqual(decodeSyncMessage(encodeSyncMessage(message)), message);
  const junk = fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    fc.jsonValue().map((value) => {
      try {
        return encodeCbor(["pull", value]);
      } catch {
        return new Uint8Array();
      }
    }),
  );
  fc.assert(fc.property(junk, (bytes) => {
    assert.throws(() => decodeSyncMessage(bytes), SyncError);
  }));
});

Deno.test("any order, loss and repetition of frames, then sync, gives every node the same logs", async () => {
  const authors = [10, 11, 12, 13];
  const perAuthor = 6;
  // For each node: which frames it gets, in which order, possibly more than once.
  const delivery = fc.array(fc.nat(authors.length * perAuthor - 1), { maxLength: 60 });

  await fc.assert(
    fc.asyncProperty(fc.array(delivery, { minLength: 3, maxLength: 3 }), fc.nat(), async (deliveries, seed) => {
      const streams = new TestStreams();
      const frames = authors.flatMap((author) => {
        const log = new TestAuthor(author);
        return Array.from({ length: perAuthor }, (_, n) => log.message(`${author} ${n}`).frame);
      });
      await using stack = new AsyncDisposableStack();
      const nodes = deliveries.map((_, index) => stack.use(createTestNode(streams, { seed: index + 1 })));
      const random = createSeededRandom(seed);
      for (const [index, node] of nodes.entries()) {
        for (const at of deliveries[index] ?? []) {
          feed(node, frames[at] as Uint8Array);
          if (random.float() < 0.3) await settle();
        }
        if (random.float() < 0.5) {
          await node.test.journal.append({
            kind: "message_posted",
            topic: TOPICS.hmmm,
            body: { type: "message", text: "own" },
          });
        }
      }
      // Around a ring until nothing moves. What a node holds back for a predecessor it cannot pass on yet, so twice
      // around is not always enough; every round brings something, so the number of rounds is bounded.
      let moved = 1;
      for (let round = 0; moved > 0; round++) {
        assert.ok(round < 10, "sync settles");
        moved = 0;
        for (const [index, node] of nodes.entries()) {
          const next = nodes[(index + 1) % nodes.length];
          if (next) moved += (await node.sync.pullNow(next.test.peer)).stored;
        }
      }
      await streams.idle();

      const [first, ...others] = nodes.map(logs);
      for (const other of others) assert.deepEqual(other, first);
      for (const node of nodes) {
        assert.equal(Object.values(logs(node)).flat().includes("missing"), false);
        assert.deepEqual(node.penalties, []);
      }
    }),
    { numRuns: RUNS },
  );
});

Deno.test("stop() ends a pull that hangs", async () => {
  const streams = new TestStreams();
  const mute: PeerId = new TestAuthor(12).peer;
  streams.opener(mute).handle(SYNC_PROTOCOL, async (stream) => {
    await stream.receive();
    await stream.receive();
  });
  const node = createTestNode(streams, { seed: 2 });
  node.sync.requestPull(mute);
  await settle();

  await node[Symbol.asyncDispose]();
  await streams.idle();

  assert.equal(node.sync.stats().pulling, 0);
});
