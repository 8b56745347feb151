import { abortable, type Clock } from "@bzzz/base";
import type { Press } from "./core/keys.ts";
import { ESC_TIMEOUT_MS, KeyDecoder } from "./engine/key_decoder.ts";
import type { ScreenTerminal } from "./engine/screen_terminal.ts";

/** Asks a terminal what it is (DA1): every one answers, and no key sends such an answer. */
const QUESTION = "\x1b[c";
// deno-lint-ignore no-control-regex -- it begins with ESC
const ANSWER = /\x1b\[\?[0-9;]*c/;
/** A terminal that has not answered by now may never do so. */
const ANSWER_MS = 1_000;
/** An answer is shorter. */
const MAX_ANSWER_CHARACTERS = 64;

interface Hold {
  readonly idle: PromiseWithResolvers<void>;
  readonly released: PromiseWithResolvers<void>;
  /** A key was asked for: it is none of this screen's. */
  isAsked: boolean;
  tail: string;
}

/** The presses of a terminal's keyboard, one read at a time. */
export class Keyboard {
  readonly #deps: { readonly terminal: ScreenTerminal; readonly clock: Clock };
  readonly #pressed: (presses: readonly Press[]) => void;
  #hold: Hold | undefined;

  constructor(deps: { terminal: ScreenTerminal; clock: Clock; pressed: (presses: readonly Press[]) => void }) {
    this.#deps = deps;
    this.#pressed = deps.pressed;
  }

  /** Reads until the keyboard is gone. Rejects with the reason of `signal`. */
  async run(signal: AbortSignal): Promise<void> {
    const decoder = new KeyDecoder();
    const input = this.#deps.terminal.read()[Symbol.asyncIterator]();
    while (true) {
      const waiting = input.next();
      // An ESC alone is complete only when nothing follows it.
      const timer = decoder.isPending
        ? this.#deps.clock.setTimer(ESC_TIMEOUT_MS, () => this.#pressed(decoder.flush()))
        : undefined;
      let chunk: IteratorResult<Uint8Array>;
      try {
        chunk = await abortable(waiting, signal);
      } finally {
        timer?.cancel();
      }
      if (chunk.done) return;
      if (!this.#hold?.isAsked) this.#pressed(decoder.push(chunk.value));
      if (this.#hold && isLast(this.#hold, chunk.value)) {
        this.#hold.idle.resolve();
        await abortable(this.#hold.released.promise, signal);
      }
    }
  }

  /**
   * Reads no more, until what is returned is disposed. A read that waits in the kernel cannot be taken back: it would take the first key
   * that is meant for another program. So the terminal is asked something, and its answer ends that read; one that does not answer in
   * time makes `asked` be called, and the next key ends it. Rejects with the reason of `signal`.
   */
  async hold(options: { readonly asked: () => void; readonly signal: AbortSignal }): Promise<Disposable> {
    const hold: Hold = {
      idle: Promise.withResolvers(),
      released: Promise.withResolvers(),
      isAsked: false,
      tail: "",
    };
    this.#hold = hold;
    const { terminal, clock } = this.#deps;
    const timer = clock.setTimer(ANSWER_MS, () => {
      hold.isAsked = true;
      options.asked();
    });
    const release = (): void => {
      timer.cancel();
      this.#hold = undefined;
      hold.released.resolve();
    };
    try {
      await abortable(terminal.write(QUESTION), options.signal);
      await abortable(hold.idle.promise, options.signal);
    } catch (error) {
      release();
      throw error;
    } finally {
      timer.cancel();
    }
    return { [Symbol.dispose]: release };
  }
}

/** Whether this is the answer that is waited for, or the key that was asked for. */
function isLast(hold: Hold, bytes: Uint8Array): boolean {
  if (hold.isAsked) return true;
  const text = hold.tail + Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  hold.tail = text.slice(-MAX_ANSWER_CHARACTERS);
  return ANSWER.test(text);
}
