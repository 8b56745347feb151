import {
  checkForm,
  fieldSchema,
  fieldValueOf,
  type FormField,
  type FormProblem,
  type FormValue,
  type FormValues,
  isFieldShown,
  valuesOfPairs,
} from "@bzzz/hmmm";
import { CliError, usageError } from "../errors.ts";
import { describeField } from "../render_request.ts";
import { sanitiseLine } from "../sanitise.ts";
import type { CommandContext, FlagSpec } from "../types.ts";
import { readJsonFile } from "./read_file.ts";

/** Times that one field is asked for: a script that answers the same wrong thing for ever is ended. */
const MAX_TRIES = 5;

/** How a form is filled in on a command line. */
export const FORM_FLAGS: readonly FlagSpec[] = [
  { name: "set", type: "list", value: "NAME=VALUE", summary: "A field of the form; may be repeated" },
  {
    name: "json-file",
    type: "string",
    value: "FILE",
    summary: 'The fields of the form as one JSON object; "-" is standard input',
  },
];

/** Whether the command line fills the form in; else its fields are asked for. */
export function isFilledIn({ values }: Pick<CommandContext, "values">): boolean {
  return values.list("set").length > 0 || values.text("json-file") !== undefined;
}

/**
 * The values of a form by `FORM_FLAGS`, or asked for one by one where the command line has none.
 * @throws CliError as `askForm`, and "validation_failed" with every field that is wrong
 */
export async function fillForm(
  context: Pick<CommandContext, "ask" | "note" | "values" | "readInput">,
  fields: readonly FormField[],
  what: string,
): Promise<FormValues> {
  if (!isFilledIn(context)) return await askForm(context, fields, what);
  const path = context.values.text("json-file");
  const fromFile = path === undefined ? {} : await readJsonFile(path, context);
  const { given: fromFlags, problems } = valuesOfPairs(fields, context.values.list("set"));
  const checked = checkForm(fields, { ...fromFile, ...fromFlags });
  if (checked.ok && problems.length === 0) return checked.values;
  throw invalidForm(what, [...problems, ...(checked.ok ? [] : checked.problems)]);
}

/** One error that names every field that is wrong. */
function invalidForm(what: string, problems: readonly FormProblem[]): CliError {
  const each = problems.map(({ field, problem }) => field === "" ? problem : `${sanitiseLine(field)}: ${problem}`);
  return new CliError("validation_failed", `Cannot fill ${what} in: ${each.join("; ")}`);
}

/**
 * Asks for the fields of a form one by one, in lines; what is wrong is said at once and asked again. An empty line takes
 * the default, or leaves out what is not required.
 * @throws CliError "usage" where nobody can be asked, "cancelled" when the person stops, "validation_failed"
 */
async function askForm(
  context: Pick<CommandContext, "ask" | "note">,
  fields: readonly FormField[],
  name: string,
): Promise<FormValues> {
  if (!context.ask) {
    throw usageError(
      `Cannot ask for the fields of ${name} here: give --set NAME=VALUE for ${
        fields.map((one) => one.name).join(", ")
      }`,
    );
  }
  const values: Record<string, FormValue> = {};
  for (const field of fields) {
    if (!isFieldShown(field, values)) continue;
    const value = await askField({ ask: context.ask, note: context.note }, field);
    if (value !== undefined) values[field.name] = value;
  }
  const checked = checkForm(fields, values);
  if (checked.ok) return checked.values;
  throw invalidForm(name, checked.problems);
}

async function askField(
  { ask, note }: { ask: NonNullable<CommandContext["ask"]>; note: CommandContext["note"] },
  field: FormField,
): Promise<FormValue | undefined> {
  await note(describeField(field));
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const typed = await ask(`${field.label}: `);
    if (typed === undefined) throw new CliError("cancelled", "Not filled in: nothing was sent");
    if (typed.trim() === "") {
      if (field.default !== undefined) return field.default;
      if (!field.isRequired) return undefined;
      await note("A value is needed.");
      continue;
    }
    const parsed = fieldSchema(field).safeParse(fieldValueOf(field, typed));
    if (parsed.success) return parsed.data;
    await note(parsed.error.issues[0]?.message ?? "That is not valid.");
  }
  throw new CliError("validation_failed", `Cannot take ${field.name}: ${MAX_TRIES} tries were not valid`);
}
