import { isOpenRequest } from "@bzzz/api";
import { nameOf, sanitiseLine, titleOf } from "@bzzz/cli";
import { approvalText, boxColumns, confirmationOf, quickReplies } from "../core/boxes.ts";
import { type Line, line, span, wrap } from "../core/cells.ts";
import type { Size } from "../core/frame.ts";
import { type ApprovalBox, GUARD_MS, type Modal, type Model } from "../core/model.ts";
import { paletteEntries } from "../core/palette.ts";
import { contextLineBox, versionsBox, voteBox } from "./context_boxes.ts";
import { formBox } from "./form_box.ts";
import { box, cells, inputPart, keyHelp, keyOf, listRows } from "./parts.ts";

/** A box that is laid over the screen; the cursor is relative to it. */
export interface ModalBox {
  readonly lines: readonly Line[];
  readonly columns: number;
  readonly cursor?: { readonly row: number; readonly column: number };
}

/** The open box, never larger than the screen. */
export function modalBox(model: Model, modal: Modal, size: Size): ModalBox {
  switch (modal.type) {
    case "approval":
      return approvalBox(model, modal);
    case "reply":
      return replyBox(model, modal, size);
    case "palette":
      return paletteBox(model, modal, size);
    case "context_line":
      return contextLineBox(model, modal, size);
    case "versions":
      return versionsBox(model, modal, size);
    case "vote":
      return voteBox(model, modal, size);
    case "form":
      return formBox(model, modal);
    case "text":
      return textBox(model, modal, size);
    case "question":
      return questionBox(model, modal, size);
  }
}

function approvalBox(model: Model, modal: ApprovalBox): ModalBox {
  const columns = boxColumns(model);
  const { request } = modal;
  const isHigh = request.stakes === "high";
  const isGuarded = model.monoMs - modal.openedAtMs < GUARD_MS;
  const now = model.requests.get(request.request_id);
  const note = inputPart(modal.note, columns - 20);
  const confirm = inputPart(modal.confirm, 8);
  const label = `type ${confirmationOf(request)} to approve: `;
  const { lines, room } = approvalText(model, modal);
  const top = Math.min(modal.top, Math.max(0, lines.length - room));
  const below = lines.length - top - room;
  const tail: Line[] = [
    below > 0
      ? line(` ${below} more lines: ${keyOf(model, "page_down") ?? "?"}`, "danger")
      : line(lines.length > room ? ` the end; ${keyOf(model, "page_up") ?? "?"} goes back` : "", "dim"),
    line(" valid for: once"),
    [span(" note for them: ", modal.focus === "note" ? "strong" : "dim"), span(note.text)],
    [span(` ${label}`, modal.focus === "confirm" ? "strong" : "dim"), span(confirm.text, "accent")],
    statusLine(modal, isGuarded, now && !isOpenRequest(now) ? `it is ${now.state} already` : undefined),
    line(
      ` ${
        keyHelp(model, [["cancel", modal.edited ? "back to the fields" : "sends nothing"], ["next_field", "note"], [
          "deny_with_note",
          "denies, with the note",
        ]], 200)
      }`,
      "dim",
    ),
  ];
  const shown = lines.slice(top, top + room).map((text) => line(` ${text}`));
  const row = 1 + shown.length + (modal.focus === "note" ? 2 : 3);
  const column = modal.focus === "note" ? 17 + note.column : 2 + label.length + confirm.column;
  return {
    lines: box(model, {
      title: `Approve ${sanitiseLine(request.short_id)}${modal.edited ? ", changed" : ""}?${isHigh ? " HIGH !" : ""}`,
      lines: [...shown, ...tail],
      columns,
      style: isHigh ? "danger" : "strong",
    }),
    columns,
    cursor: { row, column },
  };
}

function statusLine(modal: ApprovalBox, isGuarded: boolean, closed: string | undefined): Line {
  const problem = modal.problem ?? closed;
  if (problem !== undefined) return line(` ! ${problem}`, "danger");
  if (modal.isSending) return line(" sending", "warning");
  return line(isGuarded ? " keys are ignored for the first 0.7 s" : "", "warning");
}

