import { displayWidth } from "@bzzz/cli";
import { fit, type Line, line, span, type StyleName, wrap } from "../core/cells.ts";
import { visibleItems } from "../core/feed.ts";
import type { Channel, FeedItem, Model } from "../core/model.ts";

/** Columns of a member's name, so that the words stand below each other. */
const AUTHOR_COLUMNS = 14;
/** Rows of one message; the whole of it is in the journal. */
const MAX_ROWS = 40;

/** The lines of a channel that are seen: the newest at the bottom, or those the view was left at. */
export function feedRows(
  model: Model,
  channel: Channel,
  size: { readonly columns: number; readonly rows: number },
): Line[] {
  const { glyphs } = model.settings;
  const out: Line[] = [];
  for (const { number, item } of visibleItems(channel, size.rows).reverse()) {
    const rows = itemRows(model, item, size.columns);
    if (channel.mark === number) rows.unshift(unreadMark(model, size.columns));
    out.unshift(...rows);
    if (out.length >= size.rows) break;
  }
  const shown = out.slice(-size.rows);
  const empty = fit([], size.columns);
  while (shown.length < size.rows) shown.unshift(empty);
  const newer = channel.bottom === undefined ? 0 : channel.items.total - 1 - channel.bottom;
  if (newer > 0 && shown.length > 0) {
    const text = `${glyphs.down} ${newer} ${channel.unread > 0 ? "new" : "more"} (Alt+End) `;
    const indent = " ".repeat(Math.max(0, size.columns - displayWidth(text)));
    shown[shown.length - 1] = fit([span(indent), span(text, "accent")], size.columns);
  }
  return shown;
}

function itemRows(model: Model, item: FeedItem, columns: number): Line[] {
  const { glyphs, format } = model.settings;
  if (item.kind === "output") return wrap(item.text, columns - 2).map((text) => fit([span("  "), span(text)], columns));
  const time = format.time(item.atMs);
  if (item.kind === "notice") {
    return wrap(item.text, columns - 9).map((text, i) =>
      fit([span(` ${i === 0 ? time : "     "} `, "dim"), span(text, "warning")], columns)
    );
  }
  const style: StyleName = item.isMine ? "good" : item.kind === "event" ? "dim" : "strong";
  const isNarrow = columns < 60;
  const author = isNarrow ? `${item.author}:` : item.author;
  const authorLine = isNarrow ? line(author, style) : fit(line(author, style), AUTHOR_COLUMNS, { mark: glyphs.more });
  // A sign says what the style says too.
  const sign = item.kind === "ask" ? "? " : item.isForMe ? "@ " : "";
  const indent = isNarrow ? 2 : AUTHOR_COLUMNS + 8;
  const head: Line = [span(isNarrow ? `${time} ` : ` ${time} `, "dim"), ...authorLine, span(" ")];
  const textStyle: StyleName = item.kind === "ask"
    ? "danger"
    : item.isForMe
    ? "accent"
    : item.kind === "event"
    ? "dim"
    : "plain";
  const headColumns = isNarrow ? 7 + displayWidth(author) : indent;
  const [first = "", ...rest] = wrap(sign + item.text, Math.max(10, columns - Math.max(headColumns, indent))).slice(
    0,
    MAX_ROWS,
  );
  return [
    fit([...head, span(first, textStyle)], columns, { mark: glyphs.more }),
    ...rest.map((text) => fit([span(" ".repeat(indent)), span(text, textStyle)], columns, { mark: glyphs.more })),
  ];
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
