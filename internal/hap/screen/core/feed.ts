/**
 * Channels: what happens becomes lines, lines become read or unread, and a view that was scrolled back stays where it is.
 *
 * @module
 */
import type { EntryView } from "@bzzz/api";
import { describeEntry, nameOf, sanitiseLine } from "@bzzz/cli";
import { visibleItems } from "./feed_layout.ts";
import { currentChannel, FEED_AT_REST, FEED_CAPACITY, type FeedItem, type Model, withChannel } from "./model.ts";
import { append } from "./ring.ts";

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
    entryId: entry.id,
    ...(entry.thread === undefined ? {} : { thread: entry.thread }),
    ...(isMessage && entry.task_id !== undefined ? { taskId: entry.task_id } : {}),
    ...idOf(entry, "request_"),
    ...idOf(entry, "task_"),
  };
}

function idOf(entry: EntryView, kind: "request_" | "task_"): Pick<FeedItem, "requestId" | "taskId"> {
  const id = entry.kind.startsWith(kind) ? entry.body?.[`${kind}id`] : undefined;
  if (typeof id !== "string") return {};
  return kind === "task_" ? { taskId: id } : { requestId: id };
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

/** Whether the person sees new lines of that channel as they come: a filter may hide them. */
export function isLookedAt(model: Model, index: number): boolean {
  const channel = model.channels[index];
  return model.place === "main" && model.current === index && channel?.bottom === undefined &&
    model.feed.filter === undefined;
}

/** Goes to a channel; what was unread there is marked, and read once its end is seen. */
export function goToChannel(model: Model, index: number): Model {
  if (!model.channels[index]) return model;
  const left = leaveFeed(withChannel(model, model.current, (channel) => ({ ...channel, mark: undefined })));
  const feed = { ...left.feed, filter: undefined, typing: undefined };
  const joined = withChannel(left, index, (channel) => ({ ...channel, isParted: false }));
  const there = seen({ ...joined, feed, current: index, place: "main", completion: undefined });
  return model.feed.chosen === undefined ? there : enterFeed(there);
}

/** The channel's text gets the keys: the view is held where it is, and its last line is chosen. */
export function enterFeed(model: Model): Model {
  const channel = currentChannel(model);
  const last = visibleItems(model, channel, 1).at(-1)?.number;
  if (last === undefined) return { ...model, hint: "Nothing was said here yet" };
  const bottom = channel.bottom ?? channel.items.total - 1;
  const heldAt = channel.bottom === undefined ? bottom : undefined;
  const feed = { ...model.feed, chosen: last, heldAt, isMarked: false };
  return withChannel({ ...model, feed, completion: undefined }, model.current, (one) => ({ ...one, bottom }));
}

/** The line gets the keys back. A view that was not moved, or is at the end, follows the newest again. */
export function leaveFeed(model: Model): Model {
  const { chosen, heldAt, isMarked, find, filter } = model.feed;
  if (chosen === undefined) return model;
  const { bottom, items } = currentChannel(model);
  const isFollowing = !isMarked && bottom !== undefined && (bottom === heldAt || bottom >= items.total - 1);
  const left = { ...model, feed: { ...FEED_AT_REST, find, filter } };
  return isFollowing ? withChannel(left, model.current, (channel) => ({ ...channel, bottom: undefined })) : left;
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

/** To the end, without a filter: everything is read. */
export function toBottom(before: Model): Model {
  const left = leaveFeed(before);
  const model = { ...left, feed: { ...left.feed, filter: undefined } };
  return seen(withChannel(model, model.current, (channel) => ({ ...channel, bottom: undefined })));
}
