import type { OutboxStore } from "@bzzz/store";
import { framesThatFit, packFrames } from "@bzzz/wire";

type Row = ReturnType<OutboxStore["next"]>[number];

/** One message to publish, and the rows of the outbox that are in it. */
export interface OutboxMessage {
  readonly topic: string;
  readonly message: Uint8Array;
  readonly cursors: readonly number[];
}

/**
 * The messages that rows travel in, in the rows' order: neighbours of one topic share a bundle, as many as fit; a row alone is
 * its frame as it is. A burst of small entries costs gossip little more than one entry; one that comes alone waits for nothing.
 */
export function bundleRows(rows: readonly Row[]): OutboxMessage[] {
  const messages: OutboxMessage[] = [];
  let rest = rows;
  for (let [first] = rest; first; [first] = rest) {
    const { topic, frame } = first;
    const end = rest.findIndex((row) => row.topic !== topic);
    const frames = (end < 0 ? rest : rest.slice(0, end)).map((row) => row.frame);
    const count = framesThatFit(frames);
    const message = count === 1 ? frame : packFrames(frames.slice(0, count));
    messages.push({ topic, message, cursors: rest.slice(0, count).map(({ cursor }) => cursor) });
    rest = rest.slice(count);
  }
  return messages;
}
