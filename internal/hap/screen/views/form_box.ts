import { describeField, displayWidth, nameOf, sanitiseLine, titleOf } from "@bzzz/cli";
import type { FormField } from "@bzzz/hmmm";
import { clip, type Line, line, span, wrap } from "../core/cells.ts";
import { FORM_FRAME_LINES, formColumns, reviewText } from "../core/form_box.ts";
import { type FormAbout, type FormBox, type FormReview, lineIn, optionsOf, readFields } from "../core/form_fields.ts";
import { GUARD_MS, type Model } from "../core/model.ts";
import { isOpenRequest } from "@bzzz/api";
import type { ModalBox } from "./modals.ts";
import { box, inputPart, keyHelp, keyOf } from "./parts.ts";

const MAX_LABEL_COLUMNS = 24;

/** The box of a form, while it is filled in or looked at. */
export function formBox(model: Model, modal: FormBox): ModalBox {
  return modal.review ? reviewBox(model, modal, modal.review) : fieldsBox(model, modal);
}

function fieldsBox(model: Model, modal: FormBox): ModalBox {
  const columns = formColumns(model);
  const { shown } = readFields(modal);
  const at = Math.max(0, shown.findIndex(({ name }) => name === modal.focus));
  const focused = shown[at];
  const room = Math.max(1, model.size.rows - FORM_FRAME_LINES);
  const top = Math.max(0, Math.min(at - Math.floor(room / 2), shown.length - room));
  const widest = Math.max(8, ...shown.map((field) => displayWidth(labelOf(model, field, MAX_LABEL_COLUMNS))));
  const labelColumns = Math.min(widest, MAX_LABEL_COLUMNS, Math.floor(columns / 2));
  const rows = shown.slice(top, top + room).map((field) =>
    fieldRow(model, modal, field, { labelColumns, columns, isFocused: field === focused })
  );
  const help = focused ? wrap(helpOf(model, focused), columns - 4)[0] ?? "" : "";
  const lines: Line[] = [
    headOf(modal.about),
    ...rows.map(({ content }) => content),
    line(` ${help}`, "dim"),
    statusOf(model, modal, false),
    line(
      ` ${
        keyHelp(model, [["form_next", "next"], ["form_review", "look at it"], ["form_cancel", "sends nothing"]], 200)
      }`,
      "dim",
    ),
  ];
  const row = rows[at - top];
  return {
    lines: box(model, { title: `${titleOfForm(modal.about)} - ${at + 1}/${shown.length}`, lines, columns }),
    columns,
    ...(row ? { cursor: { row: 2 + at - top, column: Math.min(columns - 2, 1 + row.column) } } : {}),
  };
}

function fieldRow(
  model: Model,
  modal: FormBox,
  field: FormField,
  look: { readonly labelColumns: number; readonly columns: number; readonly isFocused: boolean },
): { readonly content: Line; readonly column: number } {
  const { labelColumns, columns, isFocused } = look;
  const label = labelOf(model, field, labelColumns);
  const padded = label + " ".repeat(Math.max(0, labelColumns - displayWidth(label)));
  const head = [
    span(isFocused ? model.settings.glyphs.pointer : " ", "accent"),
    span(`${padded} `, isFocused ? "strong" : "dim"),
  ];
  const before = 2 + displayWidth(padded);
  const state = lineIn(modal, field);
  if (optionsOf(field)) {
    const text = state.text === "" ? "-" : sanitiseLine(state.text, 200);
    return { content: [...head, span(`< ${text} >`, isFocused ? "accent" : "plain")], column: before + 2 };
  }
  const input = inputPart(state, Math.max(4, columns - before - 5));
  return {
    content: [...head, span("> ", isFocused ? "accent" : "dim"), span(input.text)],
    column: before + 2 + input.column,
  };
}

function labelOf(model: Model, { label, isRequired }: FormField, columns: number): string {
  const mark = isRequired ? " *" : "";
  return clip(sanitiseLine(label, 200), columns - mark.length, model.settings.glyphs.more) + mark;
}

function helpOf(model: Model, field: FormField): string {
  const keys = field.type === "multiline"
    ? `; ${keyOf(model, "form_break") ?? "a paste"} begins a line`
    : field.type === "multi-enum"
    ? "; several with commas"
    : optionsOf(field)
    ? "; Left, Right"
    : "";
  return `${describeField(field)}${keys}`;
}

function reviewBox(model: Model, modal: FormBox, review: FormReview): ModalBox {
  const columns = formColumns(model);
  const { lines, room } = reviewText(model, review);
  const top = Math.min(review.top, Math.max(0, lines.length - room));
  const below = lines.length - top - room;
  const isGuarded = model.monoMs - review.openedAtMs < GUARD_MS;
  return {
    lines: box(model, {
      title: titleOfForm(modal.about),
      lines: [
        headOf(modal.about),
        ...lines.slice(top, top + room).map((text) => line(` ${text}`)),
        below > 0 ? line(` ${below} more lines: ${keyOf(model, "page_down") ?? "?"}`, "danger") : line(""),
        statusOf(model, modal, isGuarded),
        line(` ${keyHelp(model, [["form_review", "sends it"], ["form_cancel", "back to the fields"]], 200)}`, "dim"),
      ],
      columns,
    }),
    columns,
  };
}

function headOf(about: FormAbout): Line {
  if (about.type === "template") {
    return line(` ${about.template.id} v${about.template.version}, sends a ${about.template.send.kind}`, "dim");
  }
  return line(` from ${nameOf(about.request.from)}: ${sanitiseLine(titleOf(about.request), 200)}`, "strong");
}

function titleOfForm(about: FormAbout): string {
  return about.type !== "template"
    ? `${about.type === "ask" ? "Answer" : "Change the action of"} ${sanitiseLine(about.request.short_id)}`
    : sanitiseLine(about.template.title, 60);
}

function statusOf(model: Model, { about, problem, isSending }: FormBox, isGuarded: boolean): Line {
  const now = about.type !== "template" ? model.requests.get(about.request.request_id) : undefined;
  const told = problem ?? (now && !isOpenRequest(now) ? `it is ${now.state} already` : undefined);
  if (told !== undefined) return line(` ! ${told}`, "danger");
  return line(isSending ? " sending" : isGuarded ? " keys are ignored for the first 0.7 s" : "", "warning");
}
