/**
 * The places with a list: inbox, peers, tasks, context, decisions. What is selected is an id, so a list that changes under the person's fingers moves the
 * selection to nothing else.
 *
 * @module
 */
import type { PeerView, TaskView } from "@bzzz/api";
import type { DecisionItemView } from "@bzzz/ucxi";
import { nameOf, sanitiseLine, shortTaskId } from "@bzzz/cli";
import { inboxRows, sayingOf } from "./asks.ts";
import type { BrowserRow } from "./browser_rows.ts";
import type { Effect, Step } from "./events.ts";
import type { Press } from "./keys.ts";
import { nextMatch, passes, pressLooking, tellMatch, wordsOf } from "./looking.ts";
import type { ListState, Model, Place } from "./model.ts";
import { hasWords } from "./words.ts";

/** A place with a list. */
export type ListPlace = Exclude<Place, "main">;

/** Ids of the rows of a list, in their order. */
export function rowIds(model: Model, place: ListPlace): string[] {
  return rowsOf(model, place).map(({ id }) => id);
}

/** The rows of a list by their ids, with what of each is looked at by find and filter. */
export function rowsOf(model: Model, place: ListPlace): { readonly id: string; readonly saying: string }[] {
  switch (place) {
    case "inbox":
      return inboxRows(model).map((request) => ({ id: request.request_id, saying: sayingOf(request) }));
    case "peers":
      return peerRows(model).map((peer) => ({ id: peer.peer_id, saying: sayingOfPeer(peer) }));
    case "tasks":
      return taskRows(model).map((task) => ({ id: task.task_id, saying: sayingOfTask(task) }));
    case "browser":
      return browserRows(model).map((row) => ({ id: row.id, saying: row.name }));
    case "decisions":
      return decisionRows(model).map((item) => ({ id: item.version.address, saying: sayingOfDecision(item) }));
  }
}

/** Peers: who is connected first, then by name. */
export function peerRows(model: Model): PeerView[] {
  return model.peers
    .filter((peer) => passes(model.lists.peers, sayingOfPeer(peer)))
    .sort((a, b) => Number(b.is_connected) - Number(a.is_connected) || (nameOf(a) < nameOf(b) ? -1 : 1));
}

function sayingOfPeer(peer: PeerView): string {
  return `${nameOf(peer)} ${peer.role ?? ""} ${peer.presence}`;
}

/** Tasks as the node gives them: newest first. */
export function taskRows(model: Model): TaskView[] {
  return model.tasks.filter((task) => passes(model.lists.tasks, sayingOfTask(task)));
}

function sayingOfTask(task: TaskView): string {
  const holder = task.holder ? nameOf(task.holder) : "";
  return `${shortTaskId(task.task_id)} ${task.state} ${holder} ${sanitiseLine(task.title)}`;
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
  return model.decisions.items.filter((item) => passes({ filter }, sayingOfDecision(item)));
}

function sayingOfDecision(item: DecisionItemView): string {
  return `${item.state ?? "sealed"} ${nameOf(item.version.author)} ${sanitiseLine(item.record?.title ?? "")}`;
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

/** A press while words to find, or a filter, are typed for a list. */
export function pressList(model: Model, place: ListPlace, press: Press): Model {
  const { looking, isFound } = pressLooking(model.lists[place], press);
  const next = withList(model, place, looking);
  return isFound ? findInList(next, place, 1, { isHere: true }) : next;
}

/** Selects the next row that has the words, or the one before; around the ends. `isHere` takes the selected one, too. */
export function findInList(model: Model, place: ListPlace, by: 1 | -1, options: { readonly isHere: boolean }): Model {
  const words = wordsOf(model.lists[place]);
  if (words === "") return { ...model, hint: "Nothing was looked for yet" };
  const rows = rowsOf(model, place);
  const at = Math.max(0, selectedIndex(model, place));
  const match = nextMatch(rows.map(({ saying }) => hasWords(saying, words)), { at, by, isHere: options.isHere });
  const hint = tellMatch(words, match, by);
  return match ? { ...withList(model, place, { selectedId: rows[match.index]?.id }), hint } : { ...model, hint };
}
