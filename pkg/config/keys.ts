import type { ConfigField, ConfigSectionLike } from "./members.ts";
import { isSection } from "./members.ts";

/** One key that can be set: a leaf of the file. */
export interface ConfigKey extends ConfigField {
  /** Dotted, snake_case: "ports.http_port". */
  readonly key: string;
  readonly path: readonly string[];
  /** Variables that set it, the derived name first; none for a key that describes the file itself. */
  readonly variables: readonly string[];
}

/** Short names of the specification (section 11.2) and of BZZZ before it, beside the derived ones. */
const VARIABLE_ALIASES: Readonly<Record<string, readonly string[]>> = {
  "logging.level": ["BZZZ_LOG_LEVEL"],
  "interface.editor": ["BZZZ_EDITOR"],
};

/** "ports.http_port" is set by BZZZ_PORTS_HTTP_PORT. */
export function variableName(key: string): string {
  return `BZZZ_${key.replaceAll(".", "_").toUpperCase()}`;
}

/** The keys of a schema in the order of the file, and the names of its sections. */
export interface ConfigKeys {
  readonly keys: readonly ConfigKey[];
  /** Dotted names of the sections, "" for the top level. */
  readonly sections: ReadonlyMap<string, readonly string[]>;
}

/** Walks a file made of `section` and the field makers; nothing about keys is written down a second time. */
export function listKeys(file: ConfigSectionLike): ConfigKeys {
  const keys: ConfigKey[] = [];
  const sections = new Map<string, readonly string[]>();
  const walk = (member: ConfigField | ConfigSectionLike, path: readonly string[]): void => {
    const key = path.join(".");
    if (isSection(member)) {
      sections.set(key, Object.keys(member.members));
      for (const [name, child] of Object.entries(member.members)) walk(child, [...path, name]);
      return;
    }
    const variables = member.meta.fileOnly === true ? [] : [variableName(key), ...(VARIABLE_ALIASES[key] ?? [])];
    keys.push({ ...member, key, path, variables });
  };
  walk(file, []);
  return { keys, sections };
}

/**
 * The value a variable or a textual flag means for `key`. What cannot be one is returned as the text it is: the schema then
 * refuses it with the same words as in the file. Nothing is guessed: 8080 is a number, " 8080", 8080.0 and "yes" are not values.
 */
export function valueOfText(key: ConfigKey, text: string): unknown {
  switch (key.meta.kind) {
    case "integer":
      return /^-?[0-9]{1,16}$/.test(text) ? Number(text) : text;
    case "boolean":
      return text === "true" ? true : text === "false" ? false : text;
    case "list":
      return text.trim() === "" ? [] : text.split(",").map((item) => item.trim());
    case "json":
      return parseJson(text);
    case "text":
      return text;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A path as text: "executor.process.commands[0].argv". */
export function pathText(path: readonly PropertyKey[]): string {
  let out = "";
  for (const part of path) {
    if (typeof part === "number") out += `[${part}]`;
    else out += out === "" ? String(part) : `.${String(part)}`;
  }
  return out;
}
