import { z } from "zod";

/** What a field of a form takes. There is no secret type: a form is stored and read by others. */
export const FIELD_TYPES = [
  "text",
  "multiline",
  "integer",
  "number",
  "boolean",
  "enum",
  "multi-enum",
  "date",
  "date-time",
  "duration",
  "email",
  "uri",
  "peer",
  "role",
  "channel",
  "task",
  "ucxl",
  "file-ref",
] as const;
/** One of them. */
export type FieldType = (typeof FIELD_TYPES)[number];

/** One field of a form, wherever it came from: a template of the person, or the schema of a request. */
export interface FormField {
  readonly name: string;
  readonly label: string;
  readonly type: FieldType;
  readonly isRequired: boolean;
  readonly help?: string | undefined;
  /** Of an enum: what may be chosen. */
  readonly values?: readonly string[] | undefined;
  /** Smallest number, or fewest characters or items. */
  readonly min?: number | undefined;
  /** Greatest number, or most characters or items. */
  readonly max?: number | undefined;
  readonly default?: FormValue | undefined;
  /** Shown and asked for only while every named field has one of these values. */
  readonly when?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** A value of a field. */
export type FormValue = string | number | boolean | readonly string[];
/** The values of a form, by field. */
export type FormValues = Readonly<Record<string, FormValue>>;

/** What is wrong with one field; `field` is empty for what is wrong with the whole. */
export interface FormProblem {
  readonly field: string;
  readonly problem: string;
}

/** Longest text of one field. */
export const MAX_FIELD_CHARACTERS = 16_384;

const PATTERNS: Readonly<Partial<Record<FieldType, readonly [RegExp, string]>>> = {
  "date-time": [
    /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/,
    "a time like 2026-11-22T18:03Z",
  ],
  duration: [/^\d{1,9}(ms|s|m|h|d)$/, "a time like 90s, 10m, 2h or 7d"],
  email: [/^[^\s@]{1,64}@[^\s@]{1,255}$/, "an e-mail address"],
  uri: [/^[a-z][a-z0-9+.-]{0,31}:\S{1,2048}$/i, "an address like https://example.org/"],
  peer: [/^@?[a-zA-Z0-9][a-zA-Z0-9-]{0,62}$/, "a member, by name or peer id"],
  role: [/^[a-z][a-z0-9_-]{0,63}$/, "a role"],
  channel: [/^#?[a-z][a-z0-9-]{0,63}$/, "a channel like #hmmm"],
  task: [/^[0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{4,26}$/, "a task, by its id or the end of it"],
  ucxl: [/^ucxl:\/\/\S{3,2553}$/, "an address that begins with ucxl://"],
  "file-ref": [/^[^\p{Cc}]{1,1024}$/u, "a path"],
};

/** Whether a field is asked for, with what the others say so far. */
export function isFieldShown(field: FormField, values: FormValues): boolean {
  return Object.entries(field.when ?? {}).every(([name, wanted]) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    const said = Array.isArray(value) ? value.map(String) : value === undefined ? [] : [String(value)];
    return said.some((one) => wanted.includes(one));
  });
}

/** What a field takes, as a schema: the one place that knows. */
export function fieldSchema(field: FormField): z.ZodType<FormValue> {
  const { type, min, max } = field;
  switch (type) {
    case "boolean":
      return z.boolean("expected yes or no");
    case "integer":
    case "number": {
      const kind = type === "integer" ? z.int("expected a whole number") : z.number("expected a number");
      return kind.min(min ?? -Number.MAX_SAFE_INTEGER, `expected at least ${min}`)
        .max(max ?? Number.MAX_SAFE_INTEGER, `expected at most ${max}`);
    }
    case "enum":
      return choice(field);
    case "multi-enum":
      return z.array(choice(field), "expected a list").min(min ?? (field.isRequired ? 1 : 0)).max(max ?? 64)
        .refine((all) => new Set(all).size === all.length, "expected each value once");
    case "date":
      return z.iso.date("expected a date like 2026-11-22");
    default: {
      const [shortest, longest] = [min ?? (field.isRequired ? 1 : 0), max ?? MAX_FIELD_CHARACTERS];
      const text = z.string("expected a text").min(shortest, `expected at least ${shortest} characters`)
        .max(longest, `expected at most ${longest} characters`);
      const [pattern, what] = PATTERNS[type] ?? [];
      if (pattern) return text.regex(pattern, `expected ${what}`);
      return type === "multiline" ? text : text.regex(/^[^\r\n]*$/, "expected one line");
    }
  }
}

function choice({ values = [] }: FormField): z.ZodType<string> {
  return z.string().refine((value) => values.includes(value), `expected one of ${values.join(", ")}`);
}

/**
 * The values of a form, checked; defaults are filled in, fields that are not shown are left out. Unknown fields are
 * problems, like wrong ones: nothing that somebody wrote is dropped in silence.
 */
export function checkForm(
  fields: readonly FormField[],
  given: Readonly<Record<string, unknown>>,
): { readonly ok: true; readonly values: FormValues } | {
  readonly ok: false;
  readonly problems: readonly FormProblem[];
} {
  const known = new Map(fields.map((field) => [field.name, field]));
  const problems: FormProblem[] = Object.keys(given).filter((name) => !known.has(name))
    .map((name) => ({
      field: name,
      problem: `there is no such field; the fields are ${[...known.keys()].join(", ")}`,
    }));
  const values: Record<string, FormValue> = {};
  for (const field of fields) {
    const own = Object.hasOwn(given, field.name) ? given[field.name] : undefined;
    if (!isFieldShown(field, values)) {
      if (own !== undefined) {
        problems.push({ field: field.name, problem: "it is not asked for, with what the other fields say" });
      }
      continue;
    }
    const value = own ?? field.default;
    if (value === undefined) {
      if (field.isRequired) problems.push({ field: field.name, problem: "a value is needed" });
      continue;
    }
    const parsed = fieldSchema(field).safeParse(value);
    if (parsed.success) values[field.name] = parsed.data;
    else problems.push({ field: field.name, problem: parsed.error.issues[0]?.message ?? "it is not valid" });
  }
  return problems.length === 0 ? { ok: true, values } : { ok: false, problems };
}

const YES: ReadonlySet<string> = new Set(["yes", "y", "true", "1", "on"]);
const NO: ReadonlySet<string> = new Set(["no", "n", "false", "0", "off"]);

/** What somebody typed for a field, as its value. What cannot be one is handed on as text, for `checkForm` to refuse. */
export function fieldValueOf(field: FormField, typed: string): FormValue {
  const text = typed.trim();
  switch (field.type) {
    case "boolean": {
      const word = text.toLowerCase();
      return YES.has(word) ? true : NO.has(word) ? false : text;
    }
    case "integer":
    case "number":
      return text !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
    case "enum":
      return pick(field, text);
    case "multi-enum":
      return text === "" ? [] : text.split(",").map((one) => pick(field, one.trim()));
    case "multiline":
      return typed;
    default:
      return text;
  }
}

/** A choice by its words, in any case, or by its number. */
function pick({ values = [] }: FormField, text: string): string {
  return values.find((value) => value === text) ?? values.find((value) => value.toLowerCase() === text.toLowerCase()) ??
    (/^\d{1,3}$/.test(text) ? values[Number(text) - 1] : undefined) ?? text;
}

/** `name=value` pairs and whole objects, as a command line gives them, as the values to check. */
export function valuesOfPairs(
  fields: readonly FormField[],
  pairs: readonly string[],
): { readonly given: Readonly<Record<string, unknown>>; readonly problems: readonly FormProblem[] } {
  const given: Record<string, unknown> = Object.create(null);
  const problems: FormProblem[] = [];
  for (const pair of pairs) {
    const at = pair.indexOf("=");
    const name = pair.slice(0, Math.max(at, 0)).trim();
    if (at < 1) {
      problems.push({ field: "", problem: `"${pair.slice(0, 64)}" is not NAME=VALUE` });
      continue;
    }
    const field = fields.find((one) => one.name === name);
    given[name] = field ? fieldValueOf(field, pair.slice(at + 1)) : pair.slice(at + 1);
  }
  return { given, problems };
}
