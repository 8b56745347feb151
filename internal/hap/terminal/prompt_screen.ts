import { displayWidth } from "@bzzz/cli";
import type { EditorState } from "./line_editor.ts";
import type { Terminal } from "./terminal.ts";

const ERASE_LINE = "\r\x1b[K";

interface Prompt {
  readonly label: string;
  readonly line: Pick<EditorState, "text" | "cursor">;
}

/**
 * The last line of the terminal is the prompt; everything else goes above it. Where a line can be redrawn, it is taken away and put back;
 * elsewhere the text goes on a line of its own and the prompt is written again below it, so that what is being typed is never torn apart.
 */
export class PromptScreen {
  readonly #terminal: Pick<Terminal, "write" | "writeTalk" | "canRedraw" | "columns">;
  #prompt: Prompt | undefined;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(terminal: Pick<Terminal, "write" | "writeTalk" | "canRedraw" | "columns">) {
    this.#terminal = terminal;
  }

  /** Lines of text; a line break is added when the last one lacks it. */
  print(text: string, options: { isTalk?: boolean } = {}): Promise<void> {
    return this.#queue(() => {
      const body = text.endsWith("\n") ? text : `${text}\n`;
      if (!this.#prompt) return options.isTalk ? this.#terminal.writeTalk(body) : this.#terminal.write(body);
      const away = this.#terminal.canRedraw ? ERASE_LINE : "\n";
      return this.#terminal.write(away + body + this.#drawn(this.#prompt));
    });
  }

  /** Text as it is, while there is no prompt: the output of a command, BEL. */
  raw(text: string): Promise<void> {
    return this.#queue(() => this.#terminal.write(text));
  }

  /** Shows the prompt, or what changed in its line. */
  show(label: string, line: Pick<EditorState, "text" | "cursor">): Promise<void> {
    return this.#queue(() => {
      const old = this.#prompt;
      this.#prompt = { label, line };
      if (!old || this.#terminal.canRedraw || old.label !== label) {
        return this.#terminal.write(this.#drawn(this.#prompt));
      }
      return this.#terminal.write(appended(old.line.text, line.text) ?? `\n${this.#drawn(this.#prompt)}`);
    });
  }

  /** Ends the prompt's line; what comes next begins on a new one. */
  leave(line: Pick<EditorState, "text">, mark = ""): Promise<void> {
    return this.#queue(() => {
      const prompt = this.#prompt;
      this.#prompt = undefined;
      if (!prompt) return Promise.resolve();
      const whole = { label: prompt.label, line: { text: line.text, cursor: line.text.length } };
      return this.#terminal.write(`${this.#terminal.canRedraw ? this.#drawn(whole) : ""}${mark}\n`);
    });
  }

  /** Empties the screen, where that is possible. */
  clear(): Promise<void> {
    return this.#queue(() => {
      if (!this.#terminal.canRedraw) return Promise.resolve();
      return this.#terminal.write(`\x1b[H\x1b[2J${this.#prompt ? this.#drawn(this.#prompt) : ""}`);
    });
  }

  #queue(write: () => Promise<void>): Promise<void> {
    const result = this.#tail.then(write);
    this.#tail = result.catch(() => {}); // the caller has the failure; the next write finds out for itself
    return result;
  }

  #drawn({ label, line }: Prompt): string {
    if (!this.#terminal.canRedraw) return label + line.text;
    const room = Math.max(8, this.#terminal.columns() - displayWidth(label) - 1);
    const [visible, column] = visiblePart(line, room);
    const at = displayWidth(label) + column;
    return `${ERASE_LINE}${label}${visible}\r${at > 0 ? `\x1b[${at}C` : ""}`;
  }
}

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** The part of a long line around its cursor that fits, and the cursor's column in it. */
function visiblePart(line: Pick<EditorState, "text" | "cursor">, room: number): [visible: string, column: number] {
  const head = line.text.slice(0, line.cursor);
  if (displayWidth(line.text) <= room) return [line.text, displayWidth(head)];
  let start = head;
  while (displayWidth(start) >= room) {
    const [first] = segmenter.segment(start);
    start = start.slice(first?.segment.length ?? start.length);
  }
  let visible = start;
  for (const { segment } of segmenter.segment(line.text.slice(line.cursor))) {
    if (displayWidth(visible + segment) > room) break;
    visible += segment;
  }
  return [visible, displayWidth(start)];
}

/** What to write so that `before` becomes `after` without moving the cursor up or left of it; undefined when that cannot be. */
function appended(before: string, after: string): string | undefined {
  if (after.startsWith(before)) return after.slice(before.length);
  if (before.startsWith(after)) return "\b \b".repeat(displayWidth(before) - displayWidth(after));
  return undefined;
}
