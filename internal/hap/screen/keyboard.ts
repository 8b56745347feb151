import { abortable, type Clock } from "@bzzz/base";
import type { Press } from "./core/keys.ts";
import { ESC_TIMEOUT_MS, KeyDecoder } from "./engine/key_decoder.ts";
import type { ScreenTerminal } from "./engine/screen_terminal.ts";

/** The presses of a terminal's keyboard, one read at a time. */
export class Keyboard {
  readonly #deps: { readonly terminal: ScreenTerminal; readonly clock: Clock };
  readonly #pressed: (presses: readonly Press[]) => void;

  constructor(
    deps: { terminal: ScreenTerminal; clock: Clock; pressed: (presses: readonly Press[]) => void },
  ) {
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
      this.#pressed(decoder.push(chunk.value));
    }
  }
}
