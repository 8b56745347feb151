import { abortable, type Clock } from "@bzzz/base";
import type { Screen } from "./engine/screen.ts";
import type { ScreenTerminal } from "./engine/screen_terminal.ts";
import type { Keyboard } from "./keyboard.ts";

/** A process that was stopped is told that it goes on within this; twice, since it may have been stopped meanwhile. */
const CONTINUE_MS = 200;

/** What the terminal is taken from and given to. */
export interface ForegroundDeps {
  readonly terminal: ScreenTerminal;
  readonly screen: Screen;
  readonly keyboard: Keyboard;
  readonly clock: Clock;
  /** Ctrl-C is for somebody else until what is returned is disposed. */
  readonly holdInterrupts: () => Disposable;
  /** Called each time the terminal was taken again. */
  readonly resumed: () => void;
}

/**
 * Who has the terminal: this screen, the shell that has stopped this process, or a program that it was lent to. A process that somebody
 * else stopped and let go on takes its terminal again, too: whatever ran in between may have changed it.
 */
export class Foreground {
  readonly #deps: ForegroundDeps;
  #continued: (() => void) | undefined;

  constructor(deps: ForegroundDeps) {
    this.#deps = deps;
  }

  /** Whether somebody else has it, or will at once. */
  get isAway(): boolean {
    return this.#continued !== undefined;
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
    if (this.isAway) return true;
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
      this.#comeBack(signal);
    }
  }

  /**
   * Gives terminal and keyboard to `work`, and takes them again when it has ended. `asked` is called when the person has to press a key
   * for that. Rejects with what `work` does, and with the reason of `signal` before it has begun; then it has to end `work` itself.
   */
  async lend<T>(
    work: () => Promise<T>,
    options: { readonly asked: () => void; readonly signal: AbortSignal },
  ): Promise<T> {
    const { terminal, screen, keyboard, holdInterrupts } = this.#deps;
    const { signal } = options;
    this.#continued = () => {}; // a program that is stopped and goes on draws itself
    using _interrupts = holdInterrupts();
    using _keys = await keyboard.hold({ asked: options.asked, signal }).catch((error) => {
      this.#continued = undefined;
      throw error;
    });
    try {
      await abortable(screen.pause(), signal);
      terminal.leave();
      return await work();
    } finally {
      this.#comeBack(signal);
    }
  }

  async #wait(signal: AbortSignal): Promise<false> {
    for (let i = 0; i < 2; i++) await this.#deps.clock.sleep(CONTINUE_MS, { signal });
    return false;
  }

  /** Unless it is over. */
  #comeBack(signal: AbortSignal): void {
    this.#continued = undefined;
    if (!signal.aborted) this.#take();
  }

  #take(): void {
    const { terminal, screen, resumed } = this.#deps;
    terminal.leave();
    terminal.enter();
    screen.resume();
    resumed();
  }
}
