import { sanitiseText } from "@bzzz/cli";
import { MAX_ACTION_ARGUMENTS, MAX_NAME_CHARACTERS } from "@bzzz/wire";
import { type FieldProblems, lengthProblem } from "./take_form.ts";
import type { Action } from "./views/request.tsx";

/** The names of the fields that a changed action has. */
export const ACTION_FIELDS = {
  target: "target",
  effect: "effect",
  value: (at: number): string => `value.${at}`,
  dropped: (at: number): string => `drop.${at}`,
  addedName: (at: number): string => `add.${at}.name`,
  addedType: (at: number): string => `add.${at}.type`,
  addedValue: (at: number): string => `add.${at}.value`,
} as const;

/** The types that an added argument may have. */
export const ARGUMENT_TYPES = [
  { value: "text", label: "text" },
  { value: "number", label: "a number" },
  { value: "boolean", label: "yes or no" },
] as const;
type ArgumentType = (typeof ARGUMENT_TYPES)[number]["value"];

/** Characters of a text that is an argument. */
const MAX_VALUE_CHARACTERS = 8_192;

type Argument = Action["args"][number];
type Value = Argument["value"];

/** A value as its field shows it. */
export function shownValue(value: Value): string {
  return typeof value === "string" ? sanitiseText(value) : String(value);
}

/** How many fields for added arguments a form has; no more than an action may still have. */
export function addedFields(action: Action, form: URLSearchParams | undefined, isOneMore = false): number {
  let count = 0;
  while (form?.has(ACTION_FIELDS.addedName(count))) count++;
  const wanted = Math.max(1, count) + (isOneMore ? 1 : 0);
  return Math.min(wanted, MAX_ACTION_ARGUMENTS - action.args.length);
}

/**
 * The action as a form has changed it, or what is wrong with each field of the form. The verb stays, and so does the type of each
 * argument that was there. A field that is as it was shown keeps what it showed, with all that cannot be shown.
 */
export function editAction(
  action: Action,
  form: URLSearchParams,
): { readonly action: Action } | { readonly problems: FieldProblems } {
  const problems: Record<string, string> = {};
  const args: Argument[] = [];
  for (const [at, { name, value }] of action.args.entries()) {
    if (form.has(ACTION_FIELDS.dropped(at))) continue;
    const id = ACTION_FIELDS.value(at);
    if (typeof value === "string") {
      args.push({ name, value: textOf(form, id, value) });
      continue;
    }
    const text = form.get(id)?.trim() ?? String(value);
    const read = readValue(typeof value === "boolean" ? "boolean" : "number", text);
    if (typeof read === "object") problems[id] = `${sanitiseText(name)}: ${read.problem}`;
    else args.push({ name, value: read });
  }
  for (let at = 0; at < addedFields(action, form); at++) {
    const added = readAdded(form, at);
    if (added === undefined) continue;
    const [id, read] = added;
    if (typeof read === "string") problems[id] = read;
    else if (args.some(({ name }) => name === read.name)) {
      problems[id] = `Added argument ${at + 1}: there is a "${sanitiseText(read.name)}" already`;
    } else args.push(read);
  }
  if (Object.keys(problems).length > 0) return { problems };
  const changed = {
    target: textOf(form, ACTION_FIELDS.target, action.target),
    effect: textOf(form, ACTION_FIELDS.effect, action.effect),
  };
  return { action: { ...action, ...changed, args } };
}

function textOf(form: URLSearchParams, id: string, before: string): string {
  const text = form.get(id)?.replaceAll("\r\n", "\n");
  return text === undefined || text === shownValue(before).replaceAll("\r\n", "\n") ? before : text;
}

/** An added argument, or the field that is wrong and what is wrong with it; undefined where nothing was typed. */
function readAdded(form: URLSearchParams, at: number): readonly [string, Argument | string] | undefined {
  const [nameId, typeId, valueId] = [
    ACTION_FIELDS.addedName(at),
    ACTION_FIELDS.addedType(at),
    ACTION_FIELDS.addedValue(at),
  ];
  const name = form.get(nameId)?.trim() ?? "";
  const text = form.get(valueId)?.replaceAll("\r\n", "\n") ?? "";
  if (name === "" && text.trim() === "") return undefined;
  const label = `Added argument ${at + 1}`;
  const badName = lengthProblem(`${label}, its name`, name, { min: 1, max: MAX_NAME_CHARACTERS });
  if (badName !== undefined) return [nameId, badName];
  const type = ARGUMENT_TYPES.find(({ value }) => value === form.get(typeId))?.value;
  if (type === undefined) {
    return [typeId, `${label}, its type: expected ${ARGUMENT_TYPES.map(({ value }) => value).join(", ")}`];
  }
  const value = readValue(type, type === "text" ? text : text.trim());
  return typeof value === "object" ? [valueId, `${label}: ${value.problem}`] : [valueId, { name, value }];
}

function readValue(type: ArgumentType, text: string): Value | { readonly problem: string } {
  const found = `found "${sanitiseText(text).slice(0, 80)}"`;
  switch (type) {
    case "text": {
      const problem = lengthProblem("its value", text, { min: 0, max: MAX_VALUE_CHARACTERS });
      return problem === undefined ? text : { problem };
    }
    case "boolean":
      if (/^(true|yes)$/i.test(text)) return true;
      return /^(false|no)$/i.test(text) ? false : { problem: `expected yes or no, ${found}` };
    case "number": {
      const number = Number(text);
      return text !== "" && Number.isFinite(number) ? number : { problem: `expected a number, ${found}` };
    }
  }
}
