/**
 * A full screen in memory: a real terminal emulator as its terminal, a mesh in memory behind it.
 *
 * @module
 */
import xterm from "@xterm/headless";
import { ApiClient, createApi, type RequestRecord } from "@bzzz/api";
import { FakeMesh, TEST_WRITE_TOKEN } from "@bzzz/api/testing";
import { createSeededRandom, ManualClock, settle, waitFor } from "@bzzz/base/testing";
import { createTimeFormat } from "@bzzz/cli";
import { createNullLogger } from "@bzzz/logging";
import { UCXI_BASE } from "@bzzz/ucxi";
import { createTestUcxi, type TestUcxi } from "@bzzz/ucxi/testing";
import { UNICODE_GLYPHS } from "./core/glyphs.ts";
import type { ScreenSettings } from "./core/view_settings.ts";
import type { Size } from "./core/frame.ts";
import { ENTER, LEAVE } from "./engine/painter.ts";
import type { ScreenTerminal } from "./engine/screen_terminal.ts";
import { themeOf } from "./engine/theme.ts";
import { defaultKeymap, type Keymap } from "./keymap/keymap.ts";
import { createLibraries, type PersonLibraries } from "../libraries.ts";
import { TestKeyboard } from "../testdata/keyboard.ts";
import type { TextEditor } from "./text_editor.ts";
import { ScreenPortal } from "./screen_portal.ts";

/** Settings as they are without a configuration, in UTC. */
export function testSettings(change: Partial<ScreenSettings> = {}): ScreenSettings {
  return {
    glyphs: UNICODE_GLYPHS,
    keymap: defaultKeymap(),
    format: createTimeFormat("UTC"),
    theme: "dark",
    hasBell: true,
    hasOsc9: false,
    showsText: false,
    isObserver: false,
    ...change,
  };
}

/** An ask that waits for a yes or a no. */
export const APPROVAL: Partial<RequestRecord> = {
  kind: "approval",
  title: "push 3 commits to main",
  allow: ["approve", "deny"],
};

/** The terminal emulator of VS Code without its window: what it shows are the cells a person would see. */
export class EmulatedTerminal implements ScreenTerminal {
  readonly #terminal: InstanceType<typeof xterm.Terminal>;
  readonly #keyboard = new TestKeyboard();
  readonly #listeners = new Set<() => void>();
  readonly #continuing = new Set<() => void>();
  #size: Size;
  #pending = 0;
  #taken: Promise<void> = Promise.resolve();
  written = "";
  bells = 0;
  /** How often the process was stopped, and whether the terminal had been given back the last time. */
  stops = 0;
  /** Whether it answers what it is asked, as terminals do. */
  answers = true;
  wasLeft = false;
  isEntered = false;
  /** Titles it was given, in order. */
  readonly titles: string[] = [];

  constructor(size: Size = { columns: 100, rows: 30 }) {
    this.#size = size;
    this.#terminal = new xterm.Terminal({ cols: size.columns, rows: size.rows, allowProposedApi: true, scrollback: 0 });
    this.#terminal.onBell(() => this.bells++);
    this.#terminal.onData((answer) => this.answers && this.type(answer));
    this.#terminal.onTitleChange((title) => this.titles.push(title));
  }

  size(): Size {
    return this.#size;
  }

