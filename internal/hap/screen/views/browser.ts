import { nameOf, relativeTime, sanitiseLine } from "@bzzz/cli";
import type { BrowserState } from "../core/browser.ts";
import { type BrowserRow, titleOf } from "../core/browser_rows.ts";
import { fit, type Line, line, span, wrap } from "../core/cells.ts";
import type { Frame, Size } from "../core/frame.ts";
import { browserRows, selectedIndex } from "../core/lists.ts";
import { wordsOf } from "../core/looking.ts";
import type { Model } from "../core/model.ts";
import type { ActionName } from "../keymap/actions.ts";
import { filterCursor, filterLine } from "./filter.ts";
import { beside, bottomBar, cells, framed, keyHelp, keyOf, listRows, pad, topBar } from "./parts.ts";
import { thingLines, versionFacts } from "./thing.ts";

/** From this many columns on what is selected or open stands beside the list, else what is open takes its place. */
const WIDE_COLUMNS = 90;

/** In a list of less than these there is room for names alone. */
const TABLE_COLUMNS = 68;

/** What is stored at UCXL addresses, through time (design, portal C.3.5). */
export function browserView(model: Model, size: Size): Frame {
  const { glyphs } = model.settings;
  const { columns, rows } = size;
  const { thing, query } = model.browser;
  const room = rows - 3;
  const isWide = columns >= WIDE_COLUMNS;
  const listColumns = isWide ? Math.floor((columns - 3) * 0.42) : columns - 2;
  const paneColumns = isWide ? columns - 3 - listColumns : columns - 2;
  const pane = () =>
    thing ? thingLines(model, thing, { columns: paneColumns, rows: room }) : rowFacts(model, paneColumns);
  const list = () => listPane(model, { columns: listColumns, rows: room }, isWide || listColumns < TABLE_COLUMNS);
  const body = isWide
    ? beside(glyphs, list(), pad(pane(), room, paneColumns))
    : pad(thing ? pane() : list(), room, paneColumns);
  return {
    lines: [
      topBar(model, `Context ${glyphs.dot} ${titleOf(query)}`, columns),
      ...body.map((content) => framed(glyphs, content, columns)),
      framed(glyphs, filterLine(model, "browser"), columns),
      bottomBar(model, keyHelp(model, thing ? THING_KEYS : LIST_KEYS, columns), columns),
    ],
    ...filterCursor(model, "browser", rows),
  };
}

const LIST_KEYS: readonly (readonly [ActionName, string])[] = [
  ["open", "open"],
  ["parent", "up"],
  ["search", "search"],
  ["go_to", "go to"],
  ["find", "find here"],
  ["cite", "cite"],
  ["help", "keys"],
  ["back", "back"],
];

const THING_KEYS: readonly (readonly [ActionName, string])[] = [
  ["older", "older"],
  ["newer", "newer"],
  ["timeline", "versions"],
  ["diff", "what changed"],
  ["find", "find"],
  ["cite", "cite"],
  ["copy", "copy address"],
  ["help", "keys"],
  ["back", "list"],
];

function listPane(model: Model, size: Size, isShort: boolean): Line[] {
  const { columns } = size;
  const { glyphs } = model.settings;
  const { browser } = model;
  const note = browser.load.state === "failed" ? browser.load.problem : browser.note;
  const notes = note === "" || (browser.rows.length === 0 && browser.load.state === "failed")
    ? []
    : wrap(note, columns - 4).slice(0, 3).map((text) => fit(line(` ! ${text}`, "warning"), columns));
  const heading = fit([
    span(" "),
    ...cells(glyphs, [
      { text: "versions", columns: 8, style: "dim" },
      ...(isShort ? [] : [
        { text: "written", columns: 11, style: "dim" as const },
        { text: "by", columns: 10, style: "dim" as const },
      ]),
      { text: "name", style: "dim" },
    ]),
  ], columns);
  const list = listRows(model, {
    items: browserRows(model),
    selected: selectedIndex(model, "browser"),
    rows: Math.max(1, size.rows - 1 - notes.length),
    columns,
    render: (row) => rowCells(model, row, isShort),
    empty: emptyText(model, browser),
    words: wordsOf(model.lists.browser),
  });
  return [heading, ...list, ...notes].slice(0, size.rows);
}

function rowCells(model: Model, row: BrowserRow, isShort: boolean): Line {
  const { glyphs } = model.settings;
  const [versions, written, by] = row.type === "folder" ? [`(${row.count})`, "", ""] : [
    row.version.is_deleted ? "deleted" : String(row.version.total),
    relativeTime(row.version.written_at_ms, model.nowMs),
    nameOf(row.version.author),
  ];
  return cells(glyphs, [
    { text: versions, columns: 8, style: row.type === "folder" ? "dim" : "plain" },
    ...(isShort ? [] : [{ text: written, columns: 11 }, { text: by, columns: 10 }]),
    row.type === "folder" ? { text: `${row.name}/`, style: "accent" } : { text: row.name },
  ]);
}

function emptyText(model: Model, { load, query, rows }: BrowserState): string {
  if (load.state === "failed") return `! ${load.problem}`;
  if (load.state === "loading") return "Reading.";
  if (rows.length > 0) return "Nothing here has these letters.";
  const up = keyOf(model, "parent");
  const hint = up === undefined ? "" : ` ${up} goes up.`;
  if (query.type === "words") return `Nothing was found.${hint}`;
  return query.type === "folder" && query.folder.owner === undefined
    ? "Nothing is stored yet: /ucxl put ADDRESS words"
    : `Nothing is there.${hint}`;
}

/** What is known of the selected row without opening it. */
function rowFacts(model: Model, columns: number): Line[] {
  const row = browserRows(model)[selectedIndex(model, "browser")];
  if (!row) return [];
  const { format } = model.settings;
  const texts = row.type === "folder"
    ? [
      titleOf({ type: "folder", folder: row.folder }),
      "",
      `${row.count} ${row.count === 1 ? "address" : "addresses"} below`,
    ]
    : [
      sanitiseLine(row.version.address),
      "",
      ...versionFacts(row.version, format),
      ...(row.version.snippet === undefined ? [] : ["", markedSnippet(row.version.snippet)]),
    ];
  return texts.flatMap((text, i) =>
    wrap(text, columns - 2).map((part) => fit(line(` ${part}`, i === 0 ? "strong" : "plain"), columns))
  );
}

/** Words that fit stand between U+0002 and U+0003 on the wire. */
function markedSnippet(snippet: string): string {
  return sanitiseLine(snippet.replaceAll("\u0002", "[").replaceAll("\u0003", "]"), 400);
}
