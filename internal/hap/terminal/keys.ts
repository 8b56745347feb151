import { PASTE_BEGIN, readPaste } from "./paste.ts";

/** A key a person pressed, as the line editor knows it. Whatever else a terminal sends is "unknown". */
export type Key =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "paste"; readonly text: string }
  | { readonly type: KeyName };

type KeyName =
  | "enter"
  | "backspace"
  | "delete"
  | "left"
  | "right"
  | "home"
  | "end"
  | "up"
  | "down"
  | "tab"
  | "kill_to_end"
  | "kill_to_start"
  | "kill_word"
  | "interrupt"
  | "end_of_input"
  | "clear_screen"
  | "unknown";

const CONTROLS: Readonly<Record<string, KeyName>> = {
  "\r": "enter",
  "\n": "enter",
  "\x7f": "backspace",
  "\b": "backspace",
  "\t": "tab",
  "\x01": "home",
  "\x02": "left",
  "\x03": "interrupt",
  "\x04": "end_of_input",
  "\x05": "end",
  "\x06": "right",
  "\x0b": "kill_to_end",
  "\x0c": "clear_screen",
  "\x0e": "down",
  "\x10": "up",
  "\x15": "kill_to_start",
  "\x17": "kill_word",
};

/** After "ESC [" or "ESC O", without parameters. */
const SEQUENCES: Readonly<Record<string, KeyName>> = {
  A: "up",
  B: "down",
  C: "right",
  D: "left",
  H: "home",
  F: "end",
  "1~": "home",
  "7~": "home",
  "3~": "delete",
  "4~": "end",
  "8~": "end",
};

/** Turns the bytes of a terminal in raw mode into keys, however they are cut into chunks. */
export class KeyDecoder {
  readonly #decoder = new TextDecoder();
  #rest = "";

  /** The keys that are complete with this chunk. */
  push(bytes: Uint8Array): Key[] {
    if (bytes.length === 0) return [];
    // A lone ESC was a key of its own unless a sequence goes on now.
    if (this.#rest === "\x1b" && !/^[[O]/.test(String.fromCharCode(bytes[0] ?? 0))) this.#rest = "";
    this.#rest += this.#decoder.decode(bytes, { stream: true });
    const keys: Key[] = [];
    for (let taken = this.#next(keys); taken > 0; taken = this.#next(keys)) this.#rest = this.#rest.slice(taken);
    return keys;
  }

  /** Reads one key off the rest; 0 when it is not complete. */
  #next(keys: Key[]): number {
    const rest = this.#rest;
    if (rest === "") return 0;
    if (rest.startsWith(PASTE_BEGIN)) {
      const paste = readPaste(rest);
      if (paste) keys.push({ type: "paste", text: paste.text });
      return paste?.taken ?? 0;
    }
    const control = CONTROLS[rest.charAt(0)];
    if (control) {
      keys.push({ type: control });
      return rest.startsWith("\r\n") ? 2 : 1;
    }
    if (rest.startsWith("\x1b")) return escapeKey(rest, keys);
    const text = /^[^\p{Cc}]+/u.exec(rest)?.[0];
    if (text === undefined) {
      keys.push({ type: "unknown" });
      return 1;
    }
    keys.push({ type: "text", text });
    return text.length;
  }
}

function escapeKey(rest: string, keys: Key[]): number {
  // deno-lint-ignore no-control-regex -- ESC is what such a sequence begins with
  const match = /^\x1b(?:\[([0-9;?<=>]*)([ -/]*[@-~])|O([@-~])|([^[O]))/.exec(rest);
  if (!match) {
    if (rest.length > 64) keys.push({ type: "unknown" }); // no sequence is this long
    return rest.length > 64 ? 1 : 0;
  }
  const [whole, parameters = "", final = "", single = ""] = match;
  const [first = ""] = parameters.split(";");
  const name = single === "" ? SEQUENCES[final === "~" ? `${first}~` : final] : SEQUENCES[single];
  keys.push({ type: name ?? "unknown" });
  return whole.length;
}
