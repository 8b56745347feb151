/**
 * Fields of the page's own forms, each with its label and with what is wrong with it.
 *
 * @module
 */
import { sanitiseLine } from "@bzzz/cli";
import { type Html, Said } from "@bzzz/web";
import type { Filled } from "../take_form.ts";

/** What is wrong with a form, said above it. */
export function Problems({ filled }: { readonly filled: Filled }): Html | "" {
  const { problem, problems = {} } = filled;
  const all = Object.values(problems);
  if (problem === undefined && all.length === 0) return "";
  return (
    <div class="problem" role="alert">
      {problem === undefined ? "" : <p>{sanitiseLine(problem, 1_000)}</p>}
      {all.length === 0 ? "" : (
        <>
          <p>Nothing was done:</p>
          <ul>{all.map((one) => <li>{sanitiseLine(one, 1_000)}</li>)}</ul>
        </>
      )}
    </div>
  );
}

/** What every field is told. */
export interface FieldProps {
  /** The id of the field, and its name in what is sent. */
  readonly id: string;
  readonly label: string;
  readonly filled: Filled;
  readonly help?: string;
}

/** A line, or with `rows` a text. What stands in it is what was typed, else `value`. */
export function TextField({ id, label, filled, help, value = "", rows, isNeeded = false, maxLength, inputMode }:
  & FieldProps
  & {
    readonly value?: string;
    readonly rows?: number;
    readonly isNeeded?: boolean;
    readonly maxLength?: number;
    readonly inputMode?: "numeric";
  }): Html {
  const given = filled.typed?.get(id)?.replaceAll("\r\n", "\n") ?? value;
  const common = { id, name: id, required: isNeeded, maxlength: maxLength, ...described(id, filled, help) };
  return (
    <>
      <label for={id}>{label}</label>
      {rows === undefined
        ? <input {...common} value={given} inputmode={inputMode} autocapitalize="none" autocomplete="off" />
        // a browser drops the first line break of a field
        : <textarea {...common} rows={rows}>{`\n${given}`}</textarea>}
      <Below id={id} filled={filled} help={help} />
    </>
  );
}

/** One of several. What is chosen is what was sent, else `value`. */
export function SelectField({ id, label, filled, help, value = "", options }: FieldProps & {
  readonly value?: string;
  readonly options: readonly { readonly value: string; readonly label: string }[];
}): Html {
  const given = filled.typed?.get(id) ?? value;
  return (
    <>
      <label for={id}>{label}</label>
      <select id={id} name={id} {...described(id, filled, help)}>
        {options.map((one) => <option value={one.value} selected={one.value === given}>{one.label}</option>)}
      </select>
      <Below id={id} filled={filled} help={help} />
    </>
  );
}

/** Any of several. What is ticked is what was sent, else `values`. */
export function CheckFields({ id, label, filled, help, values, options }: FieldProps & {
  readonly values: readonly string[];
  readonly options: readonly { readonly value: string; readonly note: string }[];
}): Html {
  const given = filled.typed?.getAll(id) ?? values;
  return (
    <fieldset {...described(id, filled, help)}>
      <legend>{label}</legend>
      {options.map(({ value, note }) => (
        <label class="choice">
          <input type="checkbox" name={id} value={value} checked={given.includes(value)} /> <Said text={value} />{" "}
          <span class="quiet">
            <Said text={note} />
          </span>
        </label>
      ))}
      <Below id={id} filled={filled} help={help} />
    </fieldset>
  );
}

function described(id: string, { problems }: Filled, help: string | undefined): Record<string, string> {
  const below = [
    ...(problems?.[id] === undefined ? [] : [`${id}-problem`]),
    ...(help === undefined ? [] : [`${id}-help`]),
  ];
  return {
    ...(below.length === 0 ? {} : { "aria-describedby": below.join(" ") }),
    ...(problems?.[id] === undefined ? {} : { "aria-invalid": "true" }),
  };
}

function Below({ id, filled, help }: Pick<FieldProps, "id" | "filled"> & { readonly help: string | undefined }): Html {
  const problem = filled.problems?.[id];
  return (
    <>
      {problem === undefined ? "" : <span class="below high" id={`${id}-problem`}>{sanitiseLine(problem, 1_000)}</span>}
      {help === undefined ? "" : <span class="below quiet" id={`${id}-help`}>{help}</span>}
    </>
  );
}
