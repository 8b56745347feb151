import assert from "node:assert/strict";
import { ManualClock, settle, waitFor } from "@bzzz/base/testing";
import type { EntryId } from "@bzzz/base";
import { encodeCbor, pruneFrame, sealBodyBytes, TOPICS } from "@bzzz/wire";
import { TestAuthor } from "@bzzz/wire/testing";
import { SYNC_PROTOCOL } from "./mod.ts";
import { encodeSyncMessage, type SyncMessage } from "./sync_codec.ts";
import type { PeerStream } from "./sync_types.ts";
import { createTestJournal, createTestNode, OpenGate, TestStreams } from "./testing.ts";

const DAY_MS = 86_400_000;
const HMMM = { topic: TOPICS.hmmm } as const;
const KEEP_A_DAY = { [TOPICS.hmmm]: { keepMs: DAY_MS } } as const;

function talk(text: string) {
  return { kind: "message_posted", topic: TOPICS.hmmm, body: { type: "message", text } } as const;
}

/** A member that answers pulls as the test says. */
function serveAs(streams: TestStreams, peer: TestAuthor["peer"], answer: (stream: PeerStream) => Promise<void>): void {
  streams.opener(peer).handle(SYNC_PROTOCOL, async (stream) => {
    await stream.receive();
    await answer(stream);
  });
}

const sendTo = (stream: PeerStream, message: SyncMessage): Promise<void> => stream.send(encodeSyncMessage(message));

Deno.test("a member that claims to know more of this node's log than exists cannot stop its appends", async () => {
  const streams = new TestStreams();
  await using node = createTestNode(streams, { seed: 1 });
  const liar = new TestAuthor(9).peer;
  await node.test.journal.append(talk("mine"));
  serveAs(streams, liar, (stream) =>
    sendTo(stream, {
      type: "done",
      vector: [{ author: node.test.peer, seq: 1_000_000, id: "ab".repeat(32) as EntryId, isClosed: false }],
    }));

  await node.sync.pullNow(liar);

  assert.equal(node.test.journal.state, "ready", "a claim without one signed entry is worth nothing");
  assert.equal((await node.test.journal.append(talk("and on"))).envelope.header.seq, 2);
  await streams.idle();
});

Deno.test("an entry that the grants known here do not allow is no offence of whoever passes it on", async () => {
  const streams = new TestStreams();
  const gate = new OpenGate();
  await using full = createTestNode(streams, { seed: 1 });
  await using node = createTestNode(streams, { seed: 2, gate });
  const promoted = new TestAuthor(10);
  const other = new TestAuthor(11);
  // here the promotion is not known yet
  gate.assign(promoted.peer, { role: "observer", level: "read_only", binaryType: "agent" });
  const frame = promoted.message("as its new role").frame;
  full.test.journal.ingest(frame, { peer: promoted.peer, path: "live" });
  full.test.journal.ingest(other.message("another author").frame, { peer: other.peer, path: "live" });
  await settle();

  const live = node.test.journal.ingest(frame, { peer: full.test.peer, path: "live" });
  const result = await node.sync.pullNow(full.test.peer);

  assert.deepEqual(live, { verdict: "ignore", reason: "not_permitted" });
  assert.equal(result.stored, 1, "the other author's entry is not held up");
  assert.deepEqual(node.penalties, []);
  assert.ok(result.refusedAuthors.has(promoted.peer), "asked for again once grants have come");
  await streams.idle();
});

Deno.test("a responder that keeps an exchange open with next to nothing is left", async () => {
  const clock = new ManualClock();
  const streams = new TestStreams();
  await using node = createTestNode(streams, { seed: 1, clock });
  const author = new TestAuthor(9);
  let sent = 0;
  serveAs(streams, author.peer, async (stream) => {
    while (true) {
      await sendTo(stream, { type: "frames", frames: [author.message(`drip ${sent++}`).frame] });
      await clock.sleep(9_000);
    }
  });
  let outcome: unknown;

  const pulled = node.sync.pullNow(author.peer).then((result) => outcome = result, (error) => outcome = error);
  for (let second = 0; second < 60 && outcome === undefined; second++) await clock.advance(1_000);

  await pulled;
  assert.equal((outcome as { code?: string }).code, "sync_too_slow");
  assert.ok(sent < 7, `sat through ${sent} drips`);
  await clock.advance(10_000);
  await streams.idle();
});

Deno.test("entries whose body every peer has pruned do not hold up their author for ever", async () => {
  const clock = new ManualClock();
  const streams = new TestStreams();
  // the peer keeps talk for a day, this node for ever
  await using full = createTestNode(streams, { seed: 1, clock, retention: KEEP_A_DAY });
  await using late = createTestNode(streams, { seed: 2, clock });
  const author = new TestAuthor(10, { startMs: clock.nowMs() });
  for (let n = 0; n < 100; n++) {
    full.test.journal.ingest(author.entry("message_posted", { type: "message", text: `old ${n}` }, HMMM).frame, {
      peer: author.peer,
      path: "live",
    });
  }
  await settle();
  clock.jumpWall(2 * DAY_MS);
  assert.equal(await full.test.journal.prune(), 100);
  full.test.journal.ingest(
    author.entry("message_posted", { type: "message", text: "new" }, {
      ...HMMM,
      hlc: { ms: clock.nowMs(), counter: 0 },
    }).frame,
    { peer: author.peer, path: "live" },
  );
  await settle();

  const first = await late.sync.pullNow(full.test.peer);
  const before = late.test.journal.vector().get(author.peer)?.seq ?? 0;
  await clock.advance(11 * 60_000);
  await late.sync.pullNow(full.test.peer);

  assert.equal(before, 0, "another peer may still have the bodies");
  assert.ok((first.refused.get("pruned_too_early") ?? 0) > 0);
  assert.equal(late.test.journal.vector().get(author.peer)?.seq, 101);
  assert.deepEqual(late.penalties, [], "its policy is no offence");
  await streams.idle();
});

