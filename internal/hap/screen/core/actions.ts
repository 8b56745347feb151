/**
 * What every action of the key map does.
 *
 * @module
 */
import { isOpenRequest } from "@bzzz/api";
import { describeDecision, describeRequest, sanitiseLine } from "@bzzz/cli";
import { edit, emptyLine } from "../../terminal/line_editor.ts";
import type { ActionName } from "../keymap/actions.ts";
import { inboxRows, waiting } from "./asks.ts";
import { openBox } from "./boxes.ts";
import { actInBrowser } from "./browser_actions.ts";
import { goTo } from "./browser_boxes.ts";
import { copyFirst } from "./copy.ts";
import { argumentAt, choose, complete } from "./completion.ts";
import { selectedDecision } from "./decisions.ts";
import type { Effect, Step } from "./events.ts";
import { enterFeed, goToChannel, leaveFeed, scroll, seen, toBottom } from "./feed.ts";
import { actInFeed, toFirstUnread } from "./feed_actions.ts";
import { openKeys } from "./help.ts";
import { startSearch } from "./history_search.ts";
import { findInList, goToList, type ListPlace, rowIds, select, selectedIndex, withList } from "./lists.ts";
import { isLooking, NOT_LOOKING, startTyping } from "./looking.ts";
import { listedChannels, type Model } from "./model.ts";
import { submit } from "./submit.ts";
import { textLines } from "./text_lines.ts";
import { actOnAsk } from "./ask_actions.ts";
import { openThread } from "./threads.ts";
import { openVote } from "./vote_box.ts";

/** How long an ask that was put off stays out of sight. */
const SNOOZE_MS = 3_600_000;

/** Does it. */
export function act(model: Model, action: ActionName): Step<Model> {
  const done = (next: Model, ...effects: Effect[]): Step<Model> => ({ model: next, effects });
  const there = model.place === "browser"
    ? actInBrowser(model, action)
    : model.place === "decisions"
    ? actOnDecisions(model, action)
    : model.place === "main" && model.feed.chosen !== undefined
    ? actInFeed(model, action)
    : undefined;
  if (there) return there;
  const list = model.place === "main" ? undefined : model.place;
  const pageLines = Math.max(1, model.size.rows - 7);
  switch (action) {
    case "palette":
      return done({ ...model, modal: { type: "palette", line: emptyLine(), selected: 0 } }, { type: "read_templates" });
    case "forms": {
      const line = edit(emptyLine(), { type: "text", text: "form " }).state;
      return done({ ...model, modal: { type: "palette", line, selected: 0 } }, { type: "read_templates" });
    }
    case "inbox":
      return goToList(model, "inbox");
    case "peers":
      return goToList(model, "peers");
    case "tasks":
      return goToList(model, "tasks");
    case "thread":
      return openThread(model, "");
    case "browser":
      return goToList(model, "browser");
    case "decisions":
      return goToList(model, "decisions");
    case "main":
    case "back":
      return back(model);
    case "next_activity":
      return nextActivity(model);
    case "previous_channel":
      return done(goToChannel(model, channelBeside(model, -1)));
    case "next_channel":
      return done(goToChannel(model, channelBeside(model, 1)));
    case "channel_1":
    case "channel_2":
    case "channel_3":
    case "channel_4":
    case "channel_5": {
      const index = listedChannels(model)[Number(action.slice(-1)) - 1];
      return done(index === undefined ? model : goToChannel(model, index));
    }
    case "keys":
    case "help":
      return done(openKeys(model));
    case "bare":
      return done({ ...model, isBare: !model.isBare }, { type: "mouse", isOn: model.isBare }, { type: "redraw" });
    case "redraw":
      return done(model, { type: "redraw" });
    case "suspend":
      return done(model, { type: "suspend" });
    case "page_up":
      return done(list ? select(model, list, -pageLines) : scroll(model, -pageLines));
    case "page_down":
      return done(list ? select(model, list, pageLines) : scroll(model, pageLines));
    case "first_unread":
      return done(toFirstUnread(model));
    case "feed":
      return done(enterFeed({ ...model, place: "main" }));
    case "bottom":
      return done(toBottom({ ...model, place: "main" }));
    case "send":
      return submit(model);
    case "complete": {
      // tasks are read only where they are looked at: the next Tab knows the newest
      const argument = argumentAt(model);
      const reads: Effect[] = argument === "task" || argument === "thread"
        ? [{ type: "refresh", what: "tasks" }]
        : argument === "template"
        ? [{ type: "read_templates" }]
        : argument === "prompt"
        ? [{ type: "read_prompts" }]
        : [];
      return done(completed(model, 1), ...reads);
    }
    case "complete_back":
      return done(completed(model, -1));
    case "history_up":
      return done({ ...model, completion: undefined, input: edit(model.input, { type: "up" }).state });
    case "history_down":
      return done({ ...model, completion: undefined, input: edit(model.input, { type: "down" }).state });
    case "editor":
      return done(atLine(model), { type: "edit_line" });
    case "history_search":
      return done({ ...atLine(model), search: startSearch(model.input) });
    case "up":
    case "down":
      return done(list ? select(model, list, action === "up" ? -1 : 1) : model);
    case "first":
    case "last":
      return done(list ? select(model, list, action === "first" ? -1e9 : 1e9) : model);
    case "find":
    case "filter":
      return done(list ? withList(model, list, startTyping(model.lists[list], action)) : model);
    case "find_next":
    case "find_before":
      return done(list ? findInList(model, list, action === "find_next" ? 1 : -1, { isHere: false }) : model);
    case "open":
      return list ? open(model, list) : done(model);
    case "copy":
      return list ? copy(model, list) : done(model);
    case "copy_address":
      return list ? copyAddress(model, list) : done(model);
    case "approve":
    case "deny":
    case "answer": {
      const request = inboxRows(model)[selectedIndex(model, "inbox")];
      return request ? openBox(model, request, action) : done({ ...model, hint: "Nobody waits for you" });
    }
    case "edit":
    case "escalate":
    case "refs":
      return actOnAsk(model, action);
    case "snooze":
      return done(snooze(model));
    case "all":
      return done({ ...model, showsAll: !model.showsAll }, { type: "refresh", what: "known" });
    case "parent":
    case "go_to":
    case "search":
    case "older":
    case "newer":
    case "timeline":
    case "diff":
    case "pin":
    case "cite":
    case "renew":
    case "vote":
    case "context":
    case "mark":
      return done(model); // of places, which take their own actions
    case "text_up":
    case "text_down":
    case "close":
    case "next_field":
    case "deny_with_note":
    case "cancel":
    case "form_next":
    case "form_back":
    case "form_break":
    case "form_review":
    case "form_cancel":
      return done(model); // of boxes, which take their own keys
  }
}

