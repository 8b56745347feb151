/** What a person types, or a pipe delivers, to a terminal in memory. */
export class TestKeyboard {
  /** Undefined is the end of input. */
  readonly #chunks: (Uint8Array | undefined)[] = [];
  #wake: (() => void) | undefined;

  /** Bytes as a terminal sends them. */
  type(text: string): void {
    this.#push(new TextEncoder().encode(text));
  }

  /** The end of input: the keyboard is gone. */
  end(): void {
    this.#push(undefined);
  }

  /** Whether everything was read, and the reader waits for more. */
  isTaken(): boolean {
    return this.#chunks.length === 0 && this.#wake !== undefined;
  }

  async *read(): AsyncGenerator<Uint8Array> {
    while (true) {
      while (this.#chunks.length > 0) {
        const chunk = this.#chunks.shift();
        if (!chunk) return;
        yield chunk;
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
      this.#wake = undefined;
    }
  }

  #push(chunk: Uint8Array | undefined): void {
    this.#chunks.push(chunk);
    this.#wake?.();
  }
}
