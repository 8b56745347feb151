import type { ConfigIssue } from "@bzzz/config";
import { FIELD_TYPES, fieldSchema, type FormField, type FormValue } from "@bzzz/hmmm";
import { DECISION_OUTCOMES, DECISION_TYPES } from "@bzzz/ucxl";
import { MESSAGE_TYPES, REQUEST_STAKES } from "@bzzz/wire";
import { z } from "zod";
import { issueAt, readDocument } from "./document.ts";
import { parseTemplateText } from "./template_text.ts";

/** Fields of one template. */
const MAX_FIELDS = 32;
/** Kinds of asks that a template can make; an approval's action and a form's schema are no words. */
export const ASKED_KINDS = ["question", "approval", "choice", "review", "notice"] as const;

/** What a template and a wording are called: also the name of their file. */
export const templateId = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, "a name of a-z, 0-9 and -");
const line = z.string().min(1).max(200).regex(/^[^\r\n]*$/, "one line");
const slot = z.string().min(1).max(2560);
const slots = z.array(slot).max(32).default([]);
const scalar = z.union([z.string().max(200), z.number(), z.boolean()]);
const scalars = z.union([scalar, z.array(scalar).min(1).max(64)]);

const FIELD = z.strictObject({
  name: z.string().regex(/^[a-zA-Z][a-zA-Z0-9_-]{0,63}$/, "a name of letters, digits, _ and -"),
  label: line.optional(),
  type: z.enum(FIELD_TYPES).default("text"),
  required: z.boolean().default(false),
  help: line.optional(),
  values: z.array(scalar).min(1).max(64).optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  default: z.union([z.string(), z.number(), z.boolean(), z.array(scalar)]).optional(),
  when: z.record(z.string(), scalars).optional(),
});

const SEND = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("message"),
    topic: slot.default("#hmmm"),
    type: z.enum(MESSAGE_TYPES).default("message"),
    to: slots,
    thread: slot.optional(),
    task: slot.optional(),
    refs: slots,
  }),
  z.strictObject({
    kind: z.enum(ASKED_KINDS),
    to: slot.default("all"),
    topic: slot.optional(),
    stakes: slot.default("normal"),
    choices: slots,
    due: slot.optional(),
    task: slot.optional(),
    refs: slots,
  }),
  z.strictObject({
    kind: z.literal("task"),
    role: slot.optional(),
    capabilities: slots,
    priority: z.union([z.int().min(0).max(9), slot]).optional(),
    due: slot.optional(),
  }),
  z.strictObject({
    kind: z.literal("decision"),
    type: z.enum(DECISION_TYPES).default("policy"),
    outcome: slot.default("info"),
    cite: slots,
    task: slot.optional(),
  }),
], { error: `a kind: message, ${ASKED_KINDS.join(", ")}, task or decision` });

const TEMPLATE = z.strictObject({
  id: templateId,
  version: z.int().min(1).default(1),
  title: line,
  send: SEND,
  fields: z.array(FIELD).min(1).max(MAX_FIELDS),
  title_text: line.optional(),
  body: z.string().min(1).max(16_384),
});

/** What becomes of a filled-in template, with placeholders for fields. */
export type TemplateSend = z.output<typeof SEND>;

/** One kind of message that a person fills in. */
export interface Template {
  readonly id: string;
  readonly version: number;
  readonly title: string;
  readonly send: TemplateSend;
  readonly fields: readonly FormField[];
  /** The first line of what is sent, with placeholders. */
  readonly titleText: string;
  readonly body: string;
}

/** Reads a template, with the line of every mistake. Never throws. */
export function parseTemplate(
  text: string,
  file: string,
): { readonly ok: true; readonly value: Template } | {
  readonly ok: false;
  readonly issues: readonly ConfigIssue[];
} {
  const document = readDocument(text, file, TEMPLATE);
  if (!document.ok) return document;
  const issues: ConfigIssue[] = [];
  const report: Report = (path, got, expected) => issues.push(issueAt(document, file, path, got, expected));
  const { id, version, title, send, title_text: titleText = title, body } = document.value;
  const fields = document.value.fields.map(fieldOf);
  fields.forEach((field, i) => checkField(field, fields.slice(0, i), (path, ...rest) => report([...path], ...rest)));
  const names = new Set(fields.map(({ name }) => name));
  const check = (path: readonly PropertyKey[], words: string) => {
    const parsed = parseTemplateText(words, names);
    if (!parsed.ok) report(path, parsed.got, parsed.expected);
  };
  for (const [key, value] of Object.entries(send)) {
    const all: unknown[] = Array.isArray(value) ? value : [value];
    all.forEach((one, i) => {
      if (key !== "kind" && typeof one === "string") check(["send", key, ...(Array.isArray(value) ? [i] : [])], one);
    });
  }
  check(["title_text"], titleText);
  check(["body"], body);
  checkSend(send, report);
  if (issues.length > 0) return { ok: false, issues };
  return { ok: true, value: { id, version, title, send, fields, titleText, body } };
}

