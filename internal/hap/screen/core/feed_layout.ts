/**
 * How many rows the lines of a channel take on the screen, and which of them are seen: the view is moved so that a line is in sight.
 *
 * @module
 */
import { displayWidth } from "@bzzz/cli";
import { wrap } from "./cells.ts";
import type { Size } from "./frame.ts";
import { passes } from "./looking.ts";
import { type Channel, currentChannel, type FeedItem, type Model, unreadFrom, withChannel } from "./model.ts";
import { itemAt } from "./ring.ts";

/** From this many columns on there is room for channels and peers beside the text. */
export const WIDE_COLUMNS = 100;
/** Columns of channels and peers. */
export const SIDE_COLUMNS = 20;
/** Narrower, a message begins right behind its author. */
const NARROW_COLUMNS = 60;
/** Columns of a member's name, so that the words stand below each other. */
export const AUTHOR_COLUMNS = 14;
/** Rows of one message; the whole of it is in the journal. */
const MAX_ROWS = 40;

/** The room of the channel's text on a screen of that size. */
export function feedSize(model: Pick<Model, "isBare">, size: Size): Size {
  if (model.isBare) return { columns: size.columns, rows: size.rows - 1 };
  const side = size.columns >= WIDE_COLUMNS ? SIDE_COLUMNS + 1 : 0;
  return { columns: size.columns - 2 - side, rows: size.rows - 5 };
}

/** One line of a channel in its rows. */
export interface ItemText {
  readonly texts: readonly string[];
  /** A sign in front of the first row, which says what its style says, too. */
  readonly sign: string;
  readonly author: string;
  readonly isNarrow: boolean;
  /** Columns in front of every row but the first. */
  readonly indent: number;
}

/** The rows of an item in that many columns. */
export function textOf(item: FeedItem, columns: number): ItemText {
  const isNarrow = columns < NARROW_COLUMNS;
  const common = { sign: "", author: "", isNarrow };
  if (item.kind === "output") return { ...common, texts: wrap(item.text, columns - 2), indent: 2 };
  if (item.kind === "notice") return { ...common, texts: wrap(item.text, columns - 9), indent: 7 };
  const author = isNarrow ? `${item.author}:` : item.author;
  const sign = item.kind === "ask" ? "? " : item.isForMe ? "@ " : item.thread !== undefined ? "> " : "";
  const indent = isNarrow ? 2 : AUTHOR_COLUMNS + 8;
  const head = isNarrow ? 7 + displayWidth(author) : indent;
  const texts = wrap(sign + item.text, Math.max(10, columns - Math.max(head, indent))).slice(0, MAX_ROWS);
  return { texts, sign, author, isNarrow, indent };
}

/** Whether a line of a channel is shown under the filter. */
export function isShown(model: Pick<Model, "feed">, item: FeedItem): boolean {
  return model.feed.filter === undefined || passes(model.feed, sayingOf(item));
}

/** What of a line is looked at by find and filter. */
export function sayingOf(item: FeedItem): string {
  return `${item.author} ${item.text}`;
}

/** Items of a channel from its view's bottom upwards, at most `count`, oldest first: the only ones that are ever laid out. */
export function visibleItems(
  model: Pick<Model, "feed">,
  channel: Channel,
  count: number,
): { readonly number: number; readonly item: FeedItem }[] {
  const out: { number: number; item: FeedItem }[] = [];
  for (let number = bottomOf(channel, count); out.length < count; number--) {
    const item = itemAt(channel.items, number);
    if (!item) break;
    if (isShown(model, item)) out.push({ number, item });
  }
  return out.reverse();
}

/** Number of the last item in sight. Items that were forgotten since take the view along. */
function bottomOf({ items, bottom }: Channel, count: number): number {
  const last = items.total - 1;
  const oldest = items.total - items.length;
  return bottom === undefined ? last : Math.max(bottom, Math.min(last, oldest + count - 1));
}

/** Rows for items: the last row of a view that does not follow tells what is below. */
export function roomOf(channel: Channel, rows: number): number {
  return channel.bottom === undefined ? rows : Math.max(1, rows - 1);
}

/**
 * The view of the current channel moved as little as needed so that the item is in it; with `context` rows above it where it was not in
 * sight before. A view that has the item stays put.
 */
export function showItem(model: Model, number: number, context: number): Model {
  const channel = currentChannel(model);
  const { columns, rows } = feedSize(model, model.size);
  const room = roomOf({ ...channel, bottom: number }, rows);
  const heightAt = (at: number): number | undefined => {
    const item = itemAt(channel.items, at);
    if (!item) return undefined;
    if (!isShown(model, item)) return 0;
    return textOf(item, columns).texts.length + (unreadFrom(channel) === at ? 1 : 0);
  };
  const bottom = bottomOf(channel, rows);
  if (number <= bottom && isInSight(heightAt, { number, bottom, room })) return model;
  let at = number;
  if (number < bottom) {
    let used = (heightAt(number) ?? 0) + context;
    for (let height = heightAt(at + 1); height !== undefined && used + height <= room; height = heightAt(at + 1)) {
      used += height;
      at++;
    }
  }
  return withChannel(model, model.current, (one) => ({ ...one, bottom: at }));
}

function isInSight(
  heightAt: (at: number) => number | undefined,
  { number, bottom, room }: { readonly number: number; readonly bottom: number; readonly room: number },
): boolean {
  let used = 0;
  for (let at = bottom; at >= number; at--) {
    used += heightAt(at) ?? 0;
    if (used > room) return at === bottom && at === number; // longer than the screen: its end is in sight
  }
  return true;
}
