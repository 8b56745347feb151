import { Places } from "./yaml_places.ts";

/** A file as plain values, and where they stand. */
export interface PlainFile {
  /** Maps have no prototype. */
  readonly root: unknown;
  readonly places: Places;
}

const EMPTY = /^ *(?:#.*)?$/;
/** Without the spaces at its end. */
const LINE = /^( *)([a-z][a-z0-9_]*):(?:( +)(\S.*))?$/;
const QUOTED = /^(?:"([^"\\]*)"|'([^']*)')$/;
const LIST = /^\[ *((?:[\w./:-]+(?: *, *[\w./:-]+)*)?) *\]$/;
const NUMBER = /^(?:0|[1-9][0-9]{0,14})$/;
const WORD = /^(?:[A-Za-z_/][\w./:-]*[\w/]|[A-Za-z_]|\d+\.\d+\.\d+\.\d+)$/;
/** Words that mean something else to YAML, in any case. */
const RESERVED = /^(?:true|false|null)$/i;
/** What is deeper or longer is told by the library's reader. */
const MAX_DEPTH = 8;
const MAX_KEYS = 1_000;
const UNREADABLE = Symbol("left to the library");

interface Level {
  readonly indentation: number;
  readonly map: Record<string, unknown>;
  readonly path: string;
}

/**
 * What the YAML of `text` says, when every line is blank, a comment, or a key with nothing, one number, one word, one quoted text
 * or one list of words: maps by indentation and nothing else. Undefined for every other file, right or wrong, which is the
 * library's. The file that `init` writes is one, and reading it with the library took 10 of the 220 ms of a start; a property test
 * holds the two against each other.
 */
export function readPlain(text: string): PlainFile | undefined {
  const root: Record<string, unknown> = Object.create(null);
  const places = new Places();
  const levels: Level[] = [{ indentation: 0, map: root, path: "" }];
  /** The key before, while nothing is known of its value. */
  let open: { readonly level: Level; readonly name: string; readonly path: string } | undefined;
  for (const [at, content] of text.split(/\r?\n/).entries()) {
    if (EMPTY.test(content)) continue;
    const [, { length: indentation } = "", name, space = "", written] = LINE.exec(withoutEnd(content)) ?? [];
    if (name === undefined || RESERVED.test(name)) return undefined;
    if (levels.length > MAX_DEPTH || places.keys.size === MAX_KEYS) return undefined;
    const here = { line: at + 1, column: indentation + 1 };
    if (open && indentation > open.level.indentation) {
      const map: Record<string, unknown> = Object.create(null);
      open.level.map[open.name] = map;
      levels.push({ indentation, map, path: open.path });
      places.values.set(open.path, here);
    }
    while ((levels.at(-1)?.indentation ?? 0) > indentation) levels.pop();
    const level = levels.at(-1);
    if (level?.indentation !== indentation || name in level.map) return undefined;
    const path = level.path === "" ? name : `${level.path}.${name}`;
    if (places.keys.size === 0) places.values.set("", here);
    places.keys.set(path, here);
    level.map[name] = null;
    open = written === undefined ? { level, name, path } : undefined;
    if (written === undefined) continue;
    const column = indentation + name.length + 1 + space.length + 1;
    const value = valueOf(written);
    if (value === UNREADABLE) return undefined;
    level.map[name] = value;
    places.values.set(path, { line: here.line, column });
    if (Array.isArray(value)) placeItems(places, path, written, { line: here.line, column });
  }
  return places.keys.size === 0 ? undefined : { root, places };
}

/** A pattern for this would look at a long run of spaces once for each of them. */
function withoutEnd(content: string): string {
  let end = content.length;
  while (end > 0 && content[end - 1] === " ") end--;
  return content.slice(0, end);
}

function valueOf(written: string): unknown {
  const quoted = QUOTED.exec(written);
  if (quoted) return quoted[1] ?? quoted[2];
  const list = LIST.exec(written)?.[1];
  if (list === undefined) return scalarOf(written);
  const items = list === "" ? [] : list.split(/ *, */).map(scalarOf);
  return items.includes(UNREADABLE) ? UNREADABLE : items;
}

function scalarOf(written: string): unknown {
  if (written === "true" || written === "false") return written === "true";
  if (NUMBER.test(written)) return Number(written);
  return WORD.test(written) && !RESERVED.test(written) ? written : UNREADABLE;
}

function placeItems(places: Places, path: string, written: string, start: { line: number; column: number }): void {
  for (const [at, { index }] of [...written.matchAll(/[\w./:-]+/g)].entries()) {
    places.values.set(`${path}[${at}]`, { line: start.line, column: start.column + index });
  }
}
