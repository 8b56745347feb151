/**
 * Texts of a template: `{{name}}` is what a field says, `{{#name}}…{{/name}}` is there only while that field says something. There is no
 * code, and what a field says is never read as a template again.
 *
 * @module
 */
import type { FormValue, FormValues } from "@bzzz/hmmm";

/** A text, taken apart. */
export type TextPart =
  | { readonly type: "words"; readonly text: string }
  | { readonly type: "value"; readonly name: string }
  | { readonly type: "section"; readonly name: string; readonly parts: readonly TextPart[] };

/** Sections within sections. */
const MAX_DEPTH = 8;
const TAG = /\{\{([#/]?)\s*([a-zA-Z][a-zA-Z0-9_-]{0,63})\s*\}\}/g;

/** Takes a text apart, or says what is wrong with it. `names` are the fields there are. Never throws. */
export function parseTemplateText(
  text: string,
  names: ReadonlySet<string>,
): { readonly ok: true; readonly parts: readonly TextPart[] } | {
  readonly ok: false;
  readonly got: string;
  readonly expected: string;
} {
  const open: { name: string; parts: TextPart[] }[] = [{ name: "", parts: [] }];
  const top = () => open.at(-1) ?? { name: "", parts: [] };
  let from = 0;
  for (const match of text.matchAll(TAG)) {
    const [tag, sign, name = ""] = match;
    const words = text.slice(from, match.index);
    from = match.index + tag.length;
    if (/\{\{|\}\}/.test(words)) return stray(words);
    if (words !== "") top().parts.push({ type: "words", text: words });
    if (!names.has(name)) return { ok: false, got: tag, expected: `one of the fields: ${[...names].join(", ")}` };
    if (sign === "") top().parts.push({ type: "value", name });
    else if (sign === "#") {
      if (open.length > MAX_DEPTH) return { ok: false, got: tag, expected: `at most ${MAX_DEPTH} sections in another` };
      open.push({ name, parts: [] });
    } else {
      const closed = open.length > 1 && top().name === name ? open.pop() : undefined;
      if (!closed) return { ok: false, got: tag, expected: `a section that begins with {{#${name}}} before it` };
      top().parts.push({ type: "section", name, parts: closed.parts });
    }
  }
  const rest = text.slice(from);
  if (/\{\{|\}\}/.test(rest)) return stray(rest);
  if (rest !== "") top().parts.push({ type: "words", text: rest });
  const unclosed = top();
  if (open.length > 1) {
    return { ok: false, got: `{{#${unclosed.name}}}`, expected: `{{/${unclosed.name}}} behind it` };
  }
  return { ok: true, parts: unclosed.parts };
}

function stray(words: string): { readonly ok: false; readonly got: string; readonly expected: string } {
  const at = words.search(/\{\{|\}\}/);
  return {
    ok: false,
    got: words.slice(at, at + 40),
    expected: "{{name}}, {{#name}} or {{/name}} with the name of a field",
  };
}

/** The text with what the fields say. */
export function renderTemplateText(parts: readonly TextPart[], values: FormValues): string {
  return parts.map((part) => {
    if (part.type === "words") return part.text;
    const value = Object.hasOwn(values, part.name) ? values[part.name] : undefined;
    if (part.type === "value") return wordsOf(value);
    return saysSomething(value) ? renderTemplateText(part.parts, values) : "";
  }).join("");
}

/** A value as people read it. */
export function wordsOf(value: FormValue | undefined): string {
  if (value === undefined) return "";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "object" ? value.join(", ") : String(value);
}

function saysSomething(value: FormValue | undefined): boolean {
  return value !== undefined && value !== false && value !== "" && !(typeof value === "object" && value.length === 0);
}