  resize(size: Size): void {
    this.#size = size;
    this.#terminal.resize(size.columns, size.rows);
    for (const listener of this.#listeners) listener();
  }

  onResize(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onContinue(listener: () => void): () => void {
    this.#continuing.add(listener);
    return () => this.#continuing.delete(listener);
  }

  stopProcess(): void {
    this.stops++;
    this.wasLeft = !this.isEntered;
  }

  /** The shell lets the process go on. */
  continue(): void {
    for (const listener of this.#continuing) listener();
  }

  read(): AsyncGenerator<Uint8Array> {
    return this.#keyboard.read();
  }

  write(text: string): Promise<void> {
    this.written += text;
    return this.#feed(text);
  }

  enter(): void {
    this.isEntered = true;
    this.#feed(ENTER);
  }

  leave(): void {
    if (!this.isEntered) return;
    this.isEntered = false;
    this.#feed(LEAVE);
  }

  /** What the person types: bytes as a terminal sends them. */
  type(text: string): void {
    this.#keyboard.type(text);
  }

  /** The keyboard is gone. */
  end(): void {
    this.#keyboard.end();
  }

  /** The cells as text, one string per row. */
  rows(): string[] {
    const { active } = this.#terminal.buffer;
    return Array.from({ length: this.#size.rows }, (_, i) => active.getLine(i)?.translateToString(true) ?? "");
  }

  /** The whole screen. */
  text(): string {
    return this.rows().join("\n");
  }

  get cursor(): { readonly row: number; readonly column: number } {
    const { active } = this.#terminal.buffer;
    return { row: active.cursorY, column: active.cursorX };
  }

  /** Whether the alternate screen is shown. */
  get isAlternate(): boolean {
    return this.#terminal.buffer.active.type === "alternate";
  }

  /** Waits until the emulator has taken everything that was written. */
  async idle(): Promise<void> {
    while (this.#pending > 0) await this.#taken;
    await settle();
  }

  #feed(text: string): Promise<void> {
    this.#pending++;
    this.#taken = new Promise((resolve) =>
      this.#terminal.write(text, () => {
        this.#pending--;
        resolve();
      })
    );
    return this.#taken;
  }

  async dispose(): Promise<void> {
    await this.idle();
    this.#terminal.dispose();
  }
}

/** A portal on a mesh in memory. */
export interface TestScreen extends AsyncDisposable {
  readonly clock: ManualClock;
  readonly mesh: FakeMesh;
  /** The context server behind it. */
  readonly ucxi: TestUcxi;
  readonly terminal: EmulatedTerminal;
  readonly portal: ScreenPortal;
  /** How many hold Ctrl-C back. */
  readonly held: { readonly interrupts: number };
  /** From now on the context server cannot be reached. */
  cutContext(): void;
  /** Presses keys, given as the bytes a terminal sends, and draws what came of them. */
  press(...bytes: string[]): Promise<void>;
  /** Lets time pass, and everything that waits for it. */
  pass(ms: number): Promise<void>;
  /** Lets time pass until the cells show it. */
  shows(what: string | RegExp): Promise<void>;
  /** Lets time pass until it is so. */
  until(what: string, condition: () => boolean): Promise<void>;
}

/** It is 2026-11-22 18:03 UTC, and the portal listens. */
export async function startTestScreen(
  options: {
    size?: Size;
    settings?: Partial<ScreenSettings>;
    prepare?: (mesh: FakeMesh) => void | Promise<void>;
    ucxi?: Parameters<typeof createTestUcxi>[0];
    editor?: TextEditor;
    loadKeymap?: () => Keymap;
    libraries?: PersonLibraries;
  } = {},
): Promise<TestScreen> {
  const clock = new ManualClock(Date.UTC(2026, 10, 22, 18, 3));
  const random = createSeededRandom(7);
  const mesh = new FakeMesh({ clock, random });
  await options.prepare?.(mesh);
  const api = createApi({ mesh, clock, random, logger: createNullLogger() }, {
    tokens: [{ token: TEST_WRITE_TOKEN, scope: "write" }],
    version: "0.1.0",
  });
  const ucxi = createTestUcxi(options.ucxi);
  let isContextCut = false;
  const fetch = (request: Request) => {
    if (!new URL(request.url).pathname.startsWith(UCXI_BASE)) return api.fetch(request);
    return isContextCut ? Promise.reject(new TypeError("connection refused")) : ucxi.server.fetch(request);
  };
  const client = new ApiClient({ fetch, clock, random }, {
    baseUrl: "http://localhost",
    token: TEST_WRITE_TOKEN,
  });
  const terminal = new EmulatedTerminal(options.size);
  const held = { interrupts: 0 };
  const settings = testSettings(options.settings);
  const portal = new ScreenPortal({
    libraries: options.libraries ?? createLibraries({ templates: "/nowhere/templates", prompts: "/nowhere/prompts" }),
    terminal,
    client,
    clock,
    program: { name: "bzzz-hap", binaryType: "hap", version: "0.1.0" },
    settings,
    themeOf: (name) => themeOf(name, { hasColour: true }),
    loadKeymap: options.loadKeymap ?? (() => defaultKeymap()),
    editor: options.editor ?? {
      refusal: () => Promise.resolve("Cannot open an editor: this is a test"),
      edit: () => Promise.reject(new TypeError("Unreachable: it was refused")),
    },
    holdInterrupts: () => {
      held.interrupts++;
      return { [Symbol.dispose]: () => void held.interrupts-- };
    },
  });
  await portal.start();
  await waitFor(() => mesh.watchers > 0, { timeoutMs: 30_000, what: "the portal to listen" });
  const pass = async (ms: number) => {
    await settle();
    await clock.advance(ms);
    await terminal.idle();
  };
  const until = async (what: string, condition: () => boolean) => {
    const look = async () => {
      await pass(110);
      return condition();
    };
    await waitFor(look, { timeoutMs: 5_000, what, state: () => terminal.rows() });
  };
  await until("the first screen", () => terminal.text() !== "" && !terminal.text().includes("connecting"));
  return {
    clock,
    mesh,
    ucxi,
    terminal,
    portal,
    held,
    pass,
    until,
    shows: (what) =>
      until(String(what), () => typeof what === "string" ? terminal.text().includes(what) : what.test(terminal.text())),
    cutContext: () => {
      isContextCut = true;
    },
    press: async (...bytes) => {
      for (const one of bytes) {
        terminal.type(one);
        await pass(0);
        if (one === "\x1b") await pass(50);
      }
      await pass(150);
    },
    [Symbol.asyncDispose]: async () => {
      await portal.stop();
      api.close();
      await ucxi[Symbol.asyncDispose]();
      await terminal.dispose();
    },
  };
}
