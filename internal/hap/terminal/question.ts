import type { AskOptions } from "@bzzz/cli";
import { edit, type EditorState, emptyLine } from "./line_editor.ts";
import type { Key } from "./keys.ts";
import { editSecret } from "./secret_text.ts";

/** A question on the screen, and the line that answers it. */
export class Question {
  readonly label: string;
  /** Undefined = the person did not answer. */
  readonly answered: Promise<string | undefined>;
  readonly #answer: (line: string | undefined) => void;
  readonly #openAtMs: number;
  readonly #isSecret: boolean;
  #line: EditorState = emptyLine();
  /** What was typed of a secret; the line shows nothing of it. */
  #secret = "";

  constructor(label: string, options: AskOptions & { nowMs: number }) {
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    this.label = label;
    this.answered = promise;
    this.#answer = resolve;
    this.#openAtMs = options.nowMs + (options.guardMs ?? 0);
    this.#isSecret = options.isSecret ?? false;
  }

  get line(): EditorState {
    return this.#line;
  }

  /** Takes a key. Keys of the first moments were meant for something else; only giving up is never too early. */
  press(key: Key, nowMs: number): void {
    if (nowMs < this.#openAtMs && key.type !== "interrupt") return;
    if (this.#isSecret) return this.#pressSecret(key);
    const { state, effect } = edit(this.#line, key);
    this.#line = state;
    if (effect.type === "submitted") {
      this.#line = { ...state, text: effect.line };
      this.#answer(effect.line);
    } else if (effect.type === "interrupted" || effect.type === "ended") this.#answer(undefined);
  }

  #pressSecret(key: Key): void {
    switch (key.type) {
      case "text":
      case "paste":
        this.#secret = editSecret(this.#secret, { text: key.text });
        return;
      case "backspace":
      case "kill_to_start":
        this.#secret = editSecret(this.#secret, { key: key.type });
        return;
      case "enter":
        this.#answer(this.#secret);
        this.#secret = "";
        return;
      case "interrupt":
      case "end_of_input":
        this.#secret = "";
        this.#answer(undefined);
    }
  }

  /** Ends it without an answer. */
  cancel(): void {
    this.#answer(undefined);
  }
}
