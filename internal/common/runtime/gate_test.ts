import assert from "node:assert/strict";
import { createTestJournal } from "@bzzz/journal/testing";
import { decodeFrame, encodeCbor, packFrames } from "@bzzz/wire";
import { TestAuthor } from "@bzzz/wire/testing";
import { createJournalGate } from "./p2p.ts";

Deno.test("an altered copy of an entry cannot take its place in gossip's memory of what was seen", async () => {
  await using test = createTestJournal();
  const gate = createJournalGate(test.journal);
  const { frame, header, signature, signedBytes, id } = new TestAuthor(2).message("honest");
  const altered = encodeCbor([signedBytes.subarray(signedBytes.indexOf(0) + 1), signature, encodeCbor("other")]);

  const decoded = decodeFrame(altered);

  assert.ok(decoded.ok && decoded.envelope.id === id, "the entry's id does not cover the body");
  assert.notDeepEqual(gate.idOf(altered), gate.idOf(frame));
  assert.equal(gate.receive(altered, header.author, header.topic).verdict, "reject");
  assert.equal(gate.receive(frame, header.author, header.topic).verdict, "accept");
});

Deno.test("the gate tells of a bundle, unread, who wrote it and how many entries it holds", async () => {
  await using test = createTestJournal();
  const gate = createJournalGate(test.journal);
  const author = new TestAuthor(2);
  const entries = [author.message("one"), author.message("two"), author.message("three")];
  const [first] = entries;
  const bundle = packFrames(entries.map(({ frame }) => frame));
  const junk = packFrames([Uint8Array.of(0x83), Uint8Array.of(0x83)]);

  assert.ok(first);
  assert.equal(gate.authorOf?.(bundle), author.peer);
  assert.equal(gate.authorOf?.(first.frame), author.peer);
  assert.equal(gate.authorOf?.(junk), undefined);
  assert.deepEqual([bundle, first.frame, junk, new Uint8Array()].map((one) => gate.entriesIn?.(one)), [3, 1, 2, 1]);
  const answer = gate.receive(bundle, author.peer, first.header.topic);
  assert.equal(answer.verdict, "accept");
  assert.equal(answer.author, author.peer);
});
