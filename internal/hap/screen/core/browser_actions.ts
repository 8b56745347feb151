/**
 * What the keys of the browser of context do: through the tree, through time, and away with an address.
 *
 * @module
 */
import { formatTemporal, parseConcrete } from "@bzzz/ucxl";
import { sanitiseLine } from "@bzzz/cli";
import { emptyLine } from "../../terminal/line_editor.ts";
import type { ActionName } from "../keymap/actions.ts";
import { browse, findInThing, look, scrollThing, wantedVersion, withBrowser } from "./browser.ts";
import { atVersion, type BrowserRow, folderOf, parentOf, titleOf } from "./browser_rows.ts";
import type { Step } from "./events.ts";
import { browserRows, selectedIndex } from "./lists.ts";
import type { Model } from "./model.ts";

/** Addresses kept at hand; beyond, the oldest goes. */
const MAX_PINNED = 50;

/** What an action does in the browser; undefined where it does what it does everywhere. */
export function actInBrowser(model: Model, action: ActionName): Step<Model> | undefined {
  const { thing, query } = model.browser;
  const say = (hint: string): Step<Model> => ({ model: { ...model, hint }, effects: [] });
  switch (action) {
    case "open": {
      const row = browserRows(model)[selectedIndex(model, "browser")];
      return thing || !row ? { model, effects: [] } : openRow(model, row);
    }
    case "parent": {
      if (thing) return browse(model, folderOf(parseConcrete(thing.address)));
      const parent = parentOf(query);
      return parent ? browse(model, parent) : say("This is the top");
    }
    case "go_to":
      return openLine(model, "go_to", thing?.address ?? (query.type === "words" ? "ucxl://" : startOf(model)));
    case "search":
      return openLine(model, "search", query.type === "words" ? query.words : "");
    case "renew":
      return {
        model: withBrowser(model, { load: { state: "loading" } }),
        effects: [
          { type: "list_context" },
          ...(thing ? [{ type: "read_context", address: thing.address } as const] : []),
        ],
      };
    case "pin":
      return pin(model);
    case "cite":
      return cite(model);
    case "copy":
    case "copy_address": {
      const address = citationAt(model);
      if (address === undefined) return say("Nothing to copy here");
      return {
        model: { ...model, hint: "Copied the address, where the terminal allows that" },
        effects: [{ type: "copy", text: sanitiseLine(address) }],
      };
    }
    case "older":
    case "newer":
      return step(model, action === "older" ? -1 : 1);
    case "timeline":
    case "diff":
      return openVersions(model, action);
  }
  return thing ? actOnThing(model, action) : undefined;
}

function openRow(model: Model, row: BrowserRow): Step<Model> {
  if (row.type === "folder") return browse(model, { type: "folder", folder: row.folder });
  // what is found by its words is shown as it was found
  const { address, n } = row.version;
  return look(model, model.browser.query.type === "words" ? atVersion(address, n) : address);
}

/** Keys of lists move the text while a thing is looked at. */
function actOnThing(model: Model, action: ActionName): Step<Model> | undefined {
  const page = Math.max(1, model.size.rows - 8);
  const lines = BY_LINES[action];
  if (lines !== undefined) return { model: scrollThing(model, lines), effects: [] };
  switch (action) {
    case "page_up":
    case "page_down":
      return { model: scrollThing(model, action === "page_up" ? -page : page), effects: [] };
    case "find":
      return openLine(model, "find", "");
    case "filter":
      return { model: { ...model, hint: "A filter is for lists; / finds in a text" }, effects: [] };
    case "find_next":
    case "find_before":
      return { model: findInThing(model, action === "find_next" ? 1 : -1), effects: [] };
    case "back":
      return { model: withBrowser(model, { thing: undefined }), effects: [] };
    default:
      return undefined;
  }
}

const BY_LINES: Readonly<Partial<Record<ActionName, number>>> = { up: -1, down: 1, first: -Infinity, last: Infinity };

