import { displayWidth } from "@bzzz/cli";
import { fit, highlight, type Line, line, span, type StyleName } from "../core/cells.ts";
import { AUTHOR_COLUMNS, roomOf, textOf, visibleItems } from "../core/feed_layout.ts";
import type { Size } from "../core/frame.ts";
import { wordsOf } from "../core/looking.ts";
import { type Channel, type FeedItem, type Model, unreadFrom } from "../core/model.ts";
import { keyOf } from "./parts.ts";

/** The lines of a channel that are seen, and in which row the chosen one begins. */
export interface FeedRows {
  readonly lines: readonly Line[];
  readonly chosenRow: number | undefined;
}

/** The lines of a channel: the newest at the bottom, or those the view was left at. */
export function feedRows(model: Model, channel: Channel, size: Size): FeedRows {
  const { columns, rows } = size;
  const room = roomOf(channel, rows);
  const { chosen } = model.feed;
  const out: Line[] = [];
  let chosenFromEnd: number | undefined;
  for (const { number, item } of visibleItems(model, channel, room).reverse()) {
    const own = itemRows(model, item, columns, number === chosen);
    if (unreadFrom(channel) === number) out.unshift(unreadMark(model, columns), ...own);
    else out.unshift(...own);
    if (number === chosen) chosenFromEnd = out.length - (unreadFrom(channel) === number ? 1 : 0);
    if (out.length >= room) break;
  }
  if (out.length === 0 && model.feed.filter) out.push(fit(line(" Nothing here has these letters.", "dim"), columns));
  const shown = out.slice(-room);
  const empty = fit([], columns);
  while (shown.length < room) shown.unshift(empty);
  const chosenRow = chosenFromEnd === undefined ? undefined : Math.max(0, room - chosenFromEnd);
  return { lines: room < rows ? [...shown, belowLine(model, channel, columns)] : shown, chosenRow };
}

/** What is below a view that does not follow. */
function belowLine(model: Model, channel: Channel, columns: number): Line {
  const { glyphs } = model.settings;
  const newer = channel.bottom === undefined ? 0 : channel.items.total - 1 - channel.bottom;
  if (newer <= 0 && channel.unread === 0) return fit([], columns);
  const key = keyOf(model, "bottom");
  const what = newer <= 0
    ? `${channel.unread} unread`
    : channel.unread >= newer
    ? `${newer} new`
    : `${newer} more${channel.unread > 0 ? `, ${channel.unread} new` : ""}`;
  const text = `${glyphs.down} ${what}${key === undefined ? "" : ` (${key})`} `;
  return fit([span(" ".repeat(Math.max(0, columns - displayWidth(text)))), span(text, "accent")], columns);
}

function itemRows(model: Model, item: FeedItem, columns: number, isChosen: boolean): Line[] {
  const { glyphs } = model.settings;
  const words = wordsOf(model.feed);
  return spansOf(model, item, columns).map((spans, i) => {
    const [lead = span(""), ...said] = spans; // the time, or what stands in its place
    const marked = fit([lead, ...highlight(said, words)], columns, { mark: glyphs.more });
    if (!isChosen) return marked;
    const [first, ...rest] = marked;
    // every row begins with a space, or with the time where there is no room for one: the sign stands there
    return i === 0 && first?.text.startsWith(" ")
      ? [span(glyphs.pointer, "accent"), span(first.text.slice(1), first.style), ...rest]
      : marked;
  });
}

function spansOf(model: Model, item: FeedItem, columns: number): Line[] {
  const { glyphs, format } = model.settings;
  const { texts, indent, isNarrow, author } = textOf(item, columns);
  const time = ` ${format.time(item.atMs)} `;
  if (item.kind === "output") return texts.map((text) => [span("  "), span(text)]);
  if (item.kind === "notice") {
    return texts.map((text, i) => [span(i === 0 ? time : " ".repeat(indent), "dim"), span(text, "warning")]);
  }
  const style: StyleName = item.isMine ? "good" : item.kind === "event" ? "dim" : "strong";
  const authorLine = isNarrow ? line(author, style) : fit(line(author, style), AUTHOR_COLUMNS, { mark: glyphs.more });
  const textStyle: StyleName = item.kind === "ask"
    ? "danger"
    : item.isForMe
    ? "accent"
    : item.kind === "event"
    ? "dim"
    : "plain";
  return texts.map((text, i) =>
    i === 0
      ? [span(isNarrow ? time.slice(1) : time, "dim"), ...authorLine, span(" "), span(text, textStyle)]
      : [span(" ".repeat(indent)), span(text, textStyle)]
  );
}

function unreadMark(model: Model, columns: number): Line {
  const { glyphs } = model.settings;
  const word = " unread ";
  const side = Math.max(1, Math.floor((columns - word.length) / 2));
  return fit([
    span(glyphs.horizontal.repeat(side), "border"),
    span(word, "accent"),
    span(glyphs.horizontal.repeat(side), "border"),
  ], columns);
}
