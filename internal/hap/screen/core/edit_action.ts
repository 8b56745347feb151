/**
 * Changing an action before it is approved: its target, arguments and effect as fields, then the box of the approval, which shows the
 * changed action whole and asks for the confirmation. The verb stays, and so does the type of each argument.
 *
 * @module
 */
import type { RequestView } from "@bzzz/api";
import { sanitiseLine, sanitiseText } from "@bzzz/cli";
import type { FormField } from "@bzzz/hmmm";
import { emptyLine } from "../../terminal/line_editor.ts";
import { approvalBox } from "./boxes.ts";
import type { Step } from "./events.ts";
import { BREAK_MARK, type FormBox, lineIn, withLine } from "./form_fields.ts";
import { GUARD_MS, type Model } from "./model.ts";

type Action = NonNullable<RequestView["action"]>;
type Value = Action["args"][number]["value"];

const TARGET = "target";
const EFFECT = "effect";

/** The form of an action, as it was asked for. */
export function formOfAction(request: RequestView, action: Action): FormBox {
  const parts = partsOf(action);
  const fields = parts.map(({ name, label, value }): FormField => ({
    name,
    label,
    type: typeof value === "string" ? "multiline" : typeof value === "number" ? "number" : "boolean",
    isRequired: typeof value !== "string",
  }));
  const box: FormBox = {
    type: "form",
    about: { type: "action", request },
    fields,
    lines: new Map(),
    focus: parts.find(({ name }) => name !== TARGET && name !== EFFECT)?.name ?? TARGET,
    review: undefined,
    isSending: false,
    problem: undefined,
  };
  return parts.reduce((next, { name, value }) => {
    const field = fields.find((one) => one.name === name);
    const text = shown(value);
    return field ? withLine(next, field, { ...emptyLine(), text, cursor: text.length }) : next;
  }, box);
}

/** Enter in the form: the box of the approval, for the action as it was changed. Esc there leads back. */
export function approveEdited(model: Model, form: FormBox, request: RequestView): Step<Model> {
  const refuse = (problem: string, focus = form.focus): Step<Model> => ({
    model: { ...model, modal: { ...form, focus, problem } },
    effects: [],
  });
  const { action } = request;
  if (!action) return refuse("it has no action any more");
  const read = readAction(action, form);
  if ("problem" in read) return refuse(read.problem, read.field);
  if (JSON.stringify(read.action) === JSON.stringify(action)) {
    return refuse(`nothing is changed: /approve ${sanitiseLine(request.short_id)} approves it as it is`);
  }
  const edited = { action: read.action, form: { ...form, problem: undefined } };
  const modal = approvalBox(model, request, edited);
  return { model: { ...model, modal, hint: "" }, effects: [{ type: "wake", afterMs: GUARD_MS }] };
}

/** The action with what the fields say. A field that is as it was shown keeps all that it showed, also what cannot be seen. */
function readAction(
  action: Action,
  form: FormBox,
): { readonly action: Action } | { readonly field: string; readonly problem: string } {
  const values = new Map<string, Value>();
  for (const { name, label, value } of partsOf(action)) {
    const field = form.fields.find((one) => one.name === name);
    const typed = field ? lineIn(form, field).text : shown(value);
    const read = typed === shown(value) ? { value } : readValue(value, typed);
    if ("problem" in read) return { field: name, problem: `${sanitiseLine(label, 60)}: ${read.problem}` };
    values.set(name, read.value);
  }
  return {
    action: {
      ...action,
      target: String(values.get(TARGET) ?? ""),
      effect: String(values.get(EFFECT) ?? ""),
      args: action.args.map((arg, at) => ({ ...arg, value: values.get(argument(at)) ?? arg.value })),
    },
  };
}

function readValue(before: Value, typed: string): { readonly value: Value } | { readonly problem: string } {
  if (typeof before === "string") return { value: typed.replaceAll(/ *\u23ce */g, "\n") };
  if (typeof before === "boolean") return { value: typed === "yes" };
  const number = Number(typed.trim());
  if (typed.trim() !== "" && Number.isFinite(number)) return { value: number };
  return { problem: `expected a number, found "${sanitiseLine(typed, 80)}"` };
}

function partsOf(action: Action): { readonly name: string; readonly label: string; readonly value: Value }[] {
  return [
    { name: TARGET, label: "target", value: action.target },
    ...action.args.map(({ name, value }, at) => ({ name: argument(at), label: name, value })),
    { name: EFFECT, label: "effect", value: action.effect },
  ];
}

function argument(at: number): string {
  return `arg.${at}`;
}

function shown(value: Value): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  return sanitiseText(String(value)).split("\n").map((line) => sanitiseLine(line)).join(BREAK_MARK);
}
