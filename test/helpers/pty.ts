/**
 * A program on a pseudo terminal, its bytes read as they come: for measuring what a terminal emulator would only blur.
 *
 * @module
 */

import { createSystemClock } from "@bzzz/base";

const MAX_WAIT_MS = 20_000;
const clock = createSystemClock();

/** A program whose terminal is ours. `await using` ends it. */
export class PtyProgram implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reading: Promise<void>;
  readonly #waiting = new Set<() => void>();
  #tail = "";
  #hasEnded = false;
  /** Bytes it wrote so far. */
  written = 0;

  /** `script` of util-linux makes the terminal; `stty` gives it a size. */
  constructor(line: string, options: { columns: number; rows: number; env: Readonly<Record<string, string>> }) {
    this.#child = new Deno.Command("script", {
      args: ["-qfec", `stty rows ${options.rows} cols ${options.columns}; exec ${line}`, "/dev/null"],
      env: { TERM: "xterm-256color", LANG: "C.UTF-8", ...options.env },
      clearEnv: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#reading = this.#read();
  }

  async write(text: string): Promise<void> {
    await this.#writer.write(new TextEncoder().encode(text));
  }

  /** Resolves once it has written `text`, and forgets what it wrote so far. Rejects when it ends before, and after 20 s. */
  async writes(text: string): Promise<void> {
    const deadlineMs = clock.monotonicMs() + MAX_WAIT_MS;
    while (!this.#tail.includes(text)) {
      const hasTime = clock.monotonicMs() < deadlineMs;
      if (this.#hasEnded || !hasTime) {
        const why = this.#hasEnded ? "the program ended" : `${MAX_WAIT_MS} ms passed`;
        throw new Error(`Cannot see "${text}": ${why}; it wrote last: ${JSON.stringify(this.#tail.slice(-2_000))}`);
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = clock.setTimer(deadlineMs - clock.monotonicMs(), resolve);
      this.#waiting.add(resolve);
      await promise;
      timer.cancel();
      this.#waiting.delete(resolve);
    }
    this.#tail = "";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#writer.close().catch(() => {}); // it has gone already
    await this.#child.status;
    await this.#reading;
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of this.#child.stdout) {
      this.written += chunk.byteLength;
      this.#tail = (this.#tail + decoder.decode(chunk, { stream: true })).slice(-200_000);
      for (const wake of this.#waiting) wake();
    }
    this.#hasEnded = true;
    for (const wake of this.#waiting) wake();
  }
}
