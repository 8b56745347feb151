/**
 * The boxes of the browser of context: a line for an address or for words, and the versions of a thing.
 *
 * @module
 */
import { sanitiseLine } from "@bzzz/cli";
import type { VersionView } from "@bzzz/ucxi";
import {
  addressKey,
  atTemporal,
  formatAddress,
  isPattern,
  parseAddress,
  parseConcrete,
  parseTemporal,
  UcxlError,
} from "@bzzz/ucxl";
import { browse, findInThing, look, withBrowser } from "./browser.ts";
import { atVersion, folderOf, ownerOf } from "./browser_rows.ts";
import type { Effect, Step } from "./events.ts";
import type { Press } from "./keys.ts";
import { editLine } from "./line_keys.ts";
import type { Modal, Model } from "./model.ts";

type LineBox = Extract<Modal, { type: "context_line" }>;
type VersionsBox = Extract<Modal, { type: "versions" }>;

/** A press in the line for an address or words. */
export function pressContextLine(model: Model, box: LineBox, press: Press): Step<Model> {
  const stay = (change: Partial<LineBox>): Step<Model> => ({
    model: { ...model, modal: { ...box, ...change } },
    effects: [],
  });
  if (press.type === "key" && press.name === "esc") return { model: { ...model, modal: undefined }, effects: [] };
  if (press.type !== "key" || press.name !== "enter") {
    const line = editLine(box.line, press);
    return stay(line ? { line, problem: undefined } : {});
  }
  const text = box.line.text.trim();
  if (text === "") return { model: { ...model, modal: undefined }, effects: [] };
  const closed: Model = { ...model, modal: undefined };
  if (box.purpose === "find") {
    const looking = withBrowser(closed, { words: text });
    return { model: findInThing(looking, 1, { isHere: true }), effects: [] };
  }
  if (box.purpose === "search") return browse(closed, { type: "words", words: text });
  try {
    return goTo(closed, text);
  } catch (error) {
    if (!(error instanceof UcxlError)) throw error;
    return stay({ problem: sanitiseLine(error.message, 300) });
  }
}

/**
 * Goes to an address: with wildcards it lists, without a path it is a folder, else a thing. "~~2", "*~1" and "@2026-11-22" are times of
 * the thing that is looked at.
 * @throws UcxlError when it is none of these
 */
export function goTo(model: Model, text: string): Step<Model> {
  const { thing } = model.browser;
  if (thing && /^[*~^@]/.test(text)) {
    return look(model, formatAddress(atTemporal(parseConcrete(thing.address), parseTemporal(text))));
  }
  const address = parseAddress(text.replace(/(?<=[^/])\/$/, ""));
  if (isPattern(address)) return browse(model, { type: "pattern", pattern: formatAddress(address) });
  if (address.path === "") return browse(model, { type: "folder", folder: { owner: ownerOf(address), path: [] } });
  const around = browse(model, folderOf(address));
  const there = look(around.model, formatAddress(address));
  return { model: selectThing(there.model, addressKey(address)), effects: [...around.effects, ...there.effects] };
}

function selectThing(model: Model, id: string): Model {
  return { ...model, lists: { ...model.lists, browser: { ...model.lists.browser, selectedId: id } } };
}

/** The versions of a thing were read: the one before the one that is looked at is offered first. */
export function versionsRead(
  model: Model,
  event: { readonly address: string; readonly items: readonly VersionView[]; readonly total: number },
): Model {
  const { modal } = model;
  if (modal?.type !== "versions" || modal.address !== event.address) return model;
  const items = event.items.toReversed();
  const wanted = modal.purpose === "diff" ? (modal.from === 1 ? 2 : modal.from - 1) : modal.from;
  const selected = Math.max(0, items.findIndex((version) => version.n === wanted));
  return { ...model, modal: { ...modal, items, total: event.total, selected } };
}

/** A press in the list of versions. */
export function pressVersions(model: Model, box: VersionsBox, press: Press): Step<Model> {
  const to = (selected: number): Step<Model> => ({
    model: { ...model, modal: { ...box, selected: Math.max(0, Math.min((box.items?.length ?? 1) - 1, selected)) } },
    effects: [],
  });
  if (press.type === "mouse") {
    return to(box.selected + (press.action === "wheel_up" ? -1 : press.action === "wheel_down" ? 1 : 0));
  }
  if (press.type !== "key") return { model, effects: [] };
  const page = Math.max(1, model.size.rows - 8);
  switch (model.settings.keymap.actionOf(press.name, ["list", "global"])) {
    case "up":
      return to(box.selected - 1);
    case "down":
      return to(box.selected + 1);
    case "page_up":
      return to(box.selected - page);
    case "page_down":
      return to(box.selected + page);
    case "first":
      return to(0);
    case "last":
      return to(Infinity);
    case "back":
      return { model: { ...model, modal: undefined }, effects: [] };
    case "open":
      return choose(model, box);
    default:
      return { model, effects: [] };
  }
}

function choose(model: Model, box: VersionsBox): Step<Model> {
  const chosen = box.items?.[box.selected];
  if (!chosen) return { model, effects: [] };
  const closed: Model = { ...model, modal: undefined };
  if (box.purpose === "timeline") return look(closed, atVersion(box.address, chosen.n));
  if (chosen.n === box.from) {
    return { model: { ...model, hint: "That is the version itself: choose another one" }, effects: [] };
  }
  const [from, to] = [Math.min(chosen.n, box.from), Math.max(chosen.n, box.from)];
  const effects: readonly Effect[] = [{ type: "diff_context", address: box.address, from, to }];
  return { model: closed, effects };
}
