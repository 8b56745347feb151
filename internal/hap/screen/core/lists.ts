/**
 * The places with a list: inbox, peers, tasks, context, decisions. What is selected is an id, so a list that changes under the person's fingers moves the
 * selection to nothing else.
 *
 * @module
 */
import type { PeerView, TaskView } from "@bzzz/api";
import type { DecisionItemView } from "@bzzz/ucxi";
import { nameOf, sanitiseLine, shortTaskId } from "@bzzz/cli";
import { emptyLine } from "../../terminal/line_editor.ts";
import { inboxRows } from "./asks.ts";
import type { BrowserRow } from "./browser_rows.ts";
import type { Effect, Step } from "./events.ts";
import { passes } from "./filter.ts";
import type { Press } from "./keys.ts";
import { editLine } from "./line_keys.ts";
import type { ListState, Model, Place } from "./model.ts";

/** A place with a list. */
export type ListPlace = Exclude<Place, "main">;

/** Ids of the rows of a list, in their order. */
export function rowIds(model: Model, place: ListPlace): string[] {
  switch (place) {
    case "inbox":
      return inboxRows(model).map((request) => request.request_id);
    case "peers":
      return peerRows(model).map((peer) => peer.peer_id);
    case "tasks":
      return taskRows(model).map((task) => task.task_id);
    case "browser":
      return browserRows(model).map((row) => row.id);
    case "decisions":
      return decisionRows(model).map((item) => item.version.address);
  }
}

/** Peers: who is connected first, then by name. */
export function peerRows(model: Model): PeerView[] {
  return model.peers
    .filter((peer) => passes(model.lists.peers, `${nameOf(peer)} ${peer.role ?? ""} ${peer.presence}`))
    .sort((a, b) => Number(b.is_connected) - Number(a.is_connected) || (nameOf(a) < nameOf(b) ? -1 : 1));
}

/** Tasks as the node gives them: newest first. */
export function taskRows(model: Model): TaskView[] {
  return model.tasks.filter((task) => {
    const holder = task.holder ? nameOf(task.holder) : "";
    return passes(
      model.lists.tasks,
      `${shortTaskId(task.task_id)} ${task.state} ${holder} ${sanitiseLine(task.title)}`,
    );
  });
}

/** What the browser of context lists: folders and things. */
export function browserRows(model: Model): readonly BrowserRow[] {
  const { filter } = model.lists.browser;
  return filter ? model.browser.rows.filter((row) => passes({ filter }, row.name)) : model.browser.rows;
}

/** Decisions, in the order of the log. */
export function decisionRows(model: Model): readonly DecisionItemView[] {
  const { filter } = model.lists.decisions;
  if (!filter) return model.decisions.items;
  return model.decisions.items.filter((item) =>
    passes(
      { filter },
      `${item.state ?? "sealed"} ${nameOf(item.version.author)} ${sanitiseLine(item.record?.title ?? "")}`,
    )
  );
}

/** The selected row: the id that was selected while it is there, else the first. */
export function selectedIndex(model: Model, place: ListPlace): number {
  const ids = rowIds(model, place);
  const at = ids.indexOf(model.lists[place].selectedId ?? "");
  return at >= 0 ? at : ids.length === 0 ? -1 : 0;
}

const READS: Readonly<Record<ListPlace, Effect>> = {
  inbox: { type: "refresh", what: "pending" },
  peers: { type: "refresh", what: "peers" },
  tasks: { type: "refresh", what: "tasks" },
  browser: { type: "list_context" },
  decisions: { type: "refresh", what: "decisions" },
};

/** Goes to a place; what it shows is read anew. A row is selected by its id, so that the first one stays the one that was seen. */
export function goToList(model: Model, place: ListPlace): Step<Model> {
  const there = { ...model, place, hint: "", completion: undefined };
  const at = withList(there, place, { selectedId: rowIds(there, place)[selectedIndex(there, place)] });
  return { model: at, effects: [READS[place]] };
}

/** Moves the selection: by rows, or to an end with an infinite number. */
export function select(model: Model, place: ListPlace, by: number): Model {
  const ids = rowIds(model, place);
  const at = Math.max(0, Math.min(ids.length - 1, selectedIndex(model, place) + by));
  return withList(model, place, { selectedId: ids[at] });
}

/** The list with something changed. */
export function withList(model: Model, place: ListPlace, change: Partial<ListState>): Model {
  return { ...model, lists: { ...model.lists, [place]: { ...model.lists[place], ...change } } };
}

/** A press while the filter is typed. */
export function pressFilter(model: Model, place: ListPlace, press: Press): Model {
  const list = model.lists[place];
  if (press.type === "key" && press.name === "esc") {
    return withList(model, place, { filter: undefined, isFiltering: false });
  }
  if (press.type === "key" && press.name === "enter") return withList(model, place, { isFiltering: false });
  const filter = editLine(list.filter ?? emptyLine(), press);
  return filter ? withList(model, place, { filter }) : model;
}
