import { describeRequest, formatDuration, nameOf, sanitiseLine, titleOf } from "@bzzz/cli";
import { isOpenRequest, type RequestView } from "@bzzz/api";
import { inboxRows, isSnoozed, waiting } from "../core/asks.ts";
import { fit, type Line, span } from "../core/cells.ts";
import type { Frame, Size } from "../core/frame.ts";
import { selectedIndex } from "../core/lists.ts";
import { wordsOf } from "../core/looking.ts";
import type { Model } from "../core/model.ts";
import { beside, bottomBar, cells, framed, keyHelp, listRows, pad, textPane, topBar } from "./parts.ts";
import { filterCursor, filterLine } from "./filter.ts";

/** From this many columns on the request stands beside the list, else below it. */
const WIDE_COLUMNS = 90;

/** Who waits for the person, and all of the selected ask (design, portal C.3.2). */
export function inboxView(model: Model, size: Size): Frame {
  const { glyphs } = model.settings;
  const { columns, rows } = size;
  const asks = inboxRows(model);
  const snoozed = asks.filter((request) => isOpenRequest(request) && isSnoozed(model, request)).length;
  const count = `${waiting(model).length} waiting${snoozed > 0 ? ` ${glyphs.dot} ${snoozed} put off` : ""}`;
  const selected = selectedIndex(model, "inbox");
  const room = rows - 3;
  const isWide = columns >= WIDE_COLUMNS;
  const listColumns = isWide ? Math.floor((columns - 3) * 0.55) : columns - 2;
  const listRoom = isWide ? room - 1 : Math.max(2, Math.floor(room * 0.4));
  const list = [
    heading(model, listColumns),
    ...listRows(model, {
      items: asks,
      selected,
      rows: listRoom,
      columns: listColumns,
      render: (request) => row(model, request),
      empty: "Nobody waits for you.",
      words: wordsOf(model.lists.inbox),
    }),
  ];
  const request = asks[selected];
  const detailColumns = isWide ? columns - 3 - listColumns : columns - 2;
  const detailRows = isWide ? room : room - list.length;
  const described = request ? describeRequest(request, model.settings.format, model.nowMs) : [];
  const detail = pad(
    textPane(model, described, { columns: detailColumns, rows: detailRows }),
    detailRows,
    detailColumns,
  );
  const body = isWide ? beside(glyphs, list, detail) : [...list, ...detail];
  const keys = keyHelp(model, [
    ["approve", "approve"],
    ["deny", "deny"],
    ["answer", "answer"],
    ["snooze", "later"],
    ["open", "all of it"],
    ["find", "find"],
    ["help", "keys"],
    ["back", "back"],
  ], columns);
  return {
    lines: [
      topBar(model, `Inbox ${glyphs.dot} ${count}${model.showsAll ? ` ${glyphs.dot} all` : ""}`, columns),
      ...body.map((content) => framed(glyphs, content, columns)),
      framed(glyphs, filterLine(model, "inbox"), columns),
      bottomBar(model, keys, columns),
    ],
    ...filterCursor(model, "inbox", rows),
  };
}

function heading(model: Model, columns: number): Line {
  return fit([
    span(" "),
    ...cells(model.settings.glyphs, [
      { text: "ask", columns: 5, style: "dim" },
      { text: "stakes", columns: 6, style: "dim" },
      { text: "from", columns: 12, style: "dim" },
      { text: "due", columns: 7, style: "dim" },
      { text: "what", style: "dim" },
    ]),
  ], columns);
}

function row(model: Model, request: RequestView): Line {
  const isHigh = request.stakes === "high";
  const left = request.deadline_ms === undefined ? "-" : formatDuration(Math.max(0, request.deadline_ms - model.nowMs));
  const state = isOpenRequest(request) ? isSnoozed(model, request) ? "(put off) " : "" : `(${request.state}) `;
  return cells(model.settings.glyphs, [
    { text: sanitiseLine(request.short_id), columns: 5, style: "accent" },
    { text: isHigh ? "HIGH !" : request.stakes, columns: 6, style: isHigh ? "danger" : "plain" },
    { text: nameOf(request.from), columns: 12 },
    { text: left, columns: 7 },
    { text: state + sanitiseLine(titleOf(request), 120) },
  ]);
}
