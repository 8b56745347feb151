import assert from "node:assert/strict";
import { createTestJournal } from "@bzzz/journal/testing";
import { decodeFrame, encodeCbor } from "@bzzz/wire";
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
