import assert from "node:assert/strict";
import { ManualClock, settle } from "@bzzz/base/testing";
import { fit, line } from "../core/cells.ts";
import type { Size } from "../core/frame.ts";
import { Screen } from "./screen.ts";
import type { ScreenTerminal } from "./screen_terminal.ts";
import { themeOf } from "./theme.ts";

/** A terminal whose writes end when the test says so. */
class SlowTerminal implements ScreenTerminal {
  readonly frames: string[] = [];
  fails = false;
  #taken: (() => void) | undefined;

  size = (): Size => ({ columns: 20, rows: 2 });
  onResize = (): () => void => () => {};
  onContinue = (): () => void => () => {};
  stopProcess(): void {}
  async *read(): AsyncGenerator<Uint8Array> {}
  enter(): void {}
  leave(): void {}

  write(text: string): Promise<void> {
    if (this.fails) return Promise.reject(new Error("gone"));
    this.frames.push(text);
    return new Promise((resolve) => this.#taken = resolve);
  }

  async take(): Promise<void> {
    this.#taken?.();
    await settle();
  }
}

function setUp() {
  const clock = new ManualClock();
  const terminal = new SlowTerminal();
  const errors: unknown[] = [];
  let count = 0;
  const screen = new Screen({
    terminal,
    clock,
    theme: themeOf("mono", { hasColour: false }),
    view: () => ({ render: ({ columns }) => ({ lines: [fit(line(`frame ${++count}`), columns), fit([], columns)] }) }),
    failed: (error) => errors.push(error),
  });
  return { clock, terminal, screen, errors };
}

Deno.test("what happens by itself is drawn ten times a second at most, a key at once", async () => {
  const { clock, terminal, screen } = setUp();
  screen.draw();
  await terminal.take();

  for (let i = 0; i < 50; i++) {
    screen.invalidate();
    await clock.advance(10);
    await terminal.take();
  }
  assert.equal(terminal.frames.length, 6, "one, then five in half a second");

  screen.draw();
  assert.equal(terminal.frames.length, 7);
  screen.stop();
});

Deno.test("a slow terminal gets fewer frames, never a queue; a key is drawn as soon as the frame before is out", async () => {
  const { clock, terminal, screen } = setUp();
  screen.draw();
  for (let i = 0; i < 100; i++) {
    screen.invalidate();
    await clock.advance(100);
  }
  assert.equal(terminal.frames.length, 1);

  screen.draw();
  await terminal.take();
  assert.equal(terminal.frames.length, 2, "without waiting for the next tenth of a second");
  screen.stop();
});

Deno.test("only rows that changed are written, and nothing when none did", async () => {
  const { terminal, screen } = setUp();
  screen.draw();
  await terminal.take();
  screen.draw();
  await terminal.take();

  assert.match(terminal.frames[1] ?? "", /frame 2/);
  assert.ok((terminal.frames[1] ?? "").length < (terminal.frames[0] ?? "").length);
  assert.ok(!(terminal.frames[1] ?? "").includes("[2;1H"), "the second row is as it was");
  screen.stop();
});

Deno.test("a terminal that is gone is told once, and nothing more is drawn", async () => {
  const { clock, terminal, screen, errors } = setUp();
  terminal.fails = true;

  screen.draw();
  await settle();
  screen.draw();
  screen.invalidate();
  await clock.advance(1_000);

  assert.equal(errors.length, 1);
});

Deno.test("a pause waits for the frame that is on its way, draws nothing, and ends with everything drawn", async () => {
  const { clock, terminal, screen } = setUp();
  screen.draw();
  let isPaused = false;
  const pausing = screen.pause().then(() => isPaused = true);
  await settle();
  assert.equal(isPaused, false, "the terminal has not taken the frame");
  await terminal.take();
  await pausing;

  screen.invalidate();
  screen.draw();
  screen.redraw();
  await clock.advance(1_000);
  assert.equal(terminal.frames.length, 1);

  screen.resume();
  assert.equal(terminal.frames.length, 2);
  assert.match(terminal.frames[1] ?? "", /2J.*frame/s);
  await terminal.take();
  await screen.pause();
  screen.stop();
});
