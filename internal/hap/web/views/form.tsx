import type { FormField } from "@bzzz/hmmm";
import { sanitiseLine } from "@bzzz/cli";
import { type Html, Said } from "@bzzz/web";

const INPUT_TYPES: Readonly<Record<string, string>> = { email: "email", date: "date" };

/** The name of a field in what the browser sends: apart from the names of the page's own. */
export function fieldKey(name: string): string {
  return `field.${name}`;
}

/** The fields of a form, with what was typed before. */
export function FormFields({ fields, typed }: {
  readonly fields: readonly FormField[];
  readonly typed: URLSearchParams | undefined;
}): Html {
  return <>{fields.map((field) => <Field field={field} typed={typed?.getAll(fieldKey(field.name))} />)}</>;
}

function Field({ field, typed }: { readonly field: FormField; readonly typed: readonly string[] | undefined }): Html {
  const key = fieldKey(field.name);
  const standard = Array.isArray(field.default) ? field.default.map(String) : [String(field.default ?? "")];
  const given = typed ?? standard;
  const label = (
    <>
      <Said text={field.label} />
      {field.isRequired ? " (needed)" : ""}
      {field.help === undefined ? "" : (
        <span class="quiet">
          : <Said text={field.help} />
        </span>
      )}
    </>
  );
  if (field.type === "multi-enum") {
    return (
      <fieldset>
        <legend>{label}</legend>
        {(field.values ?? []).map((value) => (
          <label class="choice">
            <input type="checkbox" name={key} value={value} checked={given.includes(value)} /> <Said text={value} />
          </label>
        ))}
      </fieldset>
    );
  }
  return (
    <>
      <label for={key}>{label}</label>
      <Control field={field} id={key} given={given[0] ?? ""} />
    </>
  );
}

function Control({ field, id, given }: {
  readonly field: FormField;
  readonly id: string;
  readonly given: string;
}): Html {
  const values = field.type === "boolean" ? ["yes", "no"] : field.values;
  const chosen = field.type === "boolean" && /^(true|false)$/.test(given) ? (given === "true" ? "yes" : "no") : given;
  if (values) {
    return (
      <select id={id} name={id} required={field.isRequired}>
        <option value="">–</option>
        {values.map((value) => <option value={value} selected={value === chosen}>{sanitiseLine(value)}</option>)}
      </select>
    );
  }
  if (field.type === "multiline") {
    return <textarea id={id} name={id} rows={4} required={field.isRequired}>{given}</textarea>;
  }
  const isNumber = field.type === "integer" || field.type === "number";
  return (
    <input
      id={id}
      name={id}
      value={given}
      required={field.isRequired}
      type={INPUT_TYPES[field.type] ?? "text"}
      inputmode={isNumber ? "decimal" : undefined}
      autocapitalize="none"
    />
  );
}