function replyBox(model: Model, modal: Extract<Modal, { type: "reply" }>, size: Size): ModalBox {
  const columns = Math.min(size.columns, 76);
  const { request } = modal;
  const choices = modal.kind === "answer" ? request.choices ?? [] : [];
  const label = modal.kind === "deny" ? " why: " : choices.length > 0 ? " choose: " : " answer: ";
  const input = inputPart(modal.line, columns - label.length - 4);
  const tail: Line[] = [
    ...quickReplies(modal).slice(0, Math.max(0, size.rows - 10)).map(({ key, text }) =>
      line(`  ${sanitiseLine(key)} ${model.settings.glyphs.dot} ${sanitiseLine(text, 200)}`)
    ),
    ...choices.slice(0, size.rows - 10).map((choice, i) => line(`  ${i + 1}. ${sanitiseLine(choice, 200)}`)),
    line(""),
    [span(label, "strong"), span(input.text)],
    modal.problem === undefined
      ? line(modal.isSending ? " sending" : "", "warning")
      : line(` ! ${modal.problem}`, "danger"),
    line(" Enter sends - Esc: nothing is sent", "dim"),
  ];
  const body = wrap(sanitiseLine(titleOf(request)), columns - 4);
  const content = [
    line(` from ${nameOf(request.from)}`),
    ...body.slice(0, Math.max(1, size.rows - tail.length - 3)).map((text) => line(` ${text}`, "strong")),
  ];
  const row = content.length + tail.length - 2;
  return {
    lines: box(model, {
      title: `${modal.kind === "deny" ? "Deny" : "Answer"} ${sanitiseLine(request.short_id)}`,
      lines: [...content, ...tail],
      columns,
    }),
    columns,
    cursor: { row, column: 1 + label.length + input.column },
  };
}

function paletteBox(model: Model, modal: Extract<Modal, { type: "palette" }>, size: Size): ModalBox {
  const columns = Math.min(size.columns, 90);
  const rows = Math.min(size.rows - 6, 16);
  const entries = paletteEntries(model, modal.line.text);
  const input = inputPart(modal.line, columns - 6);
  const { glyphs } = model.settings;
  const textColumns = Math.floor((columns - 4) * 0.65);
  const list = listRows(model, {
    items: entries,
    selected: Math.min(modal.selected, entries.length - 1),
    rows,
    columns: columns - 2,
    render: (entry) => cells(glyphs, [{ text: entry.text, columns: textColumns }, { text: entry.note, style: "dim" }]),
    empty: "Nothing has these letters.",
  });
  return {
    lines: box(model, { title: "Go to or do", lines: [[span(" > ", "strong"), span(input.text)], ...list], columns }),
    columns,
    cursor: { row: 1, column: 4 + input.column },
  };
}

function textBox(model: Model, modal: Extract<Modal, { type: "text" }>, size: Size): ModalBox {
  const columns = Math.min(size.columns, 100);
  const rows = Math.max(3, size.rows - 4);
  const shown: Line[] = [];
  for (const text of modal.lines.slice(modal.top)) {
    shown.push(...wrap(text, columns - 4).map((part) => line(` ${part}`)));
    if (shown.length >= rows) break;
  }
  const end = modal.top + rows >= modal.lines.length ? "the end" : `${modal.top + 1} of ${modal.lines.length}`;
  return {
    lines: box(model, { title: `${modal.title} - ${end} - Esc closes`, lines: shown.slice(0, rows), columns }),
    columns,
  };
}

function questionBox(model: Model, modal: Extract<Modal, { type: "question" }>, size: Size): ModalBox {
  const columns = Math.min(size.columns, 76);
  const input = inputPart(modal.line, columns - 6);
  const label = wrap(modal.label, columns - 4).slice(0, size.rows - 6).map((text) => line(` ${text}`, "strong"));
  const lines: Line[] = [
    ...label,
    [span(" > ", "strong"), span(input.text)],
    line(model.monoMs < modal.openAtMs ? " keys are ignored for the first 0.7 s" : "", "warning"),
    line(modal.secret === undefined ? "" : " what you type is not shown", "dim"),
    line(" Enter answers - Esc: no answer", "dim"),
  ];
  return {
    lines: box(model, { title: "A question", lines, columns }),
    columns,
    cursor: { row: 1 + label.length, column: 4 + input.column },
  };
}
