/**
 * What keys do in the text of a channel: going from line to line, finding and filtering, marking as unread, copying and opening. Nothing
 * that arrives moves the view while a line is chosen.
 *
 * @module
 */
import { UcxlError } from "@bzzz/ucxl";
import { sanitiseLine } from "@bzzz/cli";
import type { ActionName } from "../keymap/actions.ts";
import { goTo } from "./browser_boxes.ts";
import { wrap } from "./cells.ts";
import { copyFirst } from "./copy.ts";
import type { Step } from "./events.ts";
import { leaveFeed, seen, toBottom } from "./feed.ts";
import { feedSize, isShown, sayingOf, showItem } from "./feed_layout.ts";
import type { Press } from "./keys.ts";
import { goToList, withList } from "./lists.ts";
import { isLooking, nextMatch, NOT_LOOKING, pressLooking, startTyping, tellMatch, wordsOf } from "./looking.ts";
import { currentChannel, type FeedItem, type Model, unreadFrom, withChannel } from "./model.ts";
import { itemAt } from "./ring.ts";
import { hasWords } from "./words.ts";

/** Addresses of context in a text; what ends a sentence is not of them. */
const ADDRESS = /ucxl:\/\/[^\s"'<>]*[^\s"'<>.,;:!?)\]}]/g;

/** What an action does in the text of a channel; undefined where it does what it does everywhere. */
export function actInFeed(model: Model, action: ActionName): Step<Model> | undefined {
  const only = (next: Model): Step<Model> => ({ model: next, effects: [] });
  const page = Math.max(1, feedSize(model, model.size).rows - 2);
  switch (action) {
    case "up":
    case "down":
      return only(moveChosen(model, action === "up" ? -1 : 1));
    case "page_up":
    case "page_down":
      return only(moveChosen(model, action === "page_up" ? -page : page));
    case "first":
    case "last":
      return only(moveChosen(model, action === "first" ? -Infinity : Infinity));
    case "find":
    case "filter":
      return only({ ...model, feed: { ...model.feed, ...startTyping(model.feed, action) } });
    case "find_next":
    case "find_before":
      return only(findInFeed(model, action === "find_next" ? -1 : 1, { isHere: false }));
    case "mark":
      return only(markHere(model));
    case "copy":
      return copyText(model);
    case "copy_address":
      return copyFirst(model, chosenItem(model)?.text.match(ADDRESS) ?? []);
    case "open":
      return open(model);
    case "bottom":
      return only(toBottom(model));
    case "back":
      if (isLooking(model.feed)) return only(lookAround(model));
      return only(seen(leaveFeed(model)));
    case "feed":
    case "main":
      return only(seen(leaveFeed(model)));
    default:
      return undefined;
  }
}

/** Nothing is looked for any more; what is chosen is seen among its neighbours. */
function lookAround(model: Model): Model {
  const { chosen = 0 } = model.feed;
  return showItem({ ...model, feed: { ...model.feed, ...NOT_LOOKING } }, chosen, contextRows(model));
}

/** A press while words to find, or a filter, are typed. */
export function pressFeed(model: Model, press: Press): Model {
  const { looking, isFound } = pressLooking(model.feed, press);
  const next = chooseShown({ ...model, feed: { ...model.feed, ...looking } });
  return isFound ? findInFeed(next, -1, { isHere: true }) : next;
}

/** Chooses another line: so many further down, negative up; an infinite number is an end. */
export function moveChosen(model: Model, by: number): Model {
  const numbers = shownNumbers(model);
  const { chosen } = model.feed;
  if (chosen === undefined || numbers.length === 0) return model;
  const here = numbers.findLastIndex((number) => number <= chosen);
  const to = numbers[Math.max(0, Math.min(numbers.length - 1, Math.max(0, here) + by))];
  return to === undefined ? model : choose(model, to, 0);
}

/** Goes to the next line that has the words: older with -1, newer with 1, around the ends. `isHere` takes the chosen one, too. */
function findInFeed(model: Model, by: 1 | -1, options: { readonly isHere: boolean }): Model {
  const words = wordsOf(model.feed);
  if (words === "") return { ...model, hint: "Nothing was looked for yet" };
  const { items } = currentChannel(model);
  const numbers = shownNumbers(model);
  const at = Math.max(0, numbers.findLastIndex((number) => number <= (model.feed.chosen ?? Infinity)));
  const isMatch = numbers.map((number) => {
    const item = itemAt(items, number);
    return item !== undefined && hasWords(sayingOf(item), words);
  });
  const match = nextMatch(isMatch, { at, by, isHere: options.isHere });
  const to = match && numbers[match.index];
  const hint = tellMatch(words, match, by);
  return to === undefined ? { ...model, hint } : { ...choose(model, to, contextRows(model)), hint };
}

/** Goes to the first line that was not seen, under its mark. A filter that could hide it goes. */
export function toFirstUnread(before: Model): Model {
  const model: Model = { ...before, place: "main", feed: { ...before.feed, filter: undefined } };
  const channel = currentChannel(model);
  const first = unreadFrom(channel);
  if (first === undefined || first >= channel.items.total) return { ...before, hint: "Nothing is unread here" };
  const number = Math.max(first, channel.items.total - channel.items.length);
  if (model.feed.chosen !== undefined) return choose(model, number, contextRows(model));
  const shown = showItem(model, number, contextRows(model));
  const { bottom } = currentChannel(shown);
  const isAtEnd = bottom !== undefined && bottom >= channel.items.total - 1;
  return seen(isAtEnd ? withChannel(shown, shown.current, (one) => ({ ...one, bottom: undefined })) : shown);
}

/** From the chosen line on the channel is unread, until its end is gone to. */
function markHere(model: Model): Model {
  const { chosen } = model.feed;
  if (chosen === undefined) return model;
  const { items } = currentChannel(model);
  let mentions = 0;
  for (let number = chosen; number < items.total; number++) if (itemAt(items, number)?.isForMe) mentions++;
  const unread = items.total - chosen;
  const hint = `Unread from here on: ${unread} ${unread === 1 ? "line" : "lines"}`;
  const marked = { ...model, feed: { ...model.feed, isMarked: true }, hint };
  const change = { readTo: chosen, mark: undefined, unread, mentions };
  return showItem(withChannel(marked, model.current, (channel) => ({ ...channel, ...change })), chosen, 0);
}

function copyText(model: Model): Step<Model> {
  const item = chosenItem(model);
  if (!item) return { model, effects: [] };
  return {
    model: { ...model, hint: "Copied the text, where the terminal allows that" },
    effects: [{ type: "copy", text: item.text }],
  };
}

/** Opens what the line is about: the ask, the task, the first address in it; else the whole of its text. */
function open(model: Model): Step<Model> {
  const item = chosenItem(model);
  if (!item) return { model, effects: [] };
  if (item.requestId !== undefined && model.requests.has(item.requestId)) {
    return goToList(withList(model, "inbox", { ...NOT_LOOKING, selectedId: item.requestId }), "inbox");
  }
  if (item.taskId !== undefined) return { model, effects: [{ type: "show_task", taskId: item.taskId }] };
  const [address] = item.text.match(ADDRESS) ?? [];
  if (address === undefined) return showText(model, item);
  try {
    return goTo(model, address);
  } catch (error) {
    if (!(error instanceof UcxlError)) throw error;
    return { model: { ...model, hint: sanitiseLine(error.message, 300) }, effects: [] }; // somebody's words, no address
  }
}

function showText(model: Model, item: FeedItem): Step<Model> {
  const lines = [`${item.author} ${model.settings.format.date(item.atMs)}`.trim(), "", ...wrap(item.text, 90)];
  return { model: { ...model, modal: { type: "text", title: "Message", lines, top: 0 } }, effects: [] };
}

/** The filter may have left out what was chosen: the nearest older line that is shown is chosen then, else the oldest. */
function chooseShown(model: Model): Model {
  const { chosen } = model.feed;
  const item = chosen === undefined ? undefined : itemAt(currentChannel(model).items, chosen);
  if (chosen === undefined || (item && isShown(model, item))) return model;
  const numbers = shownNumbers(model);
  const to = numbers.findLast((number) => number <= chosen) ?? numbers[0];
  return to === undefined ? model : choose(model, to, 0);
}

function choose(model: Model, number: number, context: number): Model {
  return showItem({ ...model, feed: { ...model.feed, chosen: number } }, number, context);
}

function chosenItem(model: Model): FeedItem | undefined {
  const { chosen } = model.feed;
  const item = chosen === undefined ? undefined : itemAt(currentChannel(model).items, chosen);
  return item && isShown(model, item) ? item : undefined;
}

/** Numbers of the lines of the channel that are shown, oldest first. */
function shownNumbers(model: Model): number[] {
  const { items } = currentChannel(model);
  const out: number[] = [];
  for (const [i, item] of items.pieces.flat().entries()) {
    if (isShown(model, item)) out.push(items.total - items.length + i);
  }
  return out;
}

/** What stays in sight above a line that is gone to. */
function contextRows(model: Model): number {
  return Math.floor(feedSize(model, model.size).rows / 3);
}
