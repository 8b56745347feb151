/**
 * Keys by name, as key maps and people write them: "a", "?", "enter", "ctrl+p", "alt+up", "shift+tab", "f1", "pgdn".
 *
 * @module
 */

/** What a person did. */
export type Press =
  /** A key; `text` is what it types, if anything. */
  | { readonly type: "key"; readonly name: string; readonly text?: string }
  | { readonly type: "paste"; readonly text: string }
  /** The mouse; rows and columns count from 0. */
  | {
    readonly type: "mouse";
    readonly action: "press" | "wheel_up" | "wheel_down";
    readonly row: number;
    readonly column: number;
  };

/** Keys that are not a character. */
export const NAMED_KEYS: readonly string[] = [
  "enter",
  "esc",
  "tab",
  "backspace",
  "delete",
  "insert",
  "space",
  "up",
  "down",
  "left",
  "right",
  "home",
  "end",
  "pgup",
  "pgdn",
  ...Array.from({ length: 12 }, (_, i) => `f${i + 1}`),
];

/** Combinations a terminal cannot tell from another key, or keeps for itself; with what they are instead. */
export const UNUSABLE_KEYS: Readonly<Record<string, string>> = {
  "ctrl+i": "it is Tab for a terminal",
  "ctrl+m": "it is Enter for a terminal",
  "ctrl+j": "it is Enter for a terminal",
  "ctrl+h": "it is Backspace for a terminal",
  "ctrl+[": "it is Esc for a terminal",
  "ctrl+s": "it stops the output of many terminals",
  "ctrl+q": "it resumes the output of many terminals",
  "ctrl+b": "it is the prefix of tmux",
  "ctrl+a": "it is the prefix of screen",
  "ctrl+c": "it clears the line, and twice quits; that cannot be changed",
};

const MODIFIERS = ["ctrl", "alt", "shift"];

/** The name in its one spelling, or undefined when no terminal sends such a key. */
export function parseKeyName(text: string): string | undefined {
  const parts = text.trim() === "+" ? ["+"] : text.trim().split("+");
  const last = parts.pop() ?? "";
  const key = last.length > 1 ? last.toLowerCase() : last;
  const modifiers = parts.map((part) => part.trim().toLowerCase());
  if (modifiers.some((one) => !MODIFIERS.includes(one)) || new Set(modifiers).size < modifiers.length) return undefined;
  const isCharacter = [...key].length === 1 && !/[\p{Cc}\p{Zs}]/u.test(key);
  if (!isCharacter && !NAMED_KEYS.includes(key)) return undefined;
  if (modifiers.includes("ctrl") && isCharacter && !/^[a-z[\]\\^_]$/i.test(key)) return undefined;
  if (modifiers.includes("shift") && isCharacter) return undefined; // "A", not "shift+a"
  const name = modifiers.includes("ctrl") && isCharacter ? key.toLowerCase() : key;
  return [...MODIFIERS.filter((one) => modifiers.includes(one)), name].join("+");
}

/** Whether the key types something: in a line of text it must not do anything else. */
export function isTypingKey(name: string): boolean {
  return [...name].length === 1 || name === "space";
}

/** "Ctrl+P", "Alt+Up", "a": for people. */
export function showKey(name: string): string {
  const parts = name === "+" ? ["+"] : name.split("+");
  return parts.map((part, i) => {
    if (i === parts.length - 1 && [...part].length === 1) return parts.length > 1 ? part.toUpperCase() : part;
    return part.charAt(0).toUpperCase() + part.slice(1);
  }).join("+");
}
