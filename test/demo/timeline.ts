/**
 * The time line of the demo: when, who, what. It prints what it is told and knows nothing of its own.
 *
 * @module
 */
import type { Clock } from "@bzzz/base";
import { sanitiseLine, sanitiseText } from "@bzzz/cli";
import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

const WHO_WIDTH = 6;
/** Where a block stands: below the words of an event. */
const INDENT = 9 + WHO_WIDTH + 2;
/** One colour for each who, in the order of their appearance. */
const COLOURS: readonly Style[] = ["cyan", "green", "yellow", "magenta", "blue"];
/** Colours say nothing by themselves and are left out where they would be noise. */
const isColoured = Deno.stdout.isTerminal() && !Deno.env.get("NO_COLOR");

/** Prints lines with the seconds since it was made. */
export class Timeline {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #startedMs: number;
  readonly #colours = new Map<string, Style>();
  /** Lines that wait until a command has printed its own. */
  #held: string[] | undefined;

  constructor(clock: Pick<Clock, "monotonicMs">) {
    this.#clock = clock;
    this.#startedMs = clock.monotonicMs();
  }

  /** Seconds since the start. */
  get seconds(): number {
    return (this.#clock.monotonicMs() - this.#startedMs) / 1000;
  }

  heading(text: string): void {
    write(`\n${paint("bold", text)}\n`);
  }

  /** Something happened, to or by `who`. */
  event(who: string, text: string): void {
    this.#print(this.#line(who, text));
  }

  /** A command as it is typed, and all it prints, in one piece: what happens meanwhile is told right after it. */
  async command<T extends { readonly output: string }>(
    who: string,
    words: readonly string[],
    run: () => Promise<T>,
  ): Promise<T> {
    write(this.#line(who, `$ ${words.map(quoted).join(" ")}`));
    const held: string[] = [];
    this.#held = held;
    try {
      const result = await run();
      this.block(result.output);
      return result;
    } finally {
      this.#held = undefined;
      write(held.join(""));
    }
  }

  /** Lines that belong to the one before. */
  block(text: string): void {
    for (const line of sanitiseText(text).trimEnd().split("\n")) {
      write(`${" ".repeat(INDENT)}${paint("dim", `│ ${line}`.trimEnd())}\n`);
    }
  }

  /** Plain words beside the time line. */
  note(text: string): void {
    write(`${text}\n`);
  }

  #line(who: string, text: string): string {
    const at = `${this.seconds.toFixed(1).padStart(5)} s`;
    const name = sanitiseLine(who).padEnd(WHO_WIDTH);
    return `${paint("dim", at)}  ${paint(this.#colourOf(who), name)}  ${sanitiseLine(text)}\n`;
  }

  #print(line: string): void {
    if (this.#held) this.#held.push(line);
    else write(line);
  }

  #colourOf(who: string): Style {
    const colour = this.#colours.get(who) ?? COLOURS[this.#colours.size % COLOURS.length] ?? "reset";
    this.#colours.set(who, colour);
    return colour;
  }
}

function quoted(word: string): string {
  return /^[\w./:=@#-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function paint(style: Style, text: string): string {
  return isColoured ? styleText(style, text, { validateStream: false }) : text;
}

function write(text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;) written += Deno.stdout.writeSync(bytes.subarray(written));
}
