import type { Clock, Timer } from "@bzzz/base";
import type { View } from "../core/frame.ts";
import { Painter } from "./painter.ts";
import type { ScreenTerminal } from "./screen_terminal.ts";
import type { Theme } from "./theme.ts";

/** Frames a second when things happen by themselves; a key is answered at once. */
const FRAMES_PER_SECOND = 10;

/**
 * Draws a view on a terminal: never more than ten times a second for what happens in the mesh, at once for the person, and one write at a
 * time, so that a slow terminal gets fewer frames instead of a queue of them.
 */
export class Screen {
  readonly #deps: { readonly terminal: ScreenTerminal; readonly clock: Clock; readonly view: () => View };
  readonly #painter: Painter;
  readonly #failed: (error: unknown) => void;
  #timer: Timer | undefined;
  #drawnAtMs = -Infinity;
  #isWriting = false;
  #isDirty = false;
  /** A frame that the person waits for comes as soon as the one before is out. */
  #isUrgent = false;
  #isStopped = false;
  /** Somebody else has the terminal. */
  #isPaused = false;
  #written: (() => void) | undefined;

  /** `failed` is called once when the terminal cannot be written to any more. */
  constructor(
    deps: { terminal: ScreenTerminal; clock: Clock; view: () => View; theme: Theme; failed: (error: unknown) => void },
  ) {
    this.#deps = deps;
    this.#painter = new Painter(deps.theme);
    this.#failed = deps.failed;
  }

  /** Something changed by itself: it is drawn within a tenth of a second. */
  invalidate(): void {
    this.#isDirty = true;
    if (this.#timer || this.#isStopped || this.#isPaused || this.#isWriting) return;
    const waitMs = Math.max(0, this.#drawnAtMs + 1_000 / FRAMES_PER_SECOND - this.#deps.clock.monotonicMs());
    this.#timer = this.#deps.clock.setTimer(waitMs, () => this.draw());
  }

  /** Draws now, or as soon as the frame before has been taken. */
  draw(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#isUrgent = this.#isWriting;
    if (this.#isWriting || this.#isStopped || this.#isPaused) return;
    this.#isDirty = false;
    this.#drawnAtMs = this.#deps.clock.monotonicMs();
    const size = this.#deps.terminal.size();
    this.#send(this.#painter.paint(this.#deps.view().render(size), size));
  }

  /** Everything is drawn again: the screen was spoiled. */
  redraw(): void {
    this.#painter.forget();
    this.draw();
  }

  /** Draws everything in other colours. */
  setTheme(theme: Theme): void {
    this.#painter.setTheme(theme);
    this.draw();
  }

  /** Draws nothing until `resume`; resolves once the frame that is on its way has been taken. */
  async pause(): Promise<void> {
    this.#isPaused = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    if (!this.#isWriting) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#written = resolve;
    await promise;
  }

  /** Draws again, everything. */
  resume(): void {
    this.#isPaused = false;
    this.redraw();
  }

  /** Draws nothing more; a write that hangs is left to the terminal. Idempotent. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  #send(text: string): void {
    if (text === "") return;
    this.#isWriting = true;
    this.#deps.terminal.write(text).then(() => {
      this.#isWriting = false;
      this.#written?.();
      if (this.#isUrgent) this.draw();
      else if (this.#isDirty) this.invalidate();
    }, (error) => {
      this.#written?.();
      this.stop();
      this.#failed(error);
    });
  }
}
