/**
 * The box of a form: an ask that has one, or a template. What is in it is looked at as a whole before it can be sent, and no key of the
 * first moments of that sends.
 *
 * @module
 */
import { type AnswerInput, isOpenRequest } from "@bzzz/api";
import { sanitiseLine, sanitiseText } from "@bzzz/cli";
import { composeOutgoing, describeOutgoing, OutgoingError } from "../../forms/outgoing.ts";
import type { Template } from "../../forms/template.ts";
import { wordsOf } from "../../forms/template_text.ts";
import { edit } from "../../terminal/line_editor.ts";
import { closeBox } from "./boxes.ts";
import { wrap } from "./cells.ts";
import { approveEdited } from "./edit_action.ts";
import type { Effect, Step } from "./events.ts";
import { addLocal } from "./feed.ts";
import {
  BREAK_MARK,
  checkFields,
  chooseIn,
  type FormBox,
  type FormReview,
  lineIn,
  newForm,
  optionsOf,
  readFields,
  withLine,
} from "./form_fields.ts";
import { type Press, showKey } from "./keys.ts";
import { editLine } from "./line_keys.ts";
import { GUARD_MS, type Model } from "./model.ts";

/** Lines of the box that are not fields or text. */
export const FORM_FRAME_LINES = 8;
const MAX_BOX_COLUMNS = 84;

/** Columns of the box. */
export function formColumns(model: Model): number {
  return Math.min(model.size.columns, MAX_BOX_COLUMNS);
}

/** The lines of what would be sent, and how many of them there is room for. */
export function reviewText(
  model: Model,
  review: FormReview,
): { readonly lines: readonly string[]; readonly room: number } {
  const lines = review.texts.flatMap((text) => wrap(text, formColumns(model) - 4));
  return { lines, room: Math.max(1, model.size.rows - FORM_FRAME_LINES) };
}

/** A template that was asked for; something else that was opened meanwhile stays. */
export function openTemplate(model: Model, template: Template): Model {
  if (model.modal) return { ...model, hint: `Form ${template.id} is ready: /form ${template.id}` };
  return { ...model, modal: newForm({ type: "template", template }, template.fields), hint: "" };
}

/** A press in the box. */
export function pressForm(model: Model, box: FormBox, press: Press): Step<Model> {
  const to = (next: FormBox): Step<Model> => ({ model: { ...model, modal: next }, effects: [] });
  const action = press.type === "key" ? model.settings.keymap.actionOf(press.name, ["form"]) : undefined;
  if (box.review) return pressReview(model, box, box.review, press);
  if (action === "form_cancel") return closeBox(model);
  if (action === "form_review") return review(model, box);
  const { shown } = readFields(box);
  const at = Math.max(0, shown.findIndex(({ name }) => name === box.focus));
  const field = shown[at];
  if (!field) return to(box);
  if (action === "form_next" || action === "form_back") {
    const by = action === "form_next" ? 1 : shown.length - 1;
    return to({ ...box, focus: shown[(at + by) % shown.length]?.name ?? box.focus });
  }
  if (optionsOf(field)) {
    if (press.type !== "key") return to(box);
    if (press.name === "left" || press.name === "right") {
      return to(chooseIn(box, field, press.name === "left" ? -1 : 1));
    }
    if (press.text === " ") return to(chooseIn(box, field, 1));
    return to(press.text === undefined ? box : chooseIn(box, field, press.text));
  }
  const before = lineIn(box, field);
  const line = action === "form_break" && field.type === "multiline"
    ? edit(before, { type: "text", text: BREAK_MARK }).state
    : editLine(before, press);
  return to(line ? withLine(box, field, line) : box);
}

