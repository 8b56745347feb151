/**
 * The bytes of a terminal in raw mode as presses of named keys, however they are cut into chunks.
 *
 * @module
 */
import { PASTE_BEGIN, readPaste } from "../../terminal/paste.ts";
import type { Press } from "../core/keys.ts";

/** A lone ESC is a key of its own when nothing followed within this; an Alt combination arrives at once. */
export const ESC_TIMEOUT_MS = 40;
/** No sequence is longer. */
const MAX_SEQUENCE_CHARACTERS = 64;

const CONTROLS: Readonly<Record<string, string>> = {
  "\r": "enter",
  "\n": "enter",
  "\x7f": "backspace",
  "\b": "backspace",
  "\t": "tab",
  "\x00": "ctrl+space",
  "\x1c": "ctrl+\\",
  "\x1d": "ctrl+]",
  "\x1e": "ctrl+^",
  "\x1f": "ctrl+_",
};

/** By the end of a CSI or SS3 sequence, its first parameter included for "~". */
const SEQUENCES: Readonly<Record<string, string>> = {
  A: "up",
  B: "down",
  C: "right",
  D: "left",
  H: "home",
  F: "end",
  Z: "shift+tab",
  P: "f1",
  Q: "f2",
  R: "f3",
  S: "f4",
  "1~": "home",
  "2~": "insert",
  "3~": "delete",
  "4~": "end",
  "5~": "pgup",
  "6~": "pgdn",
  "7~": "home",
  "8~": "end",
  "11~": "f1",
  "12~": "f2",
  "13~": "f3",
  "14~": "f4",
  "15~": "f5",
  "17~": "f6",
  "18~": "f7",
  "19~": "f8",
  "20~": "f9",
  "21~": "f10",
  "23~": "f11",
  "24~": "f12",
};

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Decodes; it keeps what is not complete yet. */
export class KeyDecoder {
  readonly #decoder = new TextDecoder();
  #rest = "";

  /** Whether a key may be complete already: call `flush` when nothing came for `ESC_TIMEOUT_MS`. */
  get isPending(): boolean {
    return this.#rest.startsWith("\x1b") && !this.#rest.startsWith(PASTE_BEGIN);
  }

  /** What is complete with these bytes. */
  push(bytes: Uint8Array): Press[] {
    this.#rest += this.#decoder.decode(bytes, { stream: true });
    const presses: Press[] = [];
    for (let taken = this.#next(presses); taken > 0; taken = this.#next(presses)) this.#rest = this.#rest.slice(taken);
    return presses;
  }

  /** Nothing followed: an ESC was the key itself, and what came behind it are keys of their own. */
  flush(): Press[] {
    if (!this.isPending) return [];
    const rest = this.#rest.slice(1);
    this.#rest = "";
    return [{ type: "key", name: "esc" }, ...this.push(new TextEncoder().encode(rest))];
  }

  /** Reads one press off the rest; 0 when it is not complete. */
  #next(presses: Press[]): number {
    const rest = this.#rest;
    if (rest === "") return 0;
    if (rest.startsWith(PASTE_BEGIN)) {
      const paste = readPaste(rest);
      if (paste) presses.push({ type: "paste", text: paste.text });
      return paste?.taken ?? 0;
    }
    if (rest.startsWith("\x1b")) return escapeSequence(rest, presses);
    const control = CONTROLS[rest.charAt(0)];
    if (control) {
      presses.push({ type: "key", name: control });
      return rest.startsWith("\r\n") ? 2 : 1;
    }
    const code = rest.charCodeAt(0);
    if (code < 0x20) {
      presses.push({ type: "key", name: `ctrl+${String.fromCharCode(code + 0x60)}` });
      return 1;
    }
    const text = /^[^\p{Cc}]+/u.exec(rest)?.[0];
    if (text === undefined) return 1; // C1: no key
    for (const { segment } of segmenter.segment(text)) {
      presses.push({ type: "key", name: segment === " " ? "space" : segment, text: segment });
    }
    return text.length;
  }
}

// deno-lint-ignore no-control-regex -- ESC is what such a sequence begins with
const SEQUENCE = /^\x1b(?:\[([0-9;?<=>:]*)([ -/]*[@-~])|O([@-~]))/;

function escapeSequence(rest: string, presses: Press[]): number {
  const match = SEQUENCE.exec(rest);
  if (match) {
    const [whole, parameters = "", final = "", single = ""] = match;
    const press = parameters.startsWith("<") ? mouse(parameters, final) : named(parameters, final || single);
    if (press) presses.push(press);
    return whole.length;
  }
  if ("[O".includes(rest.charAt(1)) && rest.length > 1) return rest.length <= MAX_SEQUENCE_CHARACTERS ? 0 : 1;
  if (rest.length < 2) return 0;
  const next = rest.slice(1);
  if (next.startsWith("\x1b")) {
    presses.push({ type: "key", name: "esc" });
    return 1;
  }
  return alt(next, presses);
}

/** ESC and a key is Alt and that key. */
function alt(next: string, presses: Press[]): number {
  const control = CONTROLS[next.charAt(0)];
  const code = next.charCodeAt(0);
  if (control) presses.push({ type: "key", name: `alt+${control}` });
  else if (code < 0x20) presses.push({ type: "key", name: `ctrl+alt+${String.fromCharCode(code + 0x60)}` });
  else {
    for (const { segment } of segmenter.segment(next)) {
      presses.push({ type: "key", name: `alt+${segment === " " ? "space" : segment}` });
      return 1 + segment.length;
    }
  }
  return 2;
}

/** xterm's way: a second parameter of 1 + shift 1 + alt 2 + ctrl 4. */
function named(parameters: string, final: string): Press | undefined {
  const [first = "", second = ""] = parameters.split(";");
  const name = SEQUENCES[final === "~" ? `${first}~` : final];
  if (name === undefined) return undefined;
  const bits = Math.max(0, Number.parseInt(second || "1", 10) - 1) || 0;
  const modifiers = [bits & 4 ? "ctrl" : "", bits & 2 ? "alt" : "", bits & 1 ? "shift" : ""].filter((one) =>
    one !== ""
  );
  if (modifiers.length === 0 || name.includes("+")) return { type: "key", name };
  return { type: "key", name: [...modifiers, name].join("+") };
}

function mouse(parameters: string, final: string): Press | undefined {
  const [button = NaN, column = NaN, row = NaN] = parameters.slice(1).split(";").map(Number);
  if (![button, column, row].every(Number.isInteger) || final !== "M") return undefined;
  const action = button === 64 ? "wheel_up" : button === 65 ? "wheel_down" : button === 0 ? "press" : undefined;
  return action && { type: "mouse", action, row: row - 1, column: column - 1 };
}
