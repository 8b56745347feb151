import { nameOf, sanitiseLine } from "@bzzz/cli";
import { VOTES } from "@bzzz/wire";
import { type Line, line, span, wrap } from "../core/cells.ts";
import type { Size } from "../core/frame.ts";
import { GUARD_MS, type Modal, type Model, type VoteBox } from "../core/model.ts";
import { box, cells, inputPart, keyHelp, listRows } from "./parts.ts";
import type { ModalBox } from "./modals.ts";

const LINE_BOXES = {
  go_to: {
    title: "Go to",
    help: [
      "ucxl://agent:role@project:task/*^/path, any and * for what does not matter;",
      "~~1, *~3, @2026-11-22 for a time of what is open",
    ],
  },
  search: { title: "Search context", help: ["All words must be there; the last may be begun."] },
  find: { title: "Find in this text", help: ["Big and small letters are the same."] },
} as const;

/** The line for an address or for words. */
export function contextLineBox(model: Model, modal: Extract<Modal, { type: "context_line" }>, size: Size): ModalBox {
  const columns = Math.min(size.columns, 90);
  const input = inputPart(modal.line, columns - 6);
  const { title, help } = LINE_BOXES[modal.purpose];
  const problem = modal.problem === undefined ? [] : wrap(`! ${modal.problem}`, columns - 4).slice(0, 3);
  const lines: Line[] = [
    [span(" > ", "strong"), span(input.text)],
    ...help.flatMap((text) => wrap(text, columns - 4)).map((text) => line(` ${text}`, "dim")),
    ...problem.map((text) => line(` ${text}`, "danger")),
    line(" Enter goes - Esc closes", "dim"),
  ];
  return {
    lines: box(model, { title, lines, columns }),
    columns,
    cursor: { row: 1, column: 4 + input.column },
  };
}

/** Versions of a thing, newest first. */
export function versionsBox(model: Model, modal: Extract<Modal, { type: "versions" }>, size: Size): ModalBox {
  const { glyphs, format } = model.settings;
  const columns = Math.min(size.columns, 76);
  const items = modal.items ?? [];
  const list = listRows(model, {
    items,
    selected: modal.selected,
    rows: Math.max(1, Math.min(size.rows - 6, Math.max(items.length, 3))),
    columns: columns - 2,
    render: (version) =>
      cells(glyphs, [
        { text: `${version.n}${version.n === modal.from ? " (here)" : ""}`, columns: 12, style: "accent" },
        { text: format.date(version.written_at_ms), columns: 16 },
        { text: nameOf(version.author), columns: 16 },
        { text: version.is_deleted ? "deleted" : `${version.size ?? 0} bytes` },
      ]),
    empty: modal.items === undefined ? "Reading." : "No versions.",
  });
  const unlisted = modal.total - items.length;
  const help = keyHelp(
    model,
    [["open", modal.purpose === "diff" ? "compares" : "goes there"], ["back", "closes"]],
    200,
  );
  return {
    lines: box(model, {
      title: modal.purpose === "diff" ? `Compare version ${modal.from} with` : "Versions",
      lines: [
        ...list,
        line(
          items.length > 0 && unlisted > 0 ? ` ${unlisted} older ones: go to *~N - ${help}` : ` ${help}`,
          "dim",
        ),
      ],
      columns,
    }),
    columns,
  };
}

/** The box of a vote: what is voted on, and what has to be typed. */
export function voteBox(model: Model, modal: VoteBox, size: Size): ModalBox {
  const columns = Math.min(size.columns, 76);
  const vote = inputPart(modal.vote, 12);
  const reason = inputPart(modal.reason, columns - 12);
  const label = " your vote: ";
  const content = wrap(modal.title, columns - 4).slice(0, Math.max(1, size.rows - 9)).map((text) =>
    line(` ${text}`, "strong")
  );
  const isGuarded = model.monoMs - modal.openedAtMs < GUARD_MS;
  const status: Line = modal.problem !== undefined
    ? line(` ! ${sanitiseLine(modal.problem)}`, "danger")
    : line(modal.isSending ? " sending" : isGuarded ? " keys are ignored for the first 0.7 s" : "", "warning");
  const lines: Line[] = [
    ...content,
    [span(" why: ", modal.focus === "reason" ? "strong" : "dim"), span(reason.text)],
    line(` type ${VOTES.join(", ")}`, "dim"),
    [span(label, modal.focus === "vote" ? "strong" : "dim"), span(vote.text, "accent")],
    status,
    line(` ${keyHelp(model, [["cancel", "sends nothing"], ["next_field", "why"]], 200)}`, "dim"),
  ];
  const isReason = modal.focus === "reason";
  return {
    lines: box(model, { title: "Vote", lines, columns }),
    columns,
    cursor: {
      row: 1 + content.length + (isReason ? 0 : 2),
      column: isReason ? 7 + reason.column : 1 + label.length + vote.column,
    },
  };
}
