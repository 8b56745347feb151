/**
 * Key maps: the defaults, changed by a file. Every mistake and every conflict is told with its line.
 *
 * @module
 */
import { type ConfigIssue, readYaml, type YamlSource } from "@bzzz/config";
import { nearest } from "@bzzz/cli";
import { isTypingKey, parseKeyName, UNUSABLE_KEYS } from "../core/keys.ts";
import { ACTION_NAMES, type ActionName, ACTIONS, companions, type Scope } from "./actions.ts";
import { DEFAULT_KEYS, VIM_KEYS } from "./defaults.ts";

/** Keys of every action, and the way back. */
export interface Keymap {
  keysOf(action: ActionName): readonly string[];
  /** What `key` does in the first of `scopes` that knows it. */
  actionOf(key: string, scopes: readonly Scope[]): ActionName | undefined;
}

/** The keys nobody changed. */
export function defaultKeymap(options: { readonly vim?: boolean } = {}): Keymap {
  return createKeymap(new Map(ACTION_NAMES.map((action) => [action, withVim(action, options.vim === true)])));
}

/** A text of a key map file, or what is wrong with it. */
export type KeymapResult =
  | { readonly keymap: Keymap; readonly issues: readonly [] }
  | { readonly keymap: undefined; readonly issues: readonly ConfigIssue[] };

/**
 * Reads a key map:
 *
 * ```yaml
 * version: 1
 * vim: true
 * keys:
 *   inbox: alt+i        # one key,
 *   page_up: [pgup, alt+k]  # several,
 *   bare: []            # or none
 * ```
 */
export function parseKeymap(text: string, file: string): KeymapResult {
  const source = readYaml(text, file);
  const reader = new KeymapReader(source, file);
  const keymap = source.issues.length === 0 ? reader.read() : undefined;
  const issues = [...source.issues, ...reader.issues];
  return keymap && issues.length === 0 ? { keymap, issues: [] } : { keymap: undefined, issues };
}

function createKeymap(keys: ReadonlyMap<ActionName, readonly string[]>): Keymap {
  const byScope = new Map<string, ActionName>();
  for (const [action, names] of keys) {
    for (const name of names) byScope.set(`${ACTIONS[action].scope} ${name}`, action);
  }
  return {
    keysOf: (action) => keys.get(action) ?? [],
    actionOf: (key, scopes) => {
      for (const scope of scopes) {
        const action = byScope.get(`${scope} ${key}`);
        if (action) return action;
      }
      return undefined;
    },
  };
}

function withVim(action: ActionName, isVim: boolean): readonly string[] {
  return isVim ? [...DEFAULT_KEYS[action], ...VIM_KEYS[action] ?? []] : DEFAULT_KEYS[action];
}

class KeymapReader {
  readonly issues: ConfigIssue[] = [];
  readonly #source: YamlSource;
  readonly #file: string;

  constructor(source: YamlSource, file: string) {
    this.#source = source;
    this.#file = file;
  }

  read(): Keymap | undefined {
    const root = this.#source.root ?? {};
    if (!isMap(root)) return this.#report([], describe(root), "a map with version, vim and keys");
    for (const key of Object.keys(root)) {
      if (!["version", "vim", "keys"].includes(key)) this.#report([key], `the key "${key}"`, "version, vim or keys");
    }
    const { version = 1, vim = false, keys = {} } = root;
    if (version !== 1) this.#report(["version"], describe(version), "1");
    if (typeof vim !== "boolean") this.#report(["vim"], describe(vim), "true or false");
    if (!isMap(keys)) return this.#report(["keys"], describe(keys), "a map of actions to keys");
    const table = new Map<ActionName, readonly string[]>(
      ACTION_NAMES.map((name) => [name, withVim(name, vim === true)]),
    );
    for (const [name, value] of Object.entries(keys)) {
      const action = ACTION_NAMES.find((one) => one === name);
      if (!action) {
        const guess = nearest(name, ACTION_NAMES);
        this.#report(
          ["keys", name],
          `the action "${name}"`,
          guess ? `did you mean "${guess}"?` : "an action of the list",
        );
        continue;
      }
      table.set(action, this.#keys(action, value));
    }
    this.#findConflicts(table, new Set(Object.keys(keys)));
    return createKeymap(table);
  }

  #keys(action: ActionName, value: unknown): string[] {
    const list = Array.isArray(value) ? value : value === null ? [] : [value];
    return list.flatMap((one: unknown, i) => {
      const path = Array.isArray(value) ? ["keys", action, i] : ["keys", action];
      const name = typeof one === "string" ? parseKeyName(one) : undefined;
      if (name === undefined) {
        this.#report(path, describe(one), 'a key like "a", "enter", "ctrl+p" or "alt+up"');
        return [];
      }
      const why = UNUSABLE_KEYS[name];
      if (why) this.#report(path, `the key "${name}"`, `another key: ${why}`);
      const { scope } = ACTIONS[action];
      if (isTypingKey(name) && (scope === "global" || scope === "input" || scope === "approval" || scope === "form")) {
        this.#report(path, `the key "${name}"`, "a key that types nothing: there is a line of text in this place");
      }
      if (name === "enter" && (action === "approve" || action === "deny_with_note")) {
        this.#report(path, 'the key "enter"', "another key: Enter never decides");
      }
      return [name];
    });
  }

  /** Two actions on one key where both can be meant. Reported where the file says it, with both. */
  #findConflicts(table: ReadonlyMap<ActionName, readonly string[]>, changed: ReadonlySet<string>): void {
    const entries = [...table];
    entries.forEach(([first, firstKeys], i) => {
      for (const [second, secondKeys] of entries.slice(i + 1)) {
        if (!companions(ACTIONS[first].scope).includes(ACTIONS[second].scope)) continue;
        const key = firstKeys.find((name) => secondKeys.includes(name));
        if (key === undefined) continue;
        const [own, other] = changed.has(second) ? [second, first] : [first, second];
        const places = changed.has(other) ? ` (line ${this.#source.keyPositionOf(["keys", other]).line})` : "";
        this.#report(["keys", own], `"${key}" for "${own}"`, `a key that "${other}"${places} does not have already`);
      }
    });
  }

  #report(path: readonly PropertyKey[], got: string, expected: string): undefined {
    const { line, column } = this.#source.positionOf(path);
    this.issues.push({ source: "file", file: this.#file, line, column, keyPath: path.join("."), got, expected });
    return undefined;
  }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function describe(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 80) ?? "nothing";
}
