/**
 * The palette: everything that can be gone to or done, found by some of its letters.
 *
 * @module
 */
import { describeAsk, sanitiseLine } from "@bzzz/cli";
import { ACTION_NAMES, type ActionName, ACTIONS } from "../keymap/actions.ts";
import { waiting } from "./asks.ts";
import { fuzzyScore } from "./fuzzy.ts";
import { allVerbs } from "./local_verbs.ts";
import { showKey } from "./keys.ts";
import { labelOf, type Model, type Verb } from "./model.ts";

/** What choosing an entry does. Choosing an ask shows it; nothing here decides anything. */
export type PaletteTarget =
  | { readonly type: "ask"; readonly requestId: string }
  | { readonly type: "channel"; readonly index: number }
  | { readonly type: "action"; readonly action: ActionName }
  /** Filled in and looked at before it is sent. */
  | { readonly type: "template"; readonly id: string }
  /** A thing that the browser of context listed last. */
  | { readonly type: "address"; readonly address: string }
  /** Put into the line, to be gone on with. */
  | { readonly type: "verb"; readonly verb: Verb };

/** One entry. */
export interface PaletteEntry {
  readonly text: string;
  readonly note: string;
  readonly target: PaletteTarget;
}

/** They mean nothing in a palette. */
const NOT_OFFERED: ReadonlySet<ActionName> = new Set(["palette", "page_up", "page_down"]);

/** Of the line, and worth being found by who does not know the key. */
const OFFERED_OF_LINE: ReadonlySet<ActionName> = new Set(["editor", "history_search"]);

function isOffered(action: ActionName): boolean {
  return OFFERED_OF_LINE.has(action) || (ACTIONS[action].scope === "global" && !NOT_OFFERED.has(action));
}

/** The entries that fit what was typed, best first; without anything typed all of them, asks first. */
export function paletteEntries(model: Model, query: string): PaletteEntry[] {
  const entries: PaletteEntry[] = [
    ...waiting(model).map((request): PaletteEntry => ({
      text: describeAsk(request),
      note: "ask",
      target: { type: "ask", requestId: request.request_id },
    })),
    ...model.channels.map((channel, index): PaletteEntry => ({
      text: labelOf(channel),
      note: channel.unread > 0 ? `${channel.unread} new` : channel.thread === undefined ? "channel" : "thread",
      target: { type: "channel", index },
    })),
    ...ACTION_NAMES.filter(isOffered).map(
      (action): PaletteEntry => ({
        text: ACTIONS[action].summary,
        note: model.settings.keymap.keysOf(action).map(showKey).join(", "),
        target: { type: "action", action },
      }),
    ),
    ...model.templates.map(({ id, title }): PaletteEntry => ({
      text: title,
      note: `form ${id}`,
      target: { type: "template", id },
    })),
    ...model.browser.pinned.map((address): PaletteEntry => ({
      text: sanitiseLine(address),
      note: "pinned",
      target: { type: "address", address },
    })),
    ...model.browser.rows.flatMap((row): PaletteEntry[] =>
      row.type === "folder"
        ? []
        : [{ text: sanitiseLine(row.version.address), note: "context", target: { type: "address", address: row.id } }]
    ),
    ...allVerbs(model).map((verb): PaletteEntry => ({
      text: `/${verb.name}`,
      note: verb.summary,
      target: { type: "verb", verb },
    })),
  ];
  if (query.trim() === "") return entries;
  return entries
    .map((entry) => ({ entry, score: fuzzyScore(query, `${entry.text} ${entry.note}`) }))
    .filter((one): one is { entry: PaletteEntry; score: number } => one.score !== undefined)
    .sort((a, b) => b.score - a.score)
    .map(({ entry }) => entry);
}