/** Everything is looked at; what is wrong gets the keys. */
function review(model: Model, box: FormBox): Step<Model> {
  if (box.about.type === "action") return approveEdited(model, box, box.about.request);
  const refuse = (problem: string, focus = box.focus): Step<Model> => ({
    model: { ...model, modal: { ...box, focus, problem } },
    effects: [],
  });
  const checked = checkFields(box);
  if ("problems" in checked) {
    const [first] = checked.problems;
    const label = box.fields.find(({ name }) => name === first?.field)?.label ?? "";
    return refuse(`${sanitiseLine(label, 60)}: ${sanitiseLine(first?.problem ?? "", 200)}`, first?.field);
  }
  const { values } = checked;
  let outgoing: FormReview["outgoing"];
  if (box.about.type === "template") {
    try {
      outgoing = composeOutgoing(box.about.template, values, model.nowMs);
    } catch (error) {
      if (error instanceof OutgoingError) return refuse(sanitiseLine(error.message, 300));
      throw error;
    }
  }
  const said = outgoing ? describeOutgoing(outgoing) : box.fields.flatMap(({ name, label }) => {
    const value = values[name];
    return value === undefined ? [] : [`${label}: ${wordsOf(value)}`];
  }).join("\n");
  const texts = sanitiseText(said).split("\n");
  return {
    model: {
      ...model,
      modal: { ...box, problem: undefined, review: { texts, top: 0, openedAtMs: model.monoMs, outgoing, values } },
    },
    effects: [{ type: "wake", afterMs: GUARD_MS }],
  };
}

function pressReview(model: Model, box: FormBox, review: FormReview, press: Press): Step<Model> {
  const to = (next: Partial<FormBox>, ...effects: Effect[]): Step<Model> => ({
    model: { ...model, modal: { ...box, ...next } },
    effects,
  });
  if (press.type !== "key") return to({});
  const { keymap } = model.settings;
  const action = keymap.actionOf(press.name, ["form"]);
  if (action === "form_cancel") return box.isSending ? closeBox(model) : to({ review: undefined, problem: undefined });
  const { lines, room } = reviewText(model, review);
  const page = keymap.actionOf(press.name, ["global"]);
  if (page === "page_up" || page === "page_down") {
    const top = review.top + (page === "page_up" ? -1 : 1) * Math.max(1, room - 1);
    return to({ review: { ...review, top: Math.max(0, Math.min(top, lines.length - room)) }, problem: undefined });
  }
  if (action !== "form_review" || box.isSending || model.monoMs - review.openedAtMs < GUARD_MS) return to({});
  if (review.top + room < lines.length) {
    return to({ problem: `read it to its end first: ${keymap.keysOf("page_down").map(showKey).join(", ")}` });
  }
  const { about } = box;
  if (about.type === "template") {
    if (!review.outgoing) throw new TypeError("Unreachable: a template that was looked at has something to send");
    const { template: { id } } = about;
    return to({ isSending: true, problem: undefined }, { type: "send_form", template: id, outgoing: review.outgoing });
  }
  const now = model.requests.get(about.request.request_id);
  if (now && !isOpenRequest(now)) return to({ problem: `it is ${now.state} already` });
  const input: AnswerInput = { request_digest: about.request.digest, decision: "answer", values: { ...review.values } };
  return to({ isSending: true, problem: undefined }, { type: "decide", request: about.request, input });
}

/** A filled-in template was sent: its box closes, no other one. */
export function formSent(model: Model, template: string, said: string): Model {
  const isItsBox = isBoxOf(model, template);
  return addLocal({ ...model, ...(isItsBox ? { modal: undefined } : {}), hint: said }, "notice", said);
}

/** It was not: the box stays with what was typed, and the reason. */
export function formNotSent(model: Model, template: string, problem: string): Model {
  const text = sanitiseLine(problem, 300);
  const { modal } = model;
  if (modal?.type !== "form" || !isBoxOf(model, template)) return addLocal(model, "notice", text);
  return { ...model, modal: { ...modal, isSending: false, review: undefined, problem: text } };
}

function isBoxOf({ modal }: Model, template: string): boolean {
  return modal?.type === "form" && modal.about.type === "template" && modal.about.template.id === template &&
    modal.isSending;
}
