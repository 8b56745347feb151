/** Longest secret that is taken from a terminal: a recovery share has about 100 characters. */
export const MAX_SECRET_CHARACTERS = 1024;

/** How far a secret has been typed. */
export type SecretLineState =
  | { readonly type: "typing" }
  | { readonly type: "entered"; readonly text: string }
  /** Ctrl-C, or Ctrl-D on an empty line. */
  | { readonly type: "cancelled" }
  | { readonly type: "too_long" };

const TYPING: SecretLineState = { type: "typing" };

/**
 * One line typed on a terminal in raw mode, of which nothing is echoed. Backspace and Ctrl-U work; arrow keys and the
 * marks around a paste are no part of a secret. What comes behind the end of the line is dropped: it was not asked for.
 */
export class SecretLine {
  readonly #decoder = new TextDecoder();
  #characters: string[] = [];
  /** Inside an escape sequence: after ESC, or after ESC [ until its final letter. */
  #escape: "none" | "begun" | "sequence" = "none";

  /** Takes what was read. */
  feed(bytes: Uint8Array): SecretLineState {
    for (const character of this.#decoder.decode(bytes, { stream: true })) {
      const state = this.#take(character);
      if (state.type !== "typing") {
        this.#characters = [];
        return state;
      }
    }
    return TYPING;
  }

  #take(character: string): SecretLineState {
    if (this.#escape !== "none") {
      this.#skip(character);
      return TYPING;
    }
    switch (character) {
      case "\r":
      case "\n":
        return { type: "entered", text: this.#characters.join("") };
      case "\x03":
        return { type: "cancelled" };
      case "\x04":
        return this.#characters.length === 0 ? { type: "cancelled" } : TYPING;
      case "\x7f":
      case "\b":
        this.#characters.pop();
        return TYPING;
      case "\x15":
        this.#characters = [];
        return TYPING;
      case "\x1b":
        this.#escape = "begun";
        return TYPING;
      default:
        if (character < " ") return TYPING;
        this.#characters.push(character);
        return this.#characters.length > MAX_SECRET_CHARACTERS ? { type: "too_long" } : TYPING;
    }
  }

  #skip(character: string): void {
    const isIntroducer = this.#escape === "begun" && (character === "[" || character === "O");
    const isFinal = character >= "@" && character <= "~";
    if (isIntroducer) this.#escape = "sequence";
    else if (this.#escape === "begun" || isFinal) this.#escape = "none";
  }
}
