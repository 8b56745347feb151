/**
 * Channels: what happens becomes lines, lines become read or unread, and a view that was scrolled back stays where it is.
 *
 * @module
 */
import type { EntryView } from "@bzzz/api";
import { describeEntry, nameOf, sanitiseLine } from "@bzzz/cli";
import { type Channel, currentChannel, FEED_CAPACITY, type FeedItem, type Model, withChannel } from "./model.ts";
import { append, itemAt } from "./ring.ts";

/** Characters of one line; the whole text is in the journal. */
const MAX_TEXT_CHARACTERS = 2_000;
/** Lines of a command's output that are kept in the channel. */
const MAX_OUTPUT_LINES = 200;

/** An entry as a line. */
export function toItem(entry: EntryView, me: string): FeedItem {
  const author = nameOf(entry.author);
  const isMessage = entry.kind === "message_posted";
  const said = isMessage && typeof entry.body?.["text"] === "string" ? entry.body["text"] : undefined;
  const text = said !== undefined && entry.body?.["type"] === "message"
    ? sanitiseLine(said, MAX_TEXT_CHARACTERS)
    : describeEntry(entry).slice(author.length + 1);
  const to = Array.isArray(entry.body?.["to"]) ? entry.body["to"] : [];
  const isMentioned = me !== "" && (to.includes(me) || (said ?? "").includes(`@${me}`));
  const isMine = entry.author.agent_id === me && me !== "";
  return {
    atMs: entry.hlc.ms,
    kind: entry.kind === "request_opened" ? "ask" : isMessage ? "message" : "event",
    author,
    text,
    isMine,
    isForMe: !isMine && isMentioned,
  };
}

/** The model with the line at the end of its channel. What is old, or is looked at, is read. */
export function addItem(model: Model, index: number, item: FeedItem, options: { isOld: boolean }): Model {
  const isSeen = options.isOld || item.isMine || item.kind === "output" || isLookedAt(model, index);
  return withChannel(model, index, (channel) => {
    const items = append(channel.items, item, FEED_CAPACITY);
    const isRead = isSeen && channel.unread === 0;
    return {
      ...channel,
      items,
      readTo: isRead ? items.total : channel.readTo,
      unread: channel.unread + (isRead ? 0 : 1),
      mentions: channel.mentions + (!isRead && item.isForMe ? 1 : 0),
    };
  });
}

/** Lines that are on this screen alone, in the channel that is looked at. */
export function addLocal(model: Model, kind: "output" | "notice", text: string): Model {
  const lines = text.replace(/\n+$/, "").split("\n");
  const kept = lines.length > MAX_OUTPUT_LINES
    ? [...lines.slice(0, MAX_OUTPUT_LINES - 1), `… ${lines.length - MAX_OUTPUT_LINES + 1} more lines`]
    : lines;
  return kept.reduce(
    (next, line) =>
      addItem(next, model.current, {
        atMs: model.nowMs,
        kind,
        author: "",
        text: sanitiseKeepingIndent(line),
        isMine: false,
        isForMe: false,
      }, { isOld: true }),
    model,
  );
}

function sanitiseKeepingIndent(line: string): string {
  const indent = /^ */.exec(line)?.[0].slice(0, 40) ?? "";
  return indent + sanitiseLine(line, MAX_TEXT_CHARACTERS);
}

/** Whether the person sees new lines of that channel as they come. */
export function isLookedAt(model: Model, index: number): boolean {
  const channel = model.channels[index];
  return model.place === "main" && model.current === index && channel?.bottom === undefined;
}

/** Goes to a channel; what was unread there is marked, and read once its end is seen. */
export function goToChannel(model: Model, index: number): Model {
  if (!model.channels[index]) return model;
  const left = withChannel(model, model.current, (channel) => ({ ...channel, mark: undefined }));
  return seen({ ...left, current: index, place: "main", completion: undefined });
}

/** The channel that is looked at counts as read when its end is in view. */
export function seen(model: Model): Model {
  if (!isLookedAt(model, model.current)) return model;
  const channel = currentChannel(model);
  if (channel.unread === 0) return model;
  return withChannel(model, model.current, (one) => ({
    ...one,
    mark: one.readTo,
    readTo: one.items.total,
    unread: 0,
    mentions: 0,
  }));
}

/** Moves the view by lines, negative to older ones; reaching the end follows again. */
export function scroll(model: Model, by: number): Model {
  return seen(withChannel(model, model.current, (channel) => {
    const last = channel.items.total - 1;
    const oldest = channel.items.total - channel.items.length;
    const bottom = Math.max(oldest, (channel.bottom ?? last) + by);
    return { ...channel, bottom: bottom >= last ? undefined : bottom };
  }));
}

/** To the end: everything is read. */
export function toBottom(model: Model): Model {
  return seen(withChannel(model, model.current, (channel) => ({ ...channel, bottom: undefined })));
}

/** To the first line that was not seen. */
export function toFirstUnread(model: Model, rows: number): Model {
  return withChannel(model, model.current, (channel) => {
    const first = channel.unread > 0 ? channel.readTo : channel.mark;
    if (first === undefined || first >= channel.items.total) return channel;
    const bottom = Math.min(channel.items.total - 1, first + Math.max(1, rows - 3));
    return { ...channel, bottom: bottom >= channel.items.total - 1 ? undefined : bottom };
  });
}

/** Items of a channel from its view's bottom upwards, at most `count`, oldest first: the only ones that are ever laid out. */
export function visibleItems(channel: Channel, count: number): { readonly number: number; readonly item: FeedItem }[] {
  const out: { number: number; item: FeedItem }[] = [];
  for (let number = channel.bottom ?? channel.items.total - 1; out.length < count; number--) {
    const item = itemAt(channel.items, number);
    if (!item) break;
    out.push({ number, item });
  }
  return out.reverse();
}