Deno.test("a peer cannot make a node give up bodies that another peer still has", async () => {
  const clock = new ManualClock();
  const streams = new TestStreams();
  await using node = createTestNode(streams, { seed: 1, clock });
  const author = new TestAuthor(10, { startMs: clock.nowMs() });
  const entry = author.entry("message_posted", { type: "message", text: "worth keeping" }, HMMM);
  clock.jumpWall(2 * DAY_MS);
  const stripper = { peer: new TestAuthor(9).peer };

  await node.test.journal.ingestBatch([pruneFrame(entry)], stripper);
  await clock.advance(5 * 60_000);
  await node.test.journal.ingestBatch([pruneFrame(entry)], stripper);
  await node.test.journal.ingestBatch([entry.frame], { peer: author.peer });

  assert.equal(node.test.journal.get(entry.id)?.kind, "message_posted");
  await streams.idle();
});

Deno.test("a body is never given up while the entry is fresh", async () => {
  const clock = new ManualClock();
  await using test = createTestJournal({ clock });
  const author = new TestAuthor(10, { startMs: clock.nowMs() });
  const frame = pruneFrame(author.message("of today"));
  const from = { peer: new TestAuthor(9).peer };

  await test.journal.ingestBatch([frame], from);
  await clock.advance(11 * 60_000);
  const result = await test.journal.ingestBatch([frame], from);

  assert.equal(result.refused.get("pruned_too_early"), 1);
});

Deno.test("S-36 stamps that run ahead do not make honest stamps look like the future to slower clocks", async () => {
  const clock = new ManualClock();
  await using fast = createTestJournal({ seed: 1, clock });
  const slowClock = new ManualClock(clock.nowMs() - 60_000);
  await using slow = createTestJournal({ seed: 2, clock: slowClock });
  const dragger = new TestAuthor(9, { startMs: clock.nowMs() + 5 * 60_000 - 1 });

  fast.journal.ingest(dragger.message("far ahead").frame, { peer: dragger.peer, path: "live" });
  await settle();
  const { envelope } = await fast.journal.append(talk("honest"));

  assert.equal(slow.journal.ingest(envelope.frame, { peer: fast.peer, path: "live" }).reason, "stored");
  await waitFor(() => slow.journal.vector().size === 1, { timeoutMs: 30_000, what: "the commit" });
});

Deno.test("one member's flood of signals is neither acted on nor passed on", async () => {
  const clock = new ManualClock();
  await using test = createTestJournal({ clock });
  const [loud, calm] = [new TestAuthor(9), new TestAuthor(8)];
  const verdicts = new Map<string, number>();
  let heard = 0;
  test.journal.events.on("signal:received", () => void heard++);

  for (let n = 0; n < 500; n++) {
    const { frame } = loud.signal("leaving", { reason: `${n}` });
    const { verdict, reason } = test.journal.ingest(frame, { peer: loud.peer, path: "live" });
    verdicts.set(`${verdict} ${reason}`, (verdicts.get(`${verdict} ${reason}`) ?? 0) + 1);
  }
  const other = test.journal.ingest(calm.signal("leaving", { reason: "bye" }).frame, { peer: loud.peer, path: "live" });
  await clock.advance(1_000);
  const later = test.journal.ingest(loud.signal("leaving", { reason: "x" }).frame, { peer: loud.peer, path: "live" });

  assert.deepEqual([...verdicts], [["accept signal", 100], ["ignore throttled", 400]]);
  assert.deepEqual([other.verdict, later.verdict, heard], ["accept", "accept", 102]);
});

Deno.test("what this version does not understand is kept only while it is small", async () => {
  const gate = new OpenGate();
  await using test = createTestJournal({ gate });
  const [worker, reader] = [new TestAuthor(9), new TestAuthor(8)];
  gate.assign(reader.peer, { role: "observer", level: "read_only", binaryType: "hap" });
  const judge = (author: TestAuthor, bytes: number): string => {
    const header = { mesh: author.mesh, author: author.peer, seq: 1, topic: TOPICS.hmmm };
    const hlc = { ms: test.clock.nowMs(), counter: 0 };
    const { frame } = sealBodyBytes(author.key, { ...header, hlc }, "vote_cast", encodeCbor(new Uint8Array(bytes)));
    return test.journal.ingest(frame, { peer: test.peer, path: "live" }).reason;
  };

  assert.deepEqual([judge(reader, 10_000), judge(reader, 1_000)], ["not_permitted", "stored_opaque"]);
  assert.deepEqual([judge(worker, 100_000), judge(worker, 10_000)], ["not_permitted", "stored_opaque"]);
});

Deno.test("two members that hold every exchange they can get leave room for others", async () => {
  const streams = new TestStreams();
  await using node = createTestNode(streams, { seed: 1 });
  await using honest = createTestNode(streams, { seed: 2 });
  await node.test.journal.append(talk("x"));
  const held: PeerStream[] = [];
  for (const seed of [8, 8, 9, 9]) {
    held.push(await streams.opener(new TestAuthor(seed).peer).open(node.test.peer, SYNC_PROTOCOL, {}));
  }
  await settle();

  const result = await honest.sync.pullNow(node.test.peer);

  assert.equal(result.stored, 1);
  for (const stream of held) stream.abort(new Error("over"));
  await streams.idle();
});
