import { z } from "zod";
import { toCamel } from "./codec.ts";
import { describeValue, printable } from "./issues.ts";
import { listKeys } from "./keys.ts";
import type { ConfigOrigin } from "./load.ts";
import { type Config, CONFIG_PROFILES, type ConfigProfile } from "./profiles.ts";
import { valueAt } from "./tree.ts";

/** What one key is in one program. */
export interface ConfigKeyUse {
  readonly program: string;
  /** The default; undefined when the key may be absent. */
  readonly fallback: unknown;
  /** Completes "expected …". */
  readonly expected: string;
  readonly description: string;
}

/** One key, as the programs that know it see it. */
export interface ConfigKeyDescription {
  /** Dotted, snake_case. */
  readonly key: string;
  readonly unit: string | undefined;
  /** Variables that set it; none for a key that describes the file itself. */
  readonly variables: readonly string[];
  readonly uses: readonly ConfigKeyUse[];
}

/** Every key of the given programs, made from their schemas, in the order of the file. */
export function describeConfig(
  profiles: readonly ConfigProfile[] = Object.values(CONFIG_PROFILES),
): readonly ConfigKeyDescription[] {
  const rows = new Map<string, ConfigKeyDescription>();
  for (const profile of profiles) {
    for (const { key, fallback, meta, variables } of listKeys(profile.createSchema(profile.defaults)).keys) {
      const use: ConfigKeyUse = {
        program: profile.program,
        fallback,
        expected: meta.expected,
        description: meta.description,
      };
      const row = rows.get(key);
      rows.set(key, { key, unit: meta.unit, variables, uses: [...row?.uses ?? [], use] });
    }
  }
  return [...rows.values()];
}

/** The JSON Schema (draft 2020-12) of a program's file, for editors. */
export function configJsonSchema(profile: ConfigProfile): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(profile.createSchema(profile.defaults).schema(), {
    io: "input",
    override: ({ jsonSchema }) => {
      for (const word of ["kind", "expected", "item", "unit", "choices", "hint", "fileOnly", "members"]) {
        delete jsonSchema[word];
      }
    },
  });
  return { title: `Configuration of ${profile.program}`, ...schema };
}

/** The effective configuration with the source of each value: a table, or with `json` an array of {key, value, source, where}. */
export function renderOrigins(
  config: Config,
  origins: ReadonlyMap<string, ConfigOrigin>,
  options: { readonly json: boolean },
): string {
  const rows = [...origins].map(([key, { source, where }]) => {
    const value: unknown = valueAt(config, key.split(".").map(toCamel));
    return { key, value: value ?? null, source, where };
  });
  if (options.json) return JSON.stringify(rows, null, 2);
  const cells = rows.map(({ key, value, where }) => [key, cellText(value), where] as const);
  const keyWidth = Math.max(...cells.map(([key]) => key.length));
  const valueWidth = Math.min(40, Math.max(...cells.map(([, value]) => value.length)));
  return cells.map(([key, value, where]) => `${key.padEnd(keyWidth)}  ${value.padEnd(valueWidth)}  ${where}`).join(
    "\n",
  );
}

function cellText(value: unknown): string {
  if (value === null) return "-";
  return typeof value === "object" ? printable(JSON.stringify(value), 200) : describeValue(value).replaceAll('"', "");
}
