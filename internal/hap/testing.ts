/**
 * A terminal and a portal in memory.
 *
 * @module
 */
import { type Api, ApiClient, createApi } from "@bzzz/api";
import type { Random } from "@bzzz/base";
import { createSeededRandom, ManualClock, settle, waitFor } from "@bzzz/base/testing";
import { createTimeFormat, displayWidth, OutputClosedError } from "@bzzz/cli";
import { createNullLogger } from "@bzzz/logging";
import { FakeMesh, TEST_WRITE_TOKEN } from "@bzzz/api/testing";
import { createLibraries, type PersonLibraries } from "./libraries.ts";
import { TestKeyboard } from "./testdata/keyboard.ts";
import { LinePortal } from "./terminal/line_portal.ts";
import type { InputKind, Terminal } from "./terminal/terminal.ts";

/** A terminal in memory: what was written, and what a person would see of it. */
export class MemoryTerminal implements Terminal {
  readonly input: InputKind;
  readonly canRedraw: boolean;
  readonly canRing: boolean;
  readonly hasStyle = false;
  width = 80;
  written = "";
  isRaw = false;
  isGone = false;
  readonly #keyboard = new TestKeyboard();

  constructor(input: InputKind, options: { canRedraw?: boolean; canRing?: boolean } = {}) {
    this.input = input;
    this.canRedraw = options.canRedraw ?? false;
    this.canRing = options.canRing ?? input === "keys";
  }

  /** What the person types, or the pipe delivers. */
  type(text: string): void {
    this.#keyboard.type(text);
  }

  /** The end of input. */
  end(): void {
    this.#keyboard.end();
  }

  /** Waits until everything that was typed has been dealt with. */
  async taken(): Promise<void> {
    await waitFor(() => this.#keyboard.isTaken(), { timeoutMs: 30_000, what: "the keys" });
    await settle();
  }

  columns(): number {
    return this.width;
  }

  read(): AsyncGenerator<Uint8Array> {
    return this.#keyboard.read();
  }

  write(text: string): Promise<void> {
    if (this.isGone) return Promise.reject(new OutputClosedError("gone"));
    this.written += text;
    return Promise.resolve();
  }

  writeTalk(text: string): Promise<void> {
    return this.write(text);
  }

  setRaw(isRaw: boolean): void {
    this.isRaw = isRaw;
  }

  /** The lines on the screen: an emulator of the few sequences that are used. Anything else fails. */
  screen(): string[] {
    const lines: string[][] = [[]];
    let column = 0;
    // deno-lint-ignore no-control-regex -- these are the sequences
    for (const token of this.written.matchAll(/\x1b\[K|\x1b\[(\d+)C|\r|\n|\x08|\x07|[^\x00-\x1f\x7f-\x9f]|[^]/gu)) {
      const [text, right] = token;
      const line = lines.at(-1) ?? [];
      if (text === "\x1b[K") line.length = column;
      else if (right !== undefined) column += Number(right);
      else if (text === "\r") column = 0;
      else if (text === "\n") {
        lines.push([]);
        column = 0;
      } else if (text === "\b") column = Math.max(0, column - 1);
      else if (text === "\x07") continue;
      else if (/^\p{Cc}$/u.test(text)) throw new Error(`Unexpected ${JSON.stringify(text)} on the screen`);
      else {
        const width = displayWidth(text);
        line[column] = text;
        if (width === 2) line[column + 1] = ""; // the other half of a wide one
        column += width;
      }
    }
    return lines.map((line) => Array.from(line, (cell) => cell ?? " ").join("").trimEnd());
  }

  /** How often it rang. */
  bells(): number {
    return this.written.split("\x07").length - 1;
  }
}

/** A portal on a mesh in memory. */
export interface TestPortal {
  readonly clock: ManualClock;
  readonly random: Random;
  readonly mesh: FakeMesh;
  readonly api: Api;
  readonly client: ApiClient;
  readonly terminal: MemoryTerminal;
  readonly portal: LinePortal;
  /** The connection between portal and node. */
  readonly link: { isDown: boolean; cut(): void };
  /** Waits until the text was written. */
  seen(text: string): Promise<void>;
  /** Waits until the portal listens to the mesh. */
  listening(): Promise<void>;
}

/** Of a person who has no files: the built-in templates. */
const NO_LIBRARIES = createLibraries({ templates: "/nowhere/templates", prompts: "/nowhere/prompts" });

/** It is 2026-11-22 18:03 UTC; start it yourself. */
export function createTestPortal(terminal: MemoryTerminal, libraries: PersonLibraries = NO_LIBRARIES): TestPortal {
  const clock = new ManualClock(Date.UTC(2026, 10, 22, 18, 3));
  const random = createSeededRandom(7);
  const mesh = new FakeMesh({ clock, random });
  const api = createApi({ mesh, clock, random, logger: createNullLogger() }, {
    tokens: [{ token: TEST_WRITE_TOKEN, scope: "write" }],
    version: "0.1.0",
  });
  let pipe = new AbortController();
  const link = {
    isDown: false,
    cut: () => pipe.abort(new TypeError("connection reset")),
  };
  const fetch = async (request: Request): Promise<Response> => {
    if (link.isDown) throw new TypeError("connection refused");
    const response = await api.fetch(request);
    if (!request.url.includes("/events") || !response.body) return response;
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    pipe = new AbortController();
    response.body.pipeTo(writable, { signal: pipe.signal }).catch(() => {}); // its end shows at the other side
    return new Response(readable, response);
  };
  const client = new ApiClient({ fetch, clock, random }, {
    baseUrl: "http://localhost:8090",
    token: TEST_WRITE_TOKEN,
  });
  const portal = new LinePortal({
    terminal,
    client,
    clock,
    libraries,
    program: { name: "bzzz-hap", binaryType: "hap", version: "0.1.0" },
    format: createTimeFormat("UTC"),
  });
  return {
    clock,
    random,
    mesh,
    api,
    client,
    terminal,
    portal,
    link,
    seen: async (text) => {
      await waitFor(() => terminal.written.includes(text), {
        timeoutMs: 30_000,
        what: JSON.stringify(text),
        state: () => terminal.written,
      });
      await settle();
    },
    listening: async () => {
      await waitFor(() => mesh.watchers > 0, { timeoutMs: 30_000, what: "a listener" });
      await settle();
    },
  };
}