/** Where the line is typed; the palette leads there from anywhere. */
function atLine(model: Model): Model {
  return seen({ ...leaveFeed(model), place: "main", completion: undefined });
}

function actOnDecisions(model: Model, action: ActionName): Step<Model> | undefined {
  switch (action) {
    case "vote":
      return openVote(model);
    case "open":
      return { model: showDecision(model), effects: [] };
    case "context": {
      const address = selectedDecision(model)?.item.version.address;
      return address === undefined ? { model, effects: [] } : goTo(model, address);
    }
    default:
      return undefined;
  }
}

function showDecision(model: Model): Model {
  const found = selectedDecision(model);
  if (!found) return model;
  const { item, detail = { ...item, votes: [] } } = found;
  const lines = describeDecision(detail, model.settings.format, model.nowMs).flatMap(textLines);
  return { ...model, modal: { type: "text", title: "Decision", lines, top: 0 } };
}

function back(model: Model): Step<Model> {
  const list = model.place === "main" ? undefined : model.place;
  if (list && isLooking(model.lists[list])) return { model: withList(model, list, NOT_LOOKING), effects: [] };
  return { model: seen({ ...model, place: "main", hint: "" }), effects: [] };
}

/** Asks first, then mentions, then messages. */
function nextActivity(model: Model): Step<Model> {
  const [ask] = waiting(model);
  if (ask && model.place !== "inbox") {
    return goToList(withList(model, "inbox", { selectedId: ask.request_id }), "inbox");
  }
  const listed = listedChannels(model);
  const order = [...listed.filter((i) => i > model.current), ...listed.filter((i) => i <= model.current)];
  const next = order.find((i) => (model.channels[i]?.mentions ?? 0) > 0) ??
    order.find((i) => (model.channels[i]?.unread ?? 0) > 0 && model.channels[i]?.notify !== "none");
  if (next !== undefined) return { model: goToChannel(model, next), effects: [] };
  return { model: { ...model, hint: "Nothing new" }, effects: [] };
}

