import { checkForm, type FormField, type FormValues, valuesOfPairs } from "@bzzz/hmmm";
import { fieldKey } from "./views/form.tsx";

/** What a browser sent for the fields, or what is wrong with each of them. */
export function formValues(fields: readonly FormField[], form: URLSearchParams): FormValues | string {
  const pairs = fields.flatMap(({ name }) => {
    const given = form.getAll(fieldKey(name)).filter((value) => value !== "").join(",").replaceAll("\r\n", "\n");
    return given === "" ? [] : [`${name}=${given}`];
  });
  const { given } = valuesOfPairs(fields, pairs);
  const checked = checkForm(fields, given);
  if (checked.ok) return checked.values;
  return `Nothing was sent: ${checked.problems.map(({ field, problem }) => `${field}: ${problem}`).join("; ")}.`;
}
