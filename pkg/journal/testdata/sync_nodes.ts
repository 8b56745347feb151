// What tests of the sync compare and feed.
import { TestAuthor } from "@bzzz/wire/testing";
import type { TestNode } from "../testing.ts";

/** What every node must agree on: each author's log, as ids. */
export function logs(node: TestNode): Record<string, string[]> {
  const result: Record<string, string[]> = {};
  for (const [author, { seq }] of [...node.test.journal.vector()].sort(([a], [b]) => a < b ? -1 : 1)) {
    result[author] = Array.from(
      { length: seq },
      (_, i) => node.test.journal.envelopeAt(author, i + 1)?.id ?? "missing",
    );
  }
  return result;
}

/** Hears a frame as gossip brings it; the reason of the verdict. */
export function feed(node: TestNode, frame: Uint8Array, from = new TestAuthor(99).peer): string {
  return node.test.journal.ingest(frame, { peer: from, path: "live" }).reason;
}
