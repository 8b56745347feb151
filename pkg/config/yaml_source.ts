import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
} from "yaml";
import type { ConfigIssue } from "./issues.ts";
import { describeValue, printable } from "./issues.ts";
import { pathText } from "./keys.ts";
import { Places, type Position } from "./yaml_places.ts";
import { readPlain } from "./yaml_plain.ts";

/** A file as plain values that remember where they stood. */
export interface YamlSource {
  /** Maps have no prototype. Undefined for an empty file. */
  readonly root: unknown;
  readonly issues: readonly ConfigIssue[];
  /** Place of the value at a path; of the nearest thing around it when there is none. */
  positionOf(path: readonly PropertyKey[]): Position;
  /** Place of the name of a key. */
  keyPositionOf(path: readonly PropertyKey[]): Position;
}

/** Values a file may have, aliases expanded: this is what bounds a "billion laughs". A real file has some fifty. */
const MAX_NODES = 50_000;
const MAX_DEPTH = 16;
const MAX_SYNTAX_ISSUES = 20;

/**
 * Reads YAML 1.2 (core schema) without ever throwing. Duplicate keys, unknown tags, several documents, keys that are not text
 * and self-referring aliases are issues. Duplicates are found here because the library's own check takes quadratic time
 * (17 s for 40,000 keys).
 */
export function readYaml(text: string, file: string): YamlSource {
  const plain = readPlain(text);
  if (!plain) return readByLibrary(text, file);
  const { root, places } = plain;
  return {
    root,
    issues: [],
    positionOf: (path) => places.positionOf(path),
    keyPositionOf: (path) => places.keyPositionOf(path),
  };
}

/** The same for every file, as the library reads it. */
export function readByLibrary(text: string, file: string): YamlSource {
  const lines = new LineCounter();
  const reader = new Reader(file, lines);
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: false,
      version: "1.2",
      schema: "core",
      // "silent" would also silence the complaint about a second document.
      logLevel: "error",
    });
    reader.read(document);
  } catch (error) {
    // Deep nesting can exhaust the stack of the library.
    if (!(error instanceof RangeError)) throw error;
    reader.report([], { line: 1, column: 1 }, "nesting without end", `at most ${MAX_DEPTH} levels`);
  }
  return reader;
}

class BudgetExceeded extends Error {}

class Reader implements YamlSource {
  root: unknown;
  readonly issues: ConfigIssue[] = [];
  readonly #file: string;
  readonly #lines: LineCounter;
  readonly #places = new Places();
  readonly #anchors = new Map<string, Node>();
  readonly #open = new Set<Node>();
  #nodes = 0;

  constructor(file: string, lines: LineCounter) {
    this.#file = file;
    this.#lines = lines;
  }

  positionOf(path: readonly PropertyKey[]): Position {
    return this.#places.positionOf(path);
  }

  keyPositionOf(path: readonly PropertyKey[]): Position {
    return this.#places.keyPositionOf(path);
  }

  report(path: readonly PropertyKey[], at: Position, got: string, expected: string, suggestion?: string): void {
    this.issues.push({
      source: "file",
      file: this.#file,
      line: at.line,
      column: at.column,
      keyPath: pathText(path),
      got,
      expected,
      ...(suggestion === undefined ? {} : { suggestion }),
    });
  }

