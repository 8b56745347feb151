import type { z } from "zod";
import { type ConfigIssue, describeValue } from "./issues.ts";
import { type ConfigKey, type ConfigKeys, pathText } from "./keys.ts";
import type { ConfigSectionLike } from "./members.ts";
import { nearest, suggestChoice, suggestKey } from "./suggest.ts";

/** Where a value came from. */
export interface Place {
  readonly source: "file" | "env" | "flag";
  readonly file: string;
  readonly line: number | undefined;
  readonly column: number | undefined;
}

/** What the layers need to know of the program whose configuration is read. */
export interface LayerContext {
  readonly known: ConfigKeys;
  readonly file: ConfigSectionLike;
  readonly program: string;
  readonly binaryType: string;
  readonly others: {
    /** Keys that only other programs have, and their variables. */
    readonly names: () => ReadonlySet<string>;
    /** Names of the other programs by `binary_type`. */
    readonly programs: ReadonlyMap<string, string>;
  };
}

/** The issue for a value zod refused: our words where a field maker wrote them, the key's own otherwise. */
export function badValue(
  issue: Pick<z.core.$ZodIssue, "code" | "path" | "message">,
  value: unknown,
  place: Place,
  known: ConfigKeys,
): ConfigIssue {
  const key = known.keys.find(({ path }) => path.every((part, index) => issue.path[index] === part));
  const depth = issue.path.length - (key?.path.length ?? 0);
  // Text that should have been JSON is not repeated: it is long, and half a command line may say too much.
  const isBrokenJson = key?.meta.kind === "json" && depth === 0 && typeof value === "string";
  const got = isBrokenJson ? "text that is not a list of maps" : describeValue(value);
  const base = { ...place, keyPath: pathText(issue.path), got };
  if (key === undefined) return notAMap(issue.path, value, place);
  const expected = issue.code === "custom" || depth > 1
    ? issue.message
    : (depth === 0 ? key.meta.expected : key.meta.item ?? key.meta.expected);
  const unit = depth === 0 && key.meta.unit !== undefined && !expected.includes(key.meta.unit)
    ? ` (${key.meta.unit})`
    : "";
  const suggestion = suggestValue(key, value, depth);
  return { ...base, expected: `${expected}${unit}`, ...(suggestion === undefined ? {} : { suggestion }) };
}

/** The issue for a section that is a list or one value. */
export function notAMap(path: readonly PropertyKey[], value: unknown, place: Place): ConfigIssue {
  return { ...place, keyPath: pathText(path), got: describeValue(value), expected: "a map of settings" };
}

function suggestValue(key: ConfigKey, value: unknown, depth: number): string | undefined {
  const isScalar = typeof value === "string" || typeof value === "boolean";
  const hint = depth <= 1 && isScalar ? key.meta.hint?.(String(value)) : undefined;
  if (hint !== undefined) return hint;
  if (depth > 0) return undefined;
  if (key.meta.choices !== undefined) return suggestChoice(value, key.meta.choices);
  if (key.meta.kind === "integer" && typeof value === "string" && /^[0-9]{1,16}$/.test(value)) {
    return `write ${value} without quotes`;
  }
  if (key.meta.kind === "list" && typeof value === "string") return `write [${JSON.stringify(value)}]`;
  return key.meta.kind === "text" && typeof value === "number" ? `write "${value}" in quotes` : undefined;
}

/** The issue for a key the schema does not have. Its value is not looked at: it may be a secret. */
export function unknownKey(path: readonly PropertyKey[], place: Place, context: LayerContext): ConfigIssue {
  const name = String(path.at(-1));
  const parent = pathText(path.slice(0, -1));
  const container = context.known.keys.find(({ path: keyPath }) =>
    keyPath.every((part, index) => path[index] === part)
  );
  const base = { ...place, keyPath: pathText(path), got: `an unknown key ${describeValue(name)}` };
  if (container?.meta.members !== undefined) {
    const near = nearest(name, container.meta.members);
    const issue: ConfigIssue = { ...base, expected: `one of ${container.meta.members.join(", ")}` };
    return near === undefined ? issue : withHint(issue, `did you mean ${near}?`);
  }
  const siblings = context.known.sections.get(parent);
  const dotted = pathText(path);
  const ofOther = [...context.others.names()].some((key) => key === dotted || key.startsWith(`${dotted}.`));
  const suggestion = suggestKey(name, parent, context.known, ofOther);
  const issue: ConfigIssue = {
    ...base,
    expected: siblings ? `one of ${siblings.join(", ")}` : `a key of ${context.program}`,
  };
  return suggestion === undefined ? issue : withHint(issue, suggestion);
}

/** The issue with a suggestion. */
export function withHint(issue: ConfigIssue, suggestion: string): ConfigIssue {
  return { ...issue, suggestion };
}
