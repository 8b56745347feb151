/**
 * Threads: one is a channel of its own while it is open, with what was said in it before and what comes. What is typed there belongs to
 * it. A message that has no thread yet begins one, which is named after it, so that every view finds the same.
 *
 * @module
 */
import { sanitiseLine, shortTaskId } from "@bzzz/cli";
import type { Effect, ScreenEvent, Step } from "./events.ts";
import { addItem, goToChannel, leaveFeed, toItem } from "./feed.ts";
import { visibleItems } from "./feed_layout.ts";
import { selectedIndex, taskRows } from "./lists.ts";
import { inboxRows } from "./asks.ts";
import { type Channel, currentChannel, type FeedItem, type Model } from "./model.ts";
import { emptyRing, itemAt } from "./ring.ts";

/** Threads that are open at once; one more closes the oldest that is not looked at. */
export const MAX_THREADS = 8;
/** Threads that Tab offers. */
const MAX_OFFERED = 20;

/** Opens a thread: of a reference that was typed, or "" for what is chosen or was said last. */
export function openThread(model: Model, reference: string): Step<Model> {
  const thread = reference.replace(/^>/, "") || threadHere(model);
  if (thread === undefined) {
    return { model: { ...model, hint: "Nothing that has a thread is chosen or was said here" }, effects: [] };
  }
  const open = model.channels.findIndex((channel) =>
    channel.thread !== undefined && (channel.thread === thread || channel.name === thread)
  );
  if (open >= 0) return { model: toLine(goToChannel(model, open)), effects: [] };
  return { model: { ...model, completion: undefined }, effects: [{ type: "read_thread", reference: thread }] };
}

/** Answers the last message of somebody else here, in its thread; in a thread it is the same as typing. */
export function reply(model: Model, text: string): Step<Model> {
  const channel = currentChannel(model);
  if (channel.thread !== undefined) return { model, effects: [sayHere(model, text)] };
  const item = lastMessage(model, (one) => !one.isMine);
  const thread = item && threadOfItem(model, item);
  if (!item || thread === undefined) {
    return { model: { ...model, hint: "Cannot reply: nobody else said anything here" }, effects: [] };
  }
  const hint = `Answered ${item.author}: "${sanitiseLine(item.text, 60)}"`;
  return { model: { ...model, hint }, effects: [{ type: "send", channel: channel.name, text, thread }] };
}

/** What is said where the person is: in a thread it belongs to that. */
export function sayHere(model: Model, text: string): Effect {
  const { name, topic, thread } = currentChannel(model);
  if (thread === undefined) return { type: "send", channel: name, text };
  const home = model.channels.find((one) => one.thread === undefined && one.topic === topic);
  return { type: "send", channel: home?.name ?? name, text, thread };
}

/** A thread was read: it is a channel from now on, and the line is there. */
export function threadRead(model: Model, event: Extract<ScreenEvent, { type: "thread_read" }>): Model {
  const open = model.channels.findIndex((channel) => channel.thread === event.thread);
  if (open >= 0) return toLine(goToChannel(model, open));
  const topics = model.channels.filter((channel) => channel.thread === undefined);
  const items = event.entries.map((entry) => toItem(entry, model.me));
  const known = new Set(items.map(({ entryId }) => entryId));
  // what came while it was read
  const later = topics.flatMap((channel) => channel.items.pieces.flat())
    .filter((item) => item.thread === event.thread && !known.has(item.entryId));
  const topic = topics.find((one) => one.topic === event.entries[0]?.topic) ?? topics[0];
  if (!topic) return model;
  const channel: Channel = {
    name: nameOfThread(event.thread),
    topic: topic.topic,
    thread: event.thread,
    items: emptyRing<FeedItem>(),
    readTo: 0,
    unread: 0,
    mentions: 0,
    notify: "none", // its topic calls
    bottom: undefined,
    mark: undefined,
  };
  const with_ = withoutOldest({ ...model, channels: [...model.channels, channel] });
  const index = with_.channels.length - 1;
  const filled = [...items, ...later].reduce(
    (next, item) => addItem(next, index, withoutThread(item), { isOld: true }),
    with_,
  );
  return toLine(goToChannel(filled, index));
}

