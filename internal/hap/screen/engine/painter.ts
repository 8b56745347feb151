/**
 * Frames as bytes for a terminal: only the rows that changed, each piece at its own column.
 *
 * @module
 */
import { displayWidth, sanitiseText } from "@bzzz/cli";
import type { Line } from "../core/cells.ts";
import type { Frame, Size } from "../core/frame.ts";
import type { Theme } from "./theme.ts";

/** What the alternate screen is entered and left with; leaving twice is harmless. */
export const ENTER = "\x1b[22;0t\x1b[?1049h\x1b[?2004h\x1b[?1000h\x1b[?1006h\x1b[H\x1b[2J";
/** The opposite, and everything else a program may have left behind. */
export const LEAVE = "\x1b[?2026l\x1b[?1006l\x1b[?1000l\x1b[?2004l\x1b[0m\x1b[?25h\x1b[?1049l\x1b[23;0t";

/** Everything in between is shown at once by terminals that know it; others do not see it (synchronised output). */
const BEGIN = "\x1b[?2026h\x1b[?25l";
const END = "\x1b[?2026l";

const ASCII = /^[\x20-\x7e]*$/;
const CONTROL = /\p{Cc}/u;

/** Draws frames; it remembers the one before and writes only what is different. */
export class Painter {
  #theme: Theme;
  #rows: string[] = [];
  #size: Size = { columns: 0, rows: 0 };
  #cursor = "";

  constructor(theme: Theme) {
    this.#theme = theme;
  }

  /** Other colours from the next frame on, which draws everything. */
  setTheme(theme: Theme): void {
    this.#theme = theme;
    this.forget();
  }

  /** The next frame draws everything: the screen was cleared or spoiled. */
  forget(): void {
    this.#rows = [];
    this.#cursor = "";
    this.#size = { columns: 0, rows: 0 };
  }

  /** What to write so that the terminal shows `frame`; "" when it does already. */
  paint(frame: Frame, size: Size): string {
    const isNew = size.columns !== this.#size.columns || size.rows !== this.#size.rows;
    const rows = Array.from({ length: size.rows }, (_, i) => this.#row(frame.lines[i] ?? [], size.columns));
    let out = isNew ? "\x1b[0m\x1b[2J" : "";
    rows.forEach((row, i) => {
      if (isNew || row !== this.#rows[i]) out += `\x1b[${i + 1};1H${row}`;
    });
    const { cursor } = frame;
    const place = cursor ? `\x1b[${cursor.row + 1};${cursor.column + 1}H\x1b[?25h` : "\x1b[?25l";
    if (out === "" && place === this.#cursor) return "";
    this.#rows = rows;
    this.#size = size;
    this.#cursor = place;
    return `${BEGIN}${out}${place}${END}`;
  }

  /**
   * Terminals disagree about the width of emoji and of many scripts. After everything that is not ASCII the cursor is put where the
   * layout has it, so that a disagreement moves nothing behind it.
   */
  #row(spans: Line, columns: number): string {
    let out = "";
    let at = 0;
    let style = "";
    for (const part of spans) {
      const text = CONTROL.test(part.text) ? sanitiseText(part.text).replaceAll("\n", " ") : part.text;
      const width = displayWidth(text);
      if (text === "" || at + width > columns) continue;
      const next = this.#theme[part.style];
      if (next !== style) {
        out += next === "" ? "\x1b[0m" : `\x1b[0;${next}m`;
        style = next;
      }
      out += text;
      at += width;
      if (!ASCII.test(text) && at < columns) out += `\x1b[${at + 1}G`;
    }
    if (style !== "") out += "\x1b[0m";
    return at < columns ? `${out}\x1b[K` : out;
  }
}