function step(model: Model, by: -1 | 1): Step<Model> {
  const { thing } = model.browser;
  const n = thing && wantedVersion(thing);
  if (!thing || n === undefined) {
    return { model: { ...model, hint: "Open something first: then time can be gone through" }, effects: [] };
  }
  const total = thing.version?.total ?? n;
  const wanted = n + by;
  if (wanted < 1) return { model: { ...model, hint: "This is the first version" }, effects: [] };
  if (wanted > total) return { model: { ...model, hint: "This is the latest version" }, effects: [] };
  return look(model, atVersion(thing.address, wanted));
}

function openVersions(model: Model, purpose: "timeline" | "diff"): Step<Model> {
  const { thing } = model.browser;
  const n = thing && wantedVersion(thing);
  if (!thing?.version || n === undefined) return { model: { ...model, hint: "Open something first" }, effects: [] };
  if (purpose === "diff" && thing.version.total < 2) {
    return { model: { ...model, hint: "There is one version only: nothing changed yet" }, effects: [] };
  }
  const { address } = thing.version;
  return {
    model: {
      ...model,
      modal: { type: "versions", purpose, address, from: n, items: undefined, total: 0, selected: 0 },
    },
    effects: [{ type: "read_versions", address }],
  };
}

/** The address of exactly what is looked at, or selected. */
function citationAt(model: Model): string | undefined {
  const { thing } = model.browser;
  if (thing) return thing.version?.citation ?? thing.address;
  const row = browserRows(model)[selectedIndex(model, "browser")];
  if (row?.type === "thing") return row.version.citation;
  return row && titleOf({ type: "folder", folder: row.folder });
}

/** Keeps the address, without its version, at hand; or lets it go. */
function pin(model: Model): Step<Model> {
  const { thing, pinned } = model.browser;
  const row = browserRows(model)[selectedIndex(model, "browser")];
  const address = thing?.version?.address ?? thing?.address ??
    (row?.type === "thing" ? row.version.address : undefined);
  if (address === undefined) {
    return { model: { ...model, hint: "Nothing to pin here: pins are of things" }, effects: [] };
  }
  const others = pinned.filter((one) => one !== address);
  const isNew = others.length === pinned.length;
  const next = isNew ? [address, ...others].slice(0, MAX_PINNED) : others;
  const hint = isNew ? "Pinned: the palette and Tab have it, on this screen" : "Not pinned any more";
  return { model: { ...withBrowser(model, { pinned: next }), hint }, effects: [] };
}

/** The address of what is open or selected goes into the line, at the cursor. */
export function cite(model: Model): Step<Model> {
  const address = citationAt(model);
  if (address === undefined) return { model: { ...model, hint: "Nothing to cite here" }, effects: [] };
  return { model: citing(model, address), effects: [] };
}

/** An address in the line, at the cursor. */
export function citing(model: Model, address: string): Model {
  const { text, cursor } = model.input;
  const before = text.slice(0, cursor);
  const head = `${before}${before === "" || before.endsWith(" ") ? "" : " "}${sanitiseLine(address)} `;
  const input = { ...model.input, text: head + text.slice(cursor).trimStart(), cursor: head.length };
  return { ...model, place: "main", input };
}

function openLine(model: Model, purpose: "go_to" | "search" | "find", text: string): Step<Model> {
  return {
    model: {
      ...model,
      modal: { type: "context_line", purpose, line: { ...emptyLine(), text, cursor: text.length }, problem: undefined },
    },
    effects: [],
  };
}

function startOf(model: Model): string {
  const { query } = model.browser;
  if (query.type === "pattern") return query.pattern;
  if (query.type === "words" || query.folder.owner === undefined) return "ucxl://";
  const { owner, path } = query.folder;
  return [`ucxl://${owner}/${formatTemporal({ type: "latest" })}`, ...path, ""].join("/");
}