/** The line is in its thread, too, if that is open. */
export function addToThread(model: Model, item: FeedItem): Model {
  const index = model.channels.findIndex((one) => one.thread !== undefined && one.thread === item.thread);
  const channel = model.channels[index];
  if (!channel || channel.items.pieces.flat().some(({ entryId }) => entryId === item.entryId)) return model;
  return addItem(model, index, withoutThread(item), { isOld: false });
}

/** Threads of the lines of the channel, the newest in front. */
export function threadsOf(model: Model): string[] {
  const all = currentChannel(model).items.pieces.flat().flatMap(({ thread }) => thread === undefined ? [] : [thread]);
  return [...new Set(all.toReversed())].filter((thread) => /^[\x21-\x7e]+$/.test(thread)).slice(0, MAX_OFFERED);
}

/** The thread of what is selected or chosen where the person is, else of the last message. */
function threadHere(model: Model): string | undefined {
  if (model.place === "tasks") {
    const task = taskRows(model)[selectedIndex(model, "tasks")];
    return task && `task/${task.task_id}`;
  }
  if (model.place === "inbox") {
    const request = inboxRows(model)[selectedIndex(model, "inbox")];
    return request?.thread ?? (request?.task_id === undefined ? undefined : `task/${request.task_id}`);
  }
  if (model.place !== "main") return undefined;
  const { chosen } = model.feed;
  const item = chosen === undefined ? lastMessage(model, () => true) : itemAt(currentChannel(model).items, chosen);
  return item && threadOfItem(model, item);
}

function threadOfItem(model: Model, item: FeedItem): string | undefined {
  if (item.thread !== undefined) return item.thread;
  if (item.requestId !== undefined) {
    const request = model.requests.get(item.requestId);
    return request?.thread ?? (request?.task_id === undefined ? undefined : `task/${request.task_id}`);
  }
  if (item.taskId !== undefined) return `task/${item.taskId}`;
  return item.kind === "message" && item.entryId !== undefined ? `message/${item.entryId}` : undefined;
}

function lastMessage(model: Model, fits: (item: FeedItem) => boolean): FeedItem | undefined {
  const channel = currentChannel(model);
  return visibleItems(model, channel, channel.items.length)
    .findLast(({ item }) => item.kind === "message" && fits(item))?.item;
}

/** "task/9ZXQWK", "message/3f2a91": short enough for the list of channels. */
function nameOfThread(thread: string): string {
  const [kind = "", id = ""] = thread.split(/\/(.*)/, 2);
  if (kind === "task" && id !== "") return `task/${shortTaskId(id)}`;
  if (kind === "message" && /^[0-9a-f]{64}$/.test(id)) return `message/${id.slice(0, 6)}`;
  return sanitiseLine(thread, 40).replaceAll(" ", "-");
}

function withoutThread({ thread: _, ...item }: FeedItem): FeedItem {
  return item;
}

function withoutOldest(model: Model): Model {
  const threads = model.channels.filter((channel) => channel.thread !== undefined);
  const oldest = threads.length > MAX_THREADS ? threads.find((one) => one !== currentChannel(model)) : undefined;
  return oldest ? withoutChannel(model, model.channels.indexOf(oldest)) : model;
}

/** The model without a channel; who was there is at the first one. */
export function withoutChannel(model: Model, index: number): Model {
  const channels = model.channels.filter((_, i) => i !== index);
  const current = model.current === index ? 0 : model.current > index ? model.current - 1 : model.current;
  return { ...model, channels, current };
}

/** The line has the keys: what is typed next is said there. */
function toLine(model: Model): Model {
  return leaveFeed({ ...model, place: "main" });
}
