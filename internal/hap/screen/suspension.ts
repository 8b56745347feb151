import { abortable, type Clock } from "@bzzz/base";
import type { Screen } from "./engine/screen.ts";
import type { ScreenTerminal } from "./engine/screen_terminal.ts";

/** A process that was stopped is told that it goes on within this; twice, since it may have been stopped meanwhile. */
const CONTINUE_MS = 200;

/**
 * Ctrl-Z: gives the terminal back, stops this process, and takes the terminal again when the shell lets it go on. A process that is
 * stopped and let go on by somebody else takes its terminal again, too: whatever ran in between may have changed it.
 */
export class Suspension {
  readonly #deps: {
    readonly terminal: ScreenTerminal;
    readonly screen: Screen;
    readonly clock: Clock;
    readonly resumed: () => void;
  };
  #continued: (() => void) | undefined;

  /** `resumed` is called each time the terminal was taken again. */
  constructor(deps: { terminal: ScreenTerminal; screen: Screen; clock: Clock; resumed: () => void }) {
    this.#deps = deps;
  }

  /** Listens for the process going on, until the returned function is called. */
  watch(): () => void {
    return this.#deps.terminal.onContinue(() => {
      if (this.#continued) this.#continued();
      else this.#take();
    });
  }

  /**
   * Stops the process, and resolves once it goes on. False: nothing stopped it, since no shell that could let it go on has started it.
   * Rejects with the reason of `signal`.
   */
  async suspend(signal: AbortSignal): Promise<boolean> {
    if (this.#continued) return true; // it is on its way
    const { terminal, screen } = this.#deps;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const ended = new AbortController();
    this.#continued = () => resolve(true);
    try {
      await abortable(screen.pause(), signal);
      terminal.leave();
      terminal.stopProcess();
      const isStillHere = this.#wait(AbortSignal.any([signal, ended.signal]));
      return await Promise.race([promise, isStillHere]);
    } finally {
      ended.abort();
      this.#continued = undefined;
      if (!signal.aborted) this.#take();
    }
  }

  async #wait(signal: AbortSignal): Promise<false> {
    for (let i = 0; i < 2; i++) await this.#deps.clock.sleep(CONTINUE_MS, { signal });
    return false;
  }

  #take(): void {
    const { terminal, screen, resumed } = this.#deps;
    terminal.leave();
    terminal.enter();
    screen.resume();
    resumed();
  }
}
