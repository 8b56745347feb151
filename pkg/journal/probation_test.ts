import assert from "node:assert/strict";
import { ManualClock, settle } from "@bzzz/base/testing";
import { TestAuthor } from "@bzzz/wire/testing";
import { OTHERS_WAIT_MS } from "./constants.ts";
import { createTestJournal, createTestNode, reopenJournal, type TestJournal, TestStreams } from "./testing.ts";
import { message } from "./testdata/entries.ts";

/** Copies the whole data directory of a running node, its reservation file included. */
function copyFolder(test: TestJournal): string {
  const target = Deno.makeTempDirSync({ dir: test.folder });
  for (const { name, isFile } of [...Deno.readDirSync(test.folder)]) {
    if (isFile && !name.endsWith("-shm")) Deno.copyFileSync(`${test.folder}/${name}`, `${target}/${name}`);
  }
  return target;
}

/** The node on such a copy. */
function reopen(test: TestJournal, folder: string): ReturnType<typeof reopenJournal> {
  return reopenJournal(test, `${folder}/journal.db`, `${folder}/journal.seq`);
}

async function meet(test: TestJournal): Promise<TestAuthor> {
  const other = new TestAuthor(77);
  test.journal.ingest(other.message("I exist").frame, { peer: other.peer, path: "live" });
  await settle();
  return other;
}

Deno.test("a copy of a whole running data directory asks a peer before it writes, and forks nothing", async () => {
  const clock = new ManualClock();
  const streams = new TestStreams();
  await using peer = createTestNode(streams, { seed: 2, clock });
  await using test = createTestJournal({ clock });
  await meet(test);
  await test.journal.append(message("1"));
  const copy = copyFolder(test);
  await test.journal.append(message("2"));
  await settle();
  for (const { frame } of test.published) peer.test.journal.ingest(frame, { peer: test.peer, path: "live" });
  await settle();
  await test.journal.stop();

  await using restored = reopen(test, copy);
  restored.journal.start();
  const append = restored.journal.append(message("3"));
  const frames = peer.test.journal.framesFrom(test.peer, 2, { maxBytes: 1e6, limit: 100 });
  await restored.journal.ingestBatch(frames, { peer: peer.test.peer });
  restored.journal.notePulled(2);
  await restored.clock.advance(OTHERS_WAIT_MS);

  assert.equal((await append).envelope.header.seq, 3);
  await streams.idle();
});

Deno.test("a restored backup whose mark tells no end waits 3 s for others than the first who answers", async () => {
  await using test = createTestJournal();
  await test.journal.append(message("1"));
  const backup = copyFolder(test);
  const last = await test.journal.append(message("2"));
  await Deno.writeTextFile(`${backup}/journal.seq`, "restored");
  await using restored = reopen(test, backup);

  restored.journal.notePulled(1); // of a peer that the last entry did not reach
  const append = restored.journal.append(message("3"));
  await restored.clock.advance(OTHERS_WAIT_MS - 1);
  await restored.journal.ingestBatch([last.envelope.frame], { peer: test.peer });
  await restored.clock.advance(1);
  assert.equal(restored.journal.state, "must_catch_up", "there is more than the first one had");
  restored.journal.notePulled(2);
  await restored.clock.advance(OTHERS_WAIT_MS);

  assert.equal((await append).envelope.header.seq, 3);
});

Deno.test("a log whose last run ended in order is written on as soon as it is back to its end", async () => {
  await using test = createTestJournal();
  await test.journal.append(message("1"));
  const backup = copyFolder(test);
  const last = await test.journal.append(message("2"));
  await test.journal.stop();
  await Deno.copyFile(test.reservationPath, `${backup}/journal.seq`);
  await using restored = reopen(test, backup);
  assert.equal(restored.journal.state, "must_catch_up");

  await restored.journal.ingestBatch([last.envelope.frame], { peer: test.peer });
  restored.journal.notePulled(2);

  assert.equal(restored.journal.state, "ready");
});

Deno.test("after a crash nobody waits for longer than 3 s, and a node without others not at all", async () => {
  await using alone = createTestJournal();
  await alone.journal.append(message("1"));
  await using again = reopen(alone, copyFolder(alone));
  await using test = createTestJournal({ seed: 3 });
  await meet(test);
  await test.journal.append(message("1"));

  await using crashed = reopen(test, copyFolder(test));
  crashed.journal.start();
  const append = crashed.journal.append(message("2"));
  const before = crashed.journal.state;
  await crashed.clock.advance(3_000);

  assert.deepEqual([again.journal.state, before, crashed.journal.state], ["ready", "must_catch_up", "ready"]);
  assert.equal((await append).envelope.header.seq, 2);
});

Deno.test("after an orderly end nobody is asked", async () => {
  await using test = createTestJournal();
  await meet(test);
  await test.journal.append(message("1"));
  await test.journal.stop();

  await using restarted = reopen(test, copyFolder(test));

  assert.equal(restarted.journal.state, "ready");
});
