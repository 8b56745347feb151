import { stringify } from "yaml";
import { type ConfigKey, listKeys } from "./keys.ts";
import type { ConfigSectionLike } from "./members.ts";
import { parseConfig } from "./load.ts";
import type { ConfigProfile } from "./profiles.ts";

const WIDTH = 100;

/**
 * A complete, commented file for a program, made from its schema: every key with its default or with its value in `values`
 * (dotted keys). Keys that may be absent are commented out unless a value is given. Loading it gives exactly these values.
 *
 * @throws ConfigError config_invalid when a value is not legal.
 */
export function renderExampleConfig<S extends ConfigSectionLike>(
  profile: ConfigProfile<S>,
  values: Readonly<Record<string, unknown>> = {},
): string {
  const { keys } = listKeys(profile.createSchema(profile.defaults));
  const lines = [
    `# Configuration of ${profile.program}. Flags go over BZZZ_* variables, those over this file, this file over defaults.`,
    "# Every key is written with its default, unless it was chosen. Secrets have no place here: keys and tokens are",
    "# files of their own in the data directory. docs/configuration.md has the same text for both programs.",
  ];
  let open: readonly string[] = [];
  for (const key of keys) {
    const sections = key.path.slice(0, -1);
    const shared = sharedLength(open, sections);
    for (let depth = shared; depth < sections.length; depth++) {
      lines.push(...(depth === 0 ? [""] : []), `${indent(depth)}${sections[depth]}:`);
    }
    if (sections.length === 0) lines.push("");
    open = sections;
    lines.push(...renderKey(key, values[key.key]));
  }
  const text = `${lines.join("\n")}\n`;
  const unknown = Object.fromEntries(Object.entries(values).filter(([name]) => !keys.some(({ key }) => key === name)));
  parseConfig({ profile, text, file: `example for ${profile.program}`, env: {}, flags: unknown });
  return text;
}

function renderKey(key: ConfigKey, given: unknown): readonly string[] {
  const { description, expected, unit } = key.meta;
  const pad = indent(key.path.length - 1);
  const about = key.meta.choices?.length === 1
    ? description
    : `${description} Expected: ${expected}${unit ? ` (${unit})` : ""}.`;
  const comment = wrap(about, WIDTH - pad.length - 2).map((line) => `${pad}# ${line}`);
  const value = given === undefined ? key.fallback : given;
  const name = key.path.at(-1) ?? "";
  if (value === undefined) return [...comment, `${pad}# ${name}:`];
  return [...comment, ...renderValue(name, value).map((line) => `${pad}${line}`)];
}

function renderValue(name: string, value: unknown): readonly string[] {
  const isFlat = Array.isArray(value) && value.every((item) => typeof item !== "object");
  const text = stringify({ [name]: value }, {
    version: "1.2",
    collectionStyle: isFlat ? "flow" : "any",
    flowCollectionPadding: false,
    // One line per scalar, so that lines can be indented without touching what is in them.
    lineWidth: 0,
    blockQuote: false,
    doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER,
  }).replace(/\n$/, "");
  // Of a map in flow style only the inside is wanted: {key: [a, b]} → key: [a, b].
  return (isFlat ? text.slice(1, -1) : text).split("\n");
}

function indent(depth: number): string {
  return "  ".repeat(depth);
}

function sharedLength(a: readonly string[], b: readonly string[]): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}

function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return line === "" ? lines : [...lines, line];
}
