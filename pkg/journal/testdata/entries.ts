// What tests of the journal write, hear and look at.
import assert from "node:assert/strict";
import { TOPICS } from "@bzzz/wire";
import { TestAuthor } from "@bzzz/wire/testing";
import type { JournalDraft, StoredEntry } from "../mod.ts";
import type { TestJournal } from "../testing.ts";

/** Who hands frames on. */
export const PEER = new TestAuthor(99).peer;

/** Hears a frame from `PEER`, as gossip brings it: "verdict reason". */
export function live(test: TestJournal, frame: Uint8Array): string {
  const { verdict, reason } = test.journal.ingest(frame, { peer: PEER, path: "live" });
  return `${verdict} ${reason}`;
}

/** All that a journal has. */
export function stored(test: TestJournal): StoredEntry[] {
  return test.journal.entriesAfter(0, { limit: 1_000 });
}

/** An item that must be there. */
export function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  assert.ok(item !== undefined, `nothing at ${index} of ${items.length}`);
  return item;
}

/** A copy with some bits of one byte turned. */
export function flip(bytes: Uint8Array, index: number, bits: number): Uint8Array {
  const copy = bytes.slice();
  copy[index] = at([...copy], index) ^ bits;
  return copy;
}

/** A message to write. */
export function message(text: string): JournalDraft<"message_posted"> {
  return { kind: "message_posted", topic: TOPICS.coordination, body: { type: "message", text } };
}
