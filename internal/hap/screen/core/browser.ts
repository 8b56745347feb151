/**
 * The browser of context: where one is in the tree of addresses, which version of which thing is looked at, and what answers of the
 * node change in it.
 *
 * @module
 */
import { sanitiseLine } from "@bzzz/cli";
import type { VersionView } from "@bzzz/ucxi";
import { addressKey, parseConcrete } from "@bzzz/ucxl";
import { type BrowserQuery, type BrowserRow, isSameQuery, ROOT } from "./browser_rows.ts";
import type { Effect, Step } from "./events.ts";
import { withList } from "./lists.ts";
import { nextMatch, NOT_LOOKING, tellMatch } from "./looking.ts";
import type { Model } from "./model.ts";
import { hasWords } from "./words.ts";

/** How far something that is read has come. */
export type Load =
  | { readonly state: "loading" | "loaded" }
  | { readonly state: "failed"; readonly problem: string };

/** One version of a thing that is looked at. */
export interface Thing {
  /** With the temporal segment of that version, or of what was asked for as long as it is not known. */
  readonly address: string;
  readonly load: Load;
  readonly version: VersionView | undefined;
  /** The content, harmless. */
  readonly lines: readonly string[];
  /** First line that is shown. */
  readonly top: number;
}

/** What the browser knows. */
export interface BrowserState {
  readonly query: BrowserQuery;
  readonly rows: readonly BrowserRow[];
  readonly load: Load;
  /** What is not in the list, and why; "" when it is whole. */
  readonly note: string;
  /** It has the keys while it is there. */
  readonly thing: Thing | undefined;
  /** What was looked for in a text last; "" is nothing. */
  readonly words: string;
  /** Addresses that the person keeps at hand, the newest first; on this screen alone. */
  readonly pinned: readonly string[];
}

/** A browser that was not looked at yet. */
export const EMPTY_BROWSER: BrowserState = {
  query: ROOT,
  rows: [],
  load: { state: "loading" },
  note: "",
  thing: undefined,
  words: "",
  pinned: [],
};

/** What the node answered about a thing. */
export interface ThingAnswer {
  /** The address that was asked for. */
  readonly asked: string;
  readonly address?: string;
  readonly version?: VersionView;
  readonly lines?: readonly string[];
  /** Why there is no content. */
  readonly problem?: string;
}

/** The browser with something changed. */
export function withBrowser(model: Model, change: Partial<BrowserState>): Model {
  return { ...model, browser: { ...model.browser, ...change } };
}

/** Lists something else; the list of before goes, so that nothing is taken for what it is not. */
export function browse(model: Model, query: BrowserQuery): Step<Model> {
  const there = withBrowser(
    withList(model, "browser", { ...NOT_LOOKING, selectedId: undefined }),
    {
      query,
      rows: [],
      load: { state: "loading" },
      note: "",
      thing: undefined,
    },
  );
  return {
    model: { ...there, place: "browser", hint: "", completion: undefined },
    effects: [{ type: "list_context" }],
  };
}

/** Looks at a version of a thing. Another version of the same thing stays on the screen, under its own number, until this one is there. */
export function look(model: Model, address: string): Step<Model> {
  const before = model.browser.thing;
  const isSame = before?.version?.address === addressKey(parseConcrete(address));
  const thing: Thing = {
    address,
    load: { state: "loading" },
    version: isSame ? before?.version : undefined,
    lines: isSame ? before?.lines ?? [] : [],
    top: isSame ? before?.top ?? 0 : 0,
  };
  const there: Model = { ...model, place: "browser", hint: "", completion: undefined };
  return { model: withBrowser(there, { thing }), effects: [{ type: "read_context", address }] };
}

/** Moves the text of the thing that is looked at by so many lines. */
export function scrollThing(model: Model, by: number): Model {
  const { thing } = model.browser;
  if (!thing) return model;
  return withBrowser(model, {
    thing: { ...thing, top: Math.max(0, Math.min(thing.lines.length - 1, thing.top + by)) },
  });
}

/** Goes to the next line that has the words, or the one before; around the ends. `isHere` takes the first line that is shown, too. */
export function findInThing(model: Model, by: 1 | -1, options: { readonly isHere?: boolean } = {}): Model {
  const { thing, words } = model.browser;
  if (!thing || words === "") return { ...model, hint: "Nothing was looked for yet" };
  const isMatch = thing.lines.map((line) => hasWords(line, words));
  const match = nextMatch(isMatch, { at: thing.top, by, isHere: options.isHere === true });
  const hint = tellMatch(words, match, by);
  if (!match) return { ...model, hint };
  const at = `Line ${match.index + 1} of ${thing.lines.length}`;
  return { ...withBrowser(model, { thing: { ...thing, top: match.index } }), hint: `${at}; ${hint}` };
}

/** Number of the version that is wanted, also while it is read. */
export function wantedVersion(thing: Thing): number | undefined {
  const { temporal } = parseConcrete(thing.address);
  return temporal.type === "first" ? temporal.n : thing.version?.n;
}

/** The list was answered, or not. */
export function listed(
  model: Model,
  query: BrowserQuery,
  answer: { readonly rows: readonly BrowserRow[]; readonly note: string } | { readonly problem: string },
): Model {
  if (!isSameQuery(query, model.browser.query)) return model;
  if ("problem" in answer) {
    return withBrowser(model, { load: { state: "failed", problem: sanitiseLine(answer.problem, 300) } });
  }
  const { rows, note } = answer;
  const selectedId = model.lists.browser.selectedId ?? rows[0]?.id;
  return withList(withBrowser(model, { rows, note, load: { state: "loaded" } }), "browser", { selectedId });
}

/** A thing was answered. A version that is looked at stays what is looked at when newer ones come. */
export function looked(model: Model, answer: ThingAnswer): Model {
  const { thing } = model.browser;
  if (!thing || thing.address !== answer.asked) return model;
  const { problem, version = thing.version } = answer;
  const lines = answer.lines ?? (answer.version ? [] : thing.lines); // what was not found takes nothing away
  return withBrowser(model, {
    thing: {
      address: answer.address ?? thing.address,
      load: problem === undefined ? { state: "loaded" } : { state: "failed", problem: sanitiseLine(problem, 300) },
      version,
      lines,
      top: Math.min(thing.top, Math.max(0, lines.length - 1)),
    },
  });
}

/** What has to be read again after entries about context, for what is looked at. */
export function contextChanged(model: Model): Effect[] {
  if (model.place === "decisions") return [{ type: "refresh", what: "decisions" }];
  if (model.place !== "browser") return [];
  return [
    { type: "refresh", what: "listing" },
    ...(model.browser.thing?.load.state === "loading" || !model.browser.thing
      ? []
      : [{ type: "refresh", what: "thing" } as const]),
  ];
}
