import assert from "node:assert/strict";
import { createSystemClock } from "@bzzz/base";
import { ManualClock, settle } from "@bzzz/base/testing";
import { createNullLogger } from "@bzzz/logging";
import { openStore } from "@bzzz/store";
import { type BodyOf, encodeCbor, PROTOCOL_VERSION, TOPICS } from "@bzzz/wire";
import { TestAuthor } from "@bzzz/wire/testing";
import { AuthorProtocols } from "./protocols.ts";
import { createTestJournal, createTestNode, TestStreams } from "./testing.ts";

function record(protocolMax: number): BodyOf<"agent_record"> {
  return {
    agentId: "newer" as BodyOf<"agent_record">["agentId"],
    binaryType: "agent",
    role: "admin",
    capabilities: [],
    models: [],
    software: "bzzz-agent/9.0.0",
    protocolMin: 1,
    protocolMax,
  };
}

/** What a later version may have made of a message. */
function laterMessage(author: TestAuthor) {
  return author.rawEntry("message_posted", encodeCbor({ type: "hologram", shape: [1, 2, 3] }));
}

Deno.test("a later schema of an author that speaks a later protocol is kept and not acted on; of any other it is an offence", async () => {
  const clock = new ManualClock();
  await using test = createTestJournal({ clock });
  const newer = new TestAuthor(2, { startMs: clock.nowMs() });
  const older = new TestAuthor(3, { startMs: clock.nowMs() });
  const shown: string[] = [];
  test.journal.events.on("entry:stored", ({ entry }) => shown.push(entry.kind));
  const give = (author: TestAuthor, frame: Uint8Array) => {
    const { verdict, reason } = test.journal.ingest(frame, { peer: author.peer, path: "live" });
    return `${verdict} ${reason}`;
  };

  const results = [
    give(newer, newer.entry("agent_record", record(PROTOCOL_VERSION + 1), { topic: TOPICS.agents }).frame),
    give(newer, laterMessage(newer).frame),
    give(newer, newer.message("and the chain goes on").frame),
    give(older, older.entry("agent_record", record(PROTOCOL_VERSION), { topic: TOPICS.agents }).frame),
    give(older, laterMessage(older).frame),
  ];
  await settle();
  const signal = newer.rawSignal("leaving", encodeCbor({ reason: 7 }), { topic: TOPICS.agents });

  assert.deepEqual(results, [
    "accept stored",
    "accept stored_opaque",
    "accept stored",
    "accept stored",
    "reject bad_body",
  ]);
  assert.deepEqual(shown, ["agent_record", "message_posted", "agent_record"]);
  assert.equal(give(newer, signal.frame), "ignore unknown_signal");
});

Deno.test("one batch of sync may bring the record and what follows from it; who sent it is not penalised", async () => {
  const clock = new ManualClock();
  const streams = new TestStreams();
  await using peer = createTestNode(streams, { seed: 4, clock });
  await using node = createTestNode(streams, { seed: 5, clock });
  const newer = new TestAuthor(2, { startMs: clock.nowMs() });
  const frames = [
    newer.entry("agent_record", record(PROTOCOL_VERSION + 1), { topic: TOPICS.agents }).frame,
    laterMessage(newer).frame,
  ];
  for (const frame of frames) peer.test.journal.ingest(frame, { peer: newer.peer, path: "live" });
  await settle();

  await node.sync.pullNow(peer.test.peer);

  assert.equal(node.test.journal.vector().get(newer.peer)?.seq, 2);
  assert.deepEqual(node.penalties, []);
  await streams.idle();
});

Deno.test("after a restart the stored records are known, and an upgrade taken back counts", async () => {
  const clock = new ManualClock();
  await using test = createTestJournal({ clock });
  const [stays, goesBack] = [
    new TestAuthor(2, { startMs: clock.nowMs() }),
    new TestAuthor(3, { startMs: clock.nowMs() }),
  ];
  for (const [author, max] of [[stays, 2], [goesBack, 2], [goesBack, 1]] as const) {
    const { frame } = author.entry("agent_record", record(max), { topic: TOPICS.agents });
    test.journal.ingest(frame, { peer: author.peer, path: "live" });
  }
  await settle();

  using store = openStore({ clock: createSystemClock(), logger: createNullLogger() }, { path: test.store.path });
  const restarted = new AuthorProtocols(store.entries);

  assert.deepEqual([restarted.mayBeLater(stays.peer), restarted.mayBeLater(goesBack.peer)], [true, false]);
});