/** The next channel of the list, or the one before, around its ends. */
function channelBeside(model: Model, by: 1 | -1): number {
  const listed = listedChannels(model);
  return listed[(listed.indexOf(model.current) + by + listed.length) % listed.length] ?? model.current;
}

function completed(model: Model, by: 1 | -1): Model {
  const completion = model.completion ?? complete(model);
  if (!completion) return model;
  const next = choose(completion, by);
  const isOnly = completion.candidates.length === 1;
  return {
    ...model,
    completion: isOnly ? undefined : next.completion,
    input: { ...model.input, text: next.text, cursor: next.cursor },
  };
}

function open(model: Model, place: ListPlace): Step<Model> {
  const id = rowIds(model, place)[selectedIndex(model, place)];
  if (id === undefined) return { model, effects: [] };
  if (place === "browser" || place === "decisions") return { model, effects: [] }; // they open what they list themselves
  if (place === "tasks") return { model, effects: [{ type: "show_task", taskId: id }] };
  if (place === "peers") {
    const peer = model.peers.find((one) => one.peer_id === id);
    const agent = model.agents.find((one) => one.peer_id === id);
    const lines = peer
      ? [
        `Name: ${sanitiseLine(peer.agent_id ?? "unknown")}`,
        `Role: ${sanitiseLine(peer.role ?? "unknown")}`,
        `Presence: ${peer.presence}`,
        `Peer: ${sanitiseLine(peer.peer_id)}`,
        ...peer.addresses.map((address) => `Address: ${sanitiseLine(address)}`),
        ...(agent
          ? [
            `Can: ${sanitiseLine([...agent.capabilities, ...agent.models].join(", "))}`,
            `Software: ${sanitiseLine(agent.software)}`,
          ]
          : []),
      ]
      : [];
    return { model: { ...model, modal: { type: "text", title: "Peer", lines, top: 0 } }, effects: [] };
  }
  const request = model.requests.get(id);
  if (!request) return { model, effects: [] };
  const lines = describeRequest(request, model.settings.format, model.nowMs);
  return {
    model: { ...model, modal: { type: "text", title: `Ask ${sanitiseLine(request.short_id)}`, lines, top: 0 } },
    effects: [],
  };
}

function copy(model: Model, place: ListPlace): Step<Model> {
  const id = rowIds(model, place)[selectedIndex(model, place)];
  if (id === undefined) return { model, effects: [] };
  return {
    model: { ...model, hint: "Copied its id, where the terminal allows that" },
    effects: [{ type: "copy", text: sanitiseLine(id) }],
  };
}

/** Of an ask its first reference, of a peer its first address, of a decision its own: what it is known by elsewhere. */
function copyAddress(model: Model, place: ListPlace): Step<Model> {
  const id = rowIds(model, place)[selectedIndex(model, place)];
  const addresses = id === undefined ? [] : addressesOf(model, place, id);
  return copyFirst(model, addresses);
}

function addressesOf(model: Model, place: ListPlace, id: string): readonly string[] {
  switch (place) {
    case "inbox":
      return model.requests.get(id)?.refs ?? [];
    case "peers":
      return model.peers.find((peer) => peer.peer_id === id)?.addresses ?? [];
    case "decisions":
      return [selectedDecision(model)?.item.version.citation ?? id];
    case "tasks":
    case "browser":
      return []; // a task has an id, not an address; the browser copies its addresses itself
  }
}

function snooze(model: Model): Model {
  const request = inboxRows(model)[selectedIndex(model, "inbox")];
  if (!request || !isOpenRequest(request)) return model;
  const snoozed = new Map([...model.snoozed].filter(([, untilMs]) => untilMs > model.nowMs));
  if (snoozed.delete(request.request_id)) return { ...model, snoozed, hint: "Back in the inbox" };
  snoozed.set(request.request_id, model.nowMs + SNOOZE_MS);
  return {
    ...model,
    snoozed,
    hint: `Ask ${sanitiseLine(request.short_id)} is out of sight for an hour, on this screen alone`,
  };
}
