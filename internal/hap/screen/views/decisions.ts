import { decisionState, describeDecision, nameOf, relativeTime, sanitiseLine, votesOf } from "@bzzz/cli";
import type { DecisionItemView } from "@bzzz/ucxi";
import { fit, type Line, span, type StyleName } from "../core/cells.ts";
import { selectedDecision } from "../core/decisions.ts";
import type { Frame, Size } from "../core/frame.ts";
import { decisionRows, selectedIndex } from "../core/lists.ts";
import { wordsOf } from "../core/looking.ts";
import type { Model } from "../core/model.ts";
import { filterCursor, filterLine } from "./filter.ts";
import { beside, bottomBar, cells, framed, keyHelp, listRows, pad, textPane, topBar } from "./parts.ts";

/** From this many columns on the decision stands beside the list, else below it. */
const WIDE_COLUMNS = 90;

/** What is put to the vote and what was decided, with the votes as they come. */
export function decisionsView(model: Model, size: Size): Frame {
  const { glyphs } = model.settings;
  const { columns, rows } = size;
  const items = decisionRows(model);
  const open = items.filter((item) => item.state === "open").length;
  const room = rows - 3;
  const isWide = columns >= WIDE_COLUMNS;
  const listColumns = isWide ? Math.floor((columns - 3) * 0.5) : columns - 2;
  const listRoom = isWide ? room - 1 : Math.max(2, Math.floor(room * 0.4));
  const list = [
    heading(model, listColumns),
    ...listRows(model, {
      items,
      selected: selectedIndex(model, "decisions"),
      rows: listRoom,
      columns: listColumns,
      render: (item) => row(model, item),
      empty: emptyText(model),
      words: wordsOf(model.lists.decisions),
    }),
  ];
  const paneColumns = isWide ? columns - 3 - listColumns : columns - 2;
  const paneRows = isWide ? room : room - list.length;
  const pane = pad(textPane(model, detail(model), { columns: paneColumns, rows: paneRows }), paneRows, paneColumns);
  const body = isWide ? beside(glyphs, list, pane) : [...list, ...pane];
  const { load } = model.decisions;
  const problem = load.state === "failed" && items.length > 0 ? ` ${glyphs.dot} ${load.problem}` : "";
  return {
    lines: [
      topBar(model, `Decisions ${glyphs.dot} ${open} open of ${items.length}${problem}`, columns),
      ...body.map((content) => framed(glyphs, content, columns)),
      framed(glyphs, filterLine(model, "decisions"), columns),
      bottomBar(
        model,
        keyHelp(model, [
          ["vote", "vote"],
          ["open", "all of it"],
          ["context", "its history"],
          ["find", "find"],
          ["help", "keys"],
          ["back", "back"],
        ], columns),
        columns,
      ),
    ],
    ...filterCursor(model, "decisions", rows),
  };
}

function heading(model: Model, columns: number): Line {
  return fit([
    span(" "),
    ...cells(model.settings.glyphs, [
      { text: "state", columns: 9, style: "dim" },
      { text: "votes", columns: 7, style: "dim" },
      { text: "when", columns: 11, style: "dim" },
      { text: "what", style: "dim" },
    ]),
  ], columns);
}

function row(model: Model, item: DecisionItemView): Line {
  const { record, state, version } = item;
  const closesAtMs = state === "open" ? record?.voting?.closes_at_ms : undefined;
  return cells(model.settings.glyphs, [
    { text: state ?? "sealed", columns: 9, style: styleOf(item) },
    { text: votesOf(item), columns: 7 },
    { text: relativeTime(closesAtMs ?? version.written_at_ms, model.nowMs), columns: 11 },
    { text: record ? sanitiseLine(record.title, 120) : `(meant for others) ${nameOf(version.author)}` },
  ]);
}

function styleOf({ state }: DecisionItemView): StyleName {
  return state === "open" ? "warning" : state === "approved" ? "good" : state === "rejected" ? "danger" : "dim";
}

function emptyText(model: Model): string {
  const { load, items } = model.decisions;
  if (load.state === "failed") return `! ${load.problem}`;
  if (load.state === "loading") return "Reading.";
  return items.length > 0
    ? "Nothing here has these letters."
    : "No decisions: /decide propose WORDS puts one to the vote.";
}

/** All of the selected decision; its votes are said to be missing until they are read. */
function detail(model: Model): readonly string[] {
  const found = selectedDecision(model);
  if (!found) return [];
  const { item } = found;
  const lines = describeDecision(found.detail ?? { ...item, votes: [] }, model.settings.format, model.nowMs);
  if (found.detail) return lines;
  return [...lines, "", item.record ? "Reading the votes." : decisionState(item)];
}
