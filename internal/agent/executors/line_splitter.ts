/** Bytes of a stream as lines of text, however they were cut. Looks at each character once. */
export class LineSplitter {
  readonly #decoder = new TextDecoder();
  #pieces: string[] = [];
  #pending = 0;
  #longest = 0;

  /** Characters of the longest line so far, the unfinished one included: its reader bounds it. */
  get longest(): number {
    return this.#longest;
  }

  /** The lines that `bytes` end, without their line breaks. */
  push(bytes: Uint8Array): string[] {
    const [first = "", ...rest] = this.#decoder.decode(bytes, { stream: true }).split("\n");
    this.#keep(first);
    const lines: string[] = [];
    for (const piece of rest) {
      lines.push(this.#take());
      this.#keep(piece);
    }
    return lines;
  }

  /** What came after the last line break. */
  end(): string {
    this.#keep(this.#decoder.decode());
    return this.#take();
  }

  #keep(piece: string): void {
    this.#pending += piece.length;
    this.#longest = Math.max(this.#longest, this.#pending);
    if (piece !== "") this.#pieces.push(piece);
  }

  #take(): string {
    const line = this.#pieces.join("");
    this.#pieces = [];
    this.#pending = 0;
    return line;
  }
}
