import type { EntryId } from "@bzzz/base";

/** The place of an entry in the order that is the same on all nodes: its stamp, then its id. */
export interface EntryOrder {
  readonly ms: number;
  readonly counter: number;
  readonly id: EntryId;
}

/** Negative when `a` comes first. Two entries are never in one place. */
export function compareOrder(a: EntryOrder, b: EntryOrder): number {
  return a.ms - b.ms || a.counter - b.counter || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}
