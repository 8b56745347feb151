/**
 * What stands in the fields of a form that is being filled in, and what that makes.
 *
 * @module
 */
import type { RequestView } from "@bzzz/api";
import { formFields, sanitiseLine } from "@bzzz/cli";
import {
  checkForm,
  fieldValueOf,
  type FormField,
  type FormProblem,
  type FormValue,
  type FormValues,
  isFieldShown,
} from "@bzzz/hmmm";
import type { Outgoing } from "../../forms/outgoing.ts";
import type { Template } from "../../forms/template.ts";
import { wordsOf } from "../../forms/template_text.ts";
import { type EditorState, emptyLine } from "../../terminal/line_editor.ts";

/** How a line break looks where a text of several lines is typed in one. */
export const BREAK_MARK = " ⏎ ";

/** What a form is about: an ask that has one, an action, or a template of the person. */
export type FormAbout =
  | { readonly type: "ask"; readonly request: RequestView }
  /** The action that an ask wants approved, to be changed before it is. */
  | { readonly type: "action"; readonly request: RequestView }
  | { readonly type: "template"; readonly template: Template };

/** The box of a form. Its fields are filled in, then all of it is looked at, then it is sent. */
export interface FormBox {
  readonly type: "form";
  readonly about: FormAbout;
  readonly fields: readonly FormField[];
  /** By field, what was typed. */
  readonly lines: ReadonlyMap<string, EditorState>;
  /** The field that has the keys. */
  readonly focus: string;
  /** Undefined while it is filled in. */
  readonly review: FormReview | undefined;
  readonly isSending: boolean;
  readonly problem: string | undefined;
}

/** All that would be sent, and how far it was read. */
export interface FormReview {
  readonly texts: readonly string[];
  readonly top: number;
  /** Monotonic: keys of the first moments were meant for the fields. */
  readonly openedAtMs: number;
  /** Of a template. */
  readonly outgoing: Outgoing | undefined;
  readonly values: FormValues;
}

/** A form with its defaults in. */
export function newForm(about: FormAbout, fields: readonly FormField[]): FormBox {
  const lines = new Map(fields.map((field) => [field.name, lineOf(begunWith(field))]));
  const focus = fields[0]?.name ?? "";
  return { type: "form", about, fields, lines, focus, review: undefined, isSending: false, problem: undefined };
}

/** Of a default only what is shown of it is sent: an asker can have hidden something in it. A choice is shown by its view. */
function begunWith(field: FormField): string {
  const text = wordsOf(field.default);
  return field.type === "enum" ? text : sanitiseLine(text);
}

/** The box of an ask's form; undefined for an ask that has none. */
export function formOfAsk(request: RequestView): FormBox | undefined {
  const fields = formFields(request);
  return fields.length === 0 ? undefined : newForm({ type: "ask", request }, fields);
}

function lineOf(text: string): EditorState {
  return { ...emptyLine(), text, cursor: text.length };
}

/** What stands in a field. */
export function lineIn({ lines }: FormBox, field: FormField): EditorState {
  return lines.get(field.name) ?? emptyLine();
}

/** The fields that are asked for, with what the others say, and what they say themselves. */
export function readFields(box: FormBox): { readonly shown: readonly FormField[]; readonly values: FormValues } {
  const values: Record<string, FormValue> = {};
  const shown = box.fields.filter((field) => {
    if (!isFieldShown(field, values)) return false;
    const typed = lineIn(box, field).text;
    const text = field.type === "multiline" ? typed.replaceAll(/ *\u23ce */g, "\n") : typed;
    if (text.trim() !== "") values[field.name] = fieldValueOf(field, text);
    else if (field.default !== undefined) values[field.name] = field.default;
    return true;
  });
  return { shown, values };
}

/** The values, or what is wrong with each field. */
export function checkFields(
  box: FormBox,
): { readonly values: FormValues } | { readonly problems: readonly FormProblem[] } {
  const checked = checkForm(box.fields, readFields(box).values);
  return checked.ok ? { values: checked.values } : { problems: checked.problems };
}

/** What may be chosen in a field; undefined where something is typed. */
export function optionsOf(field: FormField): readonly string[] | undefined {
  const all = field.type === "boolean" ? ["yes", "no"] : field.type === "enum" ? field.values ?? [] : undefined;
  return all && (field.isRequired || field.default !== undefined ? all : ["", ...all]);
}

/** The next choice, the one before, or the next that begins with what was typed. */
export function chooseIn(box: FormBox, field: FormField, by: 1 | -1 | string): FormBox {
  const options = optionsOf(field) ?? [];
  const at = options.indexOf(lineIn(box, field).text);
  const steps = options.map((_, i) => typeof by === "number" ? at + by * (i + 1) : at + i + 1);
  const fits = (one: string) => typeof by === "number" || one.toLowerCase().startsWith(by.toLowerCase());
  const next = steps.map((i) => options[(i + options.length * 2) % options.length] ?? "").find(fits);
  return next === undefined ? box : withLine(box, field, lineOf(next));
}

/** The form with another line in a field. */
export function withLine(box: FormBox, field: FormField, line: EditorState): FormBox {
  return { ...box, lines: new Map(box.lines).set(field.name, line), problem: undefined };
}
