import { BzzzError } from "@bzzz/base";
import type { LoadedConfig } from "./load.ts";

/** One thing that is wrong with the configuration, said so that it can be mended without reading code. */
export interface ConfigIssue {
  readonly source: "file" | "env" | "flag";
  /** Where: the path of the file, "environment variable BZZZ_…" or "flag …". */
  readonly file: string;
  /** From 1; undefined when the place has no lines, or when the whole file is meant. */
  readonly line: number | undefined;
  /** From 1, in characters. */
  readonly column: number | undefined;
  /** Dotted key, with [n] for elements of lists; "" when the whole file is meant. */
  readonly keyPath: string;
  /** What was found, quoted and capped. Never the value of an unknown key: it may be a secret. */
  readonly got: string;
  readonly expected: string;
  readonly suggestion?: string;
}

/** Missing: a named file does not exist. Unreadable: it cannot be read as text. Invalid: what it or another source says. */
export type ConfigErrorCode = "config_invalid" | "config_unreadable" | "config_missing";

/** The configuration cannot be used. `issues` has every problem that was found, at least one. */
export class ConfigError extends BzzzError<ConfigErrorCode> {
  readonly issues: readonly ConfigIssue[];
  /**
   * What could be read all the same, to judge it together with another one: keys with a problem have the value of their
   * default. Undefined when nothing can be said of the file as a whole.
   */
  readonly readable: LoadedConfig | undefined;

  constructor(
    code: ConfigErrorCode,
    file: string,
    issues: readonly ConfigIssue[],
    { readable, ...options }: { cause?: unknown; readable?: LoadedConfig | undefined } = {},
  ) {
    const first = issues[0];
    const state = code !== "config_invalid"
      ? first?.got ?? "no reason is known"
      : `${issues.length} ${issues.length === 1 ? "problem" : "problems"} found, the first at ${
        first?.keyPath || "its start"
      }`;
    super(code, `Cannot load configuration "${printable(file)}": ${state}`, {
      details: { file: printable(file), problems: issues.length },
      ...options,
    });
    this.issues = issues;
    this.readable = readable;
  }
}

/** Problems beyond this number are counted, not listed: a file of the wrong kind has one per line. */
export const MAX_ISSUES = 100;

const MAX_VALUE_CHARS = 80;

/** Text of unknown origin for one line of output: controls and direction marks escaped, capped. */
export function printable(text: string, maxChars: number = 4 * MAX_VALUE_CHARS): string {
  const capped = text.length > maxChars ? `${text.slice(0, maxChars)}…` : text;
  if (/^[ -~]*$/.test(capped)) return capped; // as nearly all are, without compiling the classes below
  return capped.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu,
    (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/** A value as found, for "got". */
export function describeValue(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (typeof value === "string") return `"${printable(value, MAX_VALUE_CHARS)}"`;
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : `a list of ${value.length}`;
  if (typeof value === "object") return "a map";
  return printable(String(value), MAX_VALUE_CHARS);
}

/** "file:line:column", as editors and terminals understand it. */
export function placeText(place: Pick<ConfigIssue, "file" | "line" | "column">): string {
  const file = printable(place.file);
  return place.line === undefined ? file : `${file}:${place.line}:${place.column ?? 1}`;
}

/** The issues as text for people, one paragraph each, without a final line break. */
export function formatIssues(issues: readonly ConfigIssue[]): string {
  return issues.map((issue) => {
    const head = issue.keyPath === "" ? placeText(issue) : `${placeText(issue)}: ${printable(issue.keyPath)}`;
    const lines = [head, `  found     ${issue.got}`, `  expected  ${issue.expected}`];
    if (issue.suggestion !== undefined) lines.push(`  try       ${issue.suggestion}`);
    return lines.join("\n");
  }).join("\n");
}

/** The first `MAX_ISSUES`, and a last one that counts the rest. */
export function capIssues(issues: readonly ConfigIssue[]): readonly ConfigIssue[] {
  const [first] = issues;
  if (first === undefined || issues.length <= MAX_ISSUES) return issues;
  const { source, file } = first;
  const rest = issues.length - MAX_ISSUES;
  return [
    ...issues.slice(0, MAX_ISSUES),
    { source, file, line: undefined, column: undefined, keyPath: "", got: `${rest} more problems`, expected: "none" },
  ];
}
