import { utf8Decode } from "@bzzz/base";
import { usageError } from "./errors.ts";
import { sanitiseText, toSafeJson } from "./sanitise.ts";
import { alignRows } from "./width.ts";

/** Where text goes; `write` rejects with `OutputClosedError` once the reader is gone. */
export interface TextSink {
  write(text: string): Promise<void>;
  /** Bytes as they are. Missing where only people read. */
  writeBytes?(bytes: Uint8Array): Promise<void>;
  readonly isTerminal: boolean;
}

/** The reader of stdout has enough (`| head -1`): the program ends with 0. */
export class OutputClosedError extends Error {}

/** A sink onto a stream of the process. */
export function createStreamSink(
  stream: { write(bytes: Uint8Array): Promise<number>; isTerminal(): boolean },
): TextSink {
  const encoder = new TextEncoder();
  const writeBytes = async (bytes: Uint8Array) => {
    let rest = bytes;
    try {
      while (rest.length > 0) rest = rest.subarray(await stream.write(rest));
    } catch (error) {
      if (error instanceof Deno.errors.BrokenPipe) throw new OutputClosedError("The reader of the output is gone");
      throw error;
    }
  };
  return { isTerminal: stream.isTerminal(), write: (text) => writeBytes(encoder.encode(text)), writeBytes };
}

/** The version of the shape of JSON output. */
const JSON_VERSION = 1;

/** How things are shown in a table. */
export interface OutputTable<T> {
  readonly heading: readonly string[];
  readonly row: (item: T) => readonly string[];
  /** What is said when there are none. */
  readonly empty: string;
}

/** The data a command answers with: lines of JSON with `--json`, else sanitised text. */
export class Output {
  readonly isJson: boolean;
  readonly #sink: TextSink;
  readonly #fields: readonly string[] | undefined;

  constructor(sink: TextSink, options: { isJson: boolean; fields?: readonly string[] | undefined }) {
    this.#sink = sink;
    this.isJson = options.isJson;
    this.#fields = options.fields;
  }

  /** One thing: `{"v":1,…}` on a line, or what `render` says. */
  async item(data: object, render: () => string | readonly string[]): Promise<void> {
    if (this.isJson) return await this.json(data);
    const text = render();
    await this.text(typeof text === "string" ? text : text.join("\n"));
  }

  /** Many things: a line of JSON each, or a table with a heading; `empty` says that there are none. */
  async list<T extends object>(
    items: readonly T[],
    table: OutputTable<T>,
  ): Promise<void> {
    if (this.isJson) {
      for (const item of items) await this.json(item);
    } else if (items.length === 0) await this.text(table.empty);
    else await this.text(alignRows([table.heading, ...items.map(table.row)]).join("\n"));
  }

  /** Sanitised text and a line break; nothing with `--json`. */
  async text(text: string): Promise<void> {
    if (!this.isJson) await this.#sink.write(`${sanitiseText(text)}\n`);
  }

  /** Whether a person looks at it as it comes. */
  get isTerminal(): boolean {
    return this.#sink.isTerminal;
  }

  /** A control sequence of our own, for a terminal. */
  async control(sequence: string): Promise<void> {
    await this.#sink.write(sequence);
  }

  /**
   * Text for another program, as it is: completion scripts, the manual, an example file.
   * @throws CliError "usage" with `--json`: whoever has a form in JSON writes that before
   */
  async raw(text: string): Promise<void> {
    if (this.isJson) throw usageError("Cannot write this as JSON: it is a text for another program; leave out --json");
    await this.#sink.write(text.endsWith("\n") ? text : `${text}\n`);
  }

  /**
   * What a member has stored: as it is for a pipe or a file, as sanitised text for a person.
   * @throws CliError "usage" for a person when it is no text
   */
  async content(bytes: Uint8Array): Promise<void> {
    if (!this.#sink.isTerminal && this.#sink.writeBytes) return await this.#sink.writeBytes(bytes);
    let text: string;
    try {
      text = utf8Decode(bytes);
    } catch {
      // why it is none does not help: it has to go elsewhere
      throw usageError(
        `Cannot show the content: its ${bytes.byteLength} bytes are no text; send them to a file with >`,
      );
    }
    await this.#sink.write(sanitiseText(text.endsWith("\n") ? text : `${text}\n`));
  }

  /** A line of JSON, whatever the flags say: for commands whose only form it is. */
  async json(data: object): Promise<void> {
    const entries = Object.entries(data).filter(([key]) => this.#fields?.includes(key) ?? true);
    await this.#sink.write(`${toSafeJson({ v: JSON_VERSION, ...Object.fromEntries(entries) })}\n`);
  }
}
