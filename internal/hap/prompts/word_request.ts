import type { RequestRecord } from "@bzzz/api";
import { checkForm, fieldValueOf, type FormField, type FormValue, type FormValues } from "@bzzz/hmmm";
import { parseTemplateText, renderTemplateText } from "../forms/template_text.ts";
import type { Spoken, Wording } from "./wording.ts";

/** Of a value that the asker gave: more is cut, and is whole in the ask itself. */
const MAX_VALUE_CHARACTERS = 200;

/** What a view shows of a wording; or why it shows the asker's own words alone. */
export type Worded = Pick<NonNullable<RequestRecord["wording"]>, "listed" | "unlisted_because">;

/** What a wording is put around: what the request names, and of what kind it is. */
export interface NamedWording {
  readonly kind: string;
  readonly wording: {
    readonly id: string;
    readonly params: readonly { readonly name: string; readonly value: string | number | boolean }[];
  };
}

/**
 * The words of the library with the values of the asker, which stand in quotes: everything outside of them is the person's own. A request
 * that a wording does not fit has its own words alone.
 */
export function wordRequest(wording: Wording, request: NamedWording, languages: readonly string[]): Worded {
  if (wording.kind !== undefined && wording.kind !== request.kind) {
    return { unlisted_because: `it words asks of kind ${wording.kind}, and this is one of kind ${request.kind}` };
  }
  const { params } = request.wording;
  const fields = new Map(wording.params.map((field) => [field.name, field]));
  const checked = checkForm(
    wording.params,
    Object.fromEntries(params.map(({ name, value }) => {
      const field = fields.get(name);
      return [name, field && typeof value === "string" ? fieldValueOf(field, value) : value];
    })),
  );
  if (!checked.ok) {
    const [first] = checked.problems;
    return { unlisted_because: `its values do not fit: ${first?.field}: ${first?.problem}` };
  }
  const values = quoted(wording.params, checked.values);
  const say = (text: Spoken) => speak(text, wording, values, languages);
  return {
    listed: {
      version: wording.version,
      title: say(wording.title),
      ...(wording.explain === undefined ? {} : { explain: say(wording.explain) }),
      checklist: wording.checklist.map(say),
      quick_replies: wording.quickReplies.map(({ key, decision, text }) => ({
        key,
        decision,
        text: decision === "choose" ? textIn(text, languages) : say(text),
      })),
    },
  };
}

/** A text of the library without values: for who looks at the library itself. */
export function textIn(text: Spoken, languages: readonly string[]): string {
  if (typeof text === "string") return text;
  for (const language of [...languages, "en"]) {
    const found = Object.hasOwn(text, language) ? text[language] : undefined;
    if (found !== undefined) return found;
  }
  return Object.values(text)[0] ?? "";
}

/** POSIX: the first of these that is set names the language, as in "de_AT.UTF-8". */
export function languagesOf(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const locale = env["LC_ALL"] || env["LC_MESSAGES"] || env["LANG"] || "";
  const [, language, country] = /^([a-z]{2,3})(?:_([A-Z]{2}))?(?:[.@]|$)/.exec(locale) ?? [];
  if (language === undefined) return [];
  return country === undefined ? [language] : [`${language}-${country}`, language];
}

function speak(text: Spoken, { params }: Wording, values: FormValues, languages: readonly string[]): string {
  const parsed = parseTemplateText(textIn(text, languages), new Set(params.map(({ name }) => name)));
  if (parsed.ok) return renderTemplateText(parsed.parts, values);
  throw new TypeError(`Unreachable: a wording that was read has no wrong text, but "${parsed.got}"`);
}

/** What the library itself allows (numbers, yes and no, its own choices) stands bare; free text is the asker's and is marked. */
function quoted(fields: readonly FormField[], values: FormValues): FormValues {
  return Object.fromEntries(fields.flatMap(({ name, type }): [string, FormValue][] => {
    const value = values[name];
    if (value === undefined) return [];
    if (typeof value !== "string" || type === "enum") return [[name, value]];
    const line = value.replace(/\s+/g, " ").replaceAll('"', "'");
    return [[name, `"${line.length > MAX_VALUE_CHARACTERS ? `${line.slice(0, MAX_VALUE_CHARACTERS)}…` : line}"`]];
  }));
}