  read(document: Document.Parsed): void {
    const { explicit, version } = document.directives.yaml;
    if (explicit === true && version !== "1.2") {
      this.report([], { line: 1, column: 1 }, `the directive %YAML ${version}`, "YAML 1.2, without a directive");
    }
    for (const problem of [...document.errors, ...document.warnings].slice(0, MAX_SYNTAX_ISSUES)) {
      const { got, expected } = syntaxProblem(problem.code, problem.message);
      this.report([], this.#at(problem.pos[0]), got, expected);
    }
    if (this.issues.length > 0) return;
    try {
      this.root = this.#value(document.contents, [], undefined);
    } catch (error) {
      if (!(error instanceof BudgetExceeded)) throw error;
      this.root = undefined;
    }
  }

  #at(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }

  #value(node: Node | null, path: readonly PropertyKey[], outer: Position | undefined): unknown {
    // What stands behind an alias is reported where the alias is.
    const at = outer ?? (node?.range ? this.#at(node.range[0]) : undefined);
    if (at !== undefined && !(isScalar(node) && node.value === null && path.length > 0)) {
      this.#places.values.set(pathText(path), at);
    }
    const here = at ?? this.positionOf(path);
    if (++this.#nodes > MAX_NODES) {
      this.#give(path, here, `more than ${MAX_NODES} values`, "fewer values, aliases expanded");
    }
    if (path.length > MAX_DEPTH) this.#give(path, here, "deep nesting", `at most ${MAX_DEPTH} levels`);
    if (outer === undefined && node !== null && !isAlias(node) && node.anchor !== undefined) {
      this.#anchors.set(node.anchor, node);
    }
    if (isAlias(node)) return this.#alias(node, path, here);
    if (isScalar(node)) return node.value;
    if (isSeq(node)) {
      return node.items.map((item, index) => this.#value(item as Node | null, [...path, index], outer));
    }
    return isMap(node) ? this.#map(node, path, outer) : undefined;
  }

  #map(
    node: { readonly items: readonly { readonly key: unknown; readonly value: unknown }[] },
    path: readonly PropertyKey[],
    outer: Position | undefined,
  ): unknown {
    const out: Record<string, unknown> = Object.create(null);
    const seen = new Map<string, Position>();
    for (const pair of node.items) {
      const at = outer ?? (hasRange(pair.key) ? this.#at(pair.key.range[0]) : this.positionOf(path));
      const name = isScalar(pair.key) ? pair.key.value : undefined;
      if (typeof name !== "string") {
        this.report(path, at, `a key that is ${describeValue(name)}`, "the name of a key");
        continue;
      }
      const childPath = [...path, name];
      const first = seen.get(name);
      if (first !== undefined) {
        this.report(childPath, at, "the key a second time", `one value; the first is on line ${first.line}`);
        continue;
      }
      seen.set(name, at);
      this.#places.keys.set(pathText(childPath), at);
      out[name] = this.#value(pair.value as Node | null, childPath, outer);
    }
    return out;
  }

  #alias(alias: Alias, path: readonly PropertyKey[], at: Position): unknown {
    const target = this.#anchors.get(alias.source);
    if (target === undefined || this.#open.has(target)) {
      const state = target === undefined ? "no anchor before it" : "its own value in it";
      this.report(path, at, `the alias *${printable(alias.source)} with ${state}`, "an alias of an earlier anchor");
      return undefined;
    }
    this.#open.add(target);
    try {
      return this.#value(target, path, at);
    } finally {
      this.#open.delete(target);
    }
  }

  #give(path: readonly PropertyKey[], at: Position, got: string, expected: string): never {
    this.report(path.slice(0, MAX_DEPTH), at, got, expected);
    throw new BudgetExceeded();
  }
}

function hasRange(value: unknown): value is { readonly range: readonly [number, number, number] } {
  return typeof value === "object" && value !== null && "range" in value && Array.isArray(value.range);
}

function syntaxProblem(code: string, message: string): { readonly got: string; readonly expected: string } {
  switch (code) {
    case "TAB_AS_INDENT":
      return { got: "a tab as indentation", expected: "spaces" };
    case "MULTIPLE_DOCS":
      return { got: "a second document", expected: "one YAML document" };
    case "TAG_RESOLVE_FAILED":
      return { got: printable(message), expected: "values without tags" };
    default:
      // The library's own words when its stack ran out.
      if (/call stack/i.test(message)) return { got: "nesting without end", expected: `at most ${MAX_DEPTH} levels` };
      return { got: `text that is not YAML: ${printable(message)}`, expected: "YAML 1.2" };
  }
}