type Report = (path: readonly PropertyKey[], got: string, expected: string) => void;

function fieldOf(one: z.output<typeof FIELD>): FormField {
  const { name, label = name, type, required, help, min, max, when } = one;
  const all = (value: z.output<typeof scalars>) => (Array.isArray(value) ? value : [value]).map(String);
  return {
    name,
    label,
    type,
    isRequired: required,
    help,
    values: one.values?.map(String),
    min,
    max,
    default: defaultOf(one),
    when: when && Object.fromEntries(Object.entries(when).map(([other, value]) => [other, all(value)])),
  };
}

/** YAML reads 3 as a number and yes as a word: what is chosen from is text. */
function defaultOf({ type, default: value }: z.output<typeof FIELD>): FormValue | undefined {
  if (Array.isArray(value)) return value.map(String);
  return type === "enum" && value !== undefined ? String(value) : value;
}

function checkField(field: FormField, before: readonly FormField[], report: Report): void {
  const path = ["fields", before.length];
  const { name, type, values, min, max, when = {} } = field;
  const isChoice = type === "enum" || type === "multi-enum";
  if (before.some((other) => other.name === name)) report([...path, "name"], `"${name}" again`, "each name once");
  if (isChoice && !values) report(path, `${type} without values`, "values: what may be chosen");
  if (!isChoice && values) report([...path, "values"], `values of a field of type ${type}`, "type: enum or multi-enum");
  if (["boolean", "enum", "date"].includes(type) && (min !== undefined || max !== undefined)) {
    report(path, `min or max of a field of type ${type}`, "a type that has bounds: text, number, integer, multi-enum");
  }
  if (min !== undefined && max !== undefined && min > max) {
    report([...path, "min"], `${min}, more than max`, `at most ${max}`);
  }
  const isSound = !isChoice || values !== undefined;
  const checked = field.default === undefined || !isSound ? undefined : fieldSchema(field).safeParse(field.default);
  if (checked?.success === false) {
    const [issue] = checked.error.issues;
    report([...path, "default"], JSON.stringify(field.default), issue?.message ?? "a value that the field takes");
  }
  for (const [other, wanted] of Object.entries(when)) {
    const named = before.find((one) => one.name === other);
    const choices = named?.type === "boolean" ? ["true", "false"] : named?.values;
    const odd = choices && wanted.find((one) => !choices.includes(one));
    if (!named) report([...path, "when", other], `"${other}"`, "the name of a field before this one");
    else if (odd !== undefined) {
      report([...path, "when", other], `"${odd}"`, `what ${other} may say: ${choices?.join(", ")}`);
    }
  }
}

/** What a placeholder says is known only when it is filled in; words of the template itself are looked at now. */
function checkSend(send: TemplateSend, report: Report): void {
  const fixed = (key: string, value: string, choices: readonly string[]) => {
    if (!value.includes("{{") && !choices.includes(value)) {
      report(["send", key], `"${value}"`, `one of ${choices.join(", ")}, or a field as {{name}}`);
    }
  };
  if (send.kind === "decision") fixed("outcome", send.outcome, DECISION_OUTCOMES);
  if (send.kind === "message" || send.kind === "task" || send.kind === "decision") return;
  fixed("stakes", send.stakes, REQUEST_STAKES);
  if (send.kind === "choice" && send.choices.length === 0) report(["send"], "a choice without choices", "choices");
  if (!send.to.includes("{{") && !/^(@[^\s]+|role:[^\s]+|all)$/.test(send.to)) {
    report(["send", "to"], `"${send.to}"`, "a person as @ana, a role as role:reviewer, or all");
  }
}
