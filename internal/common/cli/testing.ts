/**
 * A shell in memory: command lines against a mesh in memory, their output as text.
 *
 * @module
 */
import { type Api, ApiClient, createApi } from "@bzzz/api";
import type { Random } from "@bzzz/base";
import { createSeededRandom, ManualClock } from "@bzzz/base/testing";
import { createNullLogger } from "@bzzz/logging";
import { FakeMesh, TEST_WRITE_TOKEN } from "@bzzz/api/testing";
import {
  type CommandEnvironment,
  COMMANDS,
  createTimeFormat,
  type ExitStatus,
  type GlobalFlags,
  OutputClosedError,
  type ProgramHooks,
  type ProgramSpec,
  runCommandLine,
  type ShownVersions,
  type TextSink,
} from "./mod.ts";

/** A sink that keeps what was written; after `closeAfter` lines its reader is gone. */
export class MemorySink implements TextSink {
  readonly isTerminal = false;
  text = "";
  closeAfter = Infinity;

  write(text: string): Promise<void> {
    if (this.text.split("\n").length > this.closeAfter) return Promise.reject(new OutputClosedError("closed"));
    this.text += text;
    return Promise.resolve();
  }

  /** What was written since the last call. */
  take(): string {
    const taken = this.text;
    this.text = "";
    return taken;
  }
}

/** The program of the tests: every verb. */
export const TEST_PROGRAM: ProgramSpec = {
  name: "bzzz-hap",
  binaryType: "hap",
  version: "0.1.0",
  summary: "the portal of a person",
  commands: COMMANDS,
};

/** The flags that every verb has, none of them given. */
export const NO_FLAGS: GlobalFlags = {
  home: undefined,
  config: undefined,
  isDev: false,
  isJson: false,
  jsonFields: undefined,
  logLevel: undefined,
  passphraseFile: undefined,
  settings: [],
};

/** A mesh in memory with its API, and a client of it. */
export interface TestNode {
  readonly clock: ManualClock;
  readonly random: Random;
  readonly mesh: FakeMesh;
  readonly api: Api;
  readonly client: ApiClient;
}

/** The clock stands at 2026-11-22 18:03 UTC, and chance is always the same. */
export function createTestNode(): TestNode {
  const clock = new ManualClock(Date.UTC(2026, 10, 22, 18, 3));
  const random = createSeededRandom(7);
  const mesh = new FakeMesh({ clock, random });
  const api = createApi({ mesh, clock, random, logger: createNullLogger() }, {
    tokens: [{ token: TEST_WRITE_TOKEN, scope: "write" }],
    version: "0.1.0",
  });
  const client = new ApiClient({ fetch: (request) => api.fetch(request), clock, random }, {
    baseUrl: "http://localhost:8090",
    token: TEST_WRITE_TOKEN,
  });
  return { clock, random, mesh, api, client };
}

/** A shell on a `TestNode`. */
export interface TestShell extends TestNode {
  /** Runs one command line; the texts are what it wrote. */
  run(...argv: string[]): Promise<{ status: ExitStatus; out: string; err: string }>;
  readonly sink: MemorySink;
  readonly errSink: MemorySink;
  readonly abort: AbortController;
  /** What the person was asked. */
  readonly questions: readonly string[];
}

/**
 * Runs command lines against `createTestNode`; `answers` are what the person types, in order, or what happens before they
 * do. With `shown` the lines follow each other, as in a portal.
 */
export function createTestShell(
  options: {
    hooks?: Partial<ProgramHooks>;
    answers?: (string | (() => string))[];
    input?: string;
    program?: Partial<ProgramSpec>;
    shown?: ShownVersions;
  } = {},
): TestShell {
  const node = createTestNode();
  const out = new MemorySink();
  const err = new MemorySink();
  const abort = new AbortController();
  const questions: string[] = [];
  const environment: CommandEnvironment = {
    surface: "shell",
    out,
    err,
    clock: node.clock,
    format: createTimeFormat("UTC"),
    signal: abort.signal,
    connect: () => Promise.resolve(node.client),
    // A test names the hooks its command calls; another one fails as a missing method.
    hooks: (options.hooks ?? {}) as ProgramHooks,
    ...(options.shown ? { shown: options.shown } : {}),
    ...(options.input === undefined ? {} : { readInput: () => Promise.resolve(options.input ?? "") }),
    ...(options.answers
      ? {
        ask: (question: string) => {
          questions.push(question);
          const answer = options.answers?.shift();
          return Promise.resolve(typeof answer === "function" ? answer() : answer);
        },
      }
      : {}),
  };
  const run = async (...argv: string[]): Promise<{ status: ExitStatus; out: string; err: string }> => {
    const status = await runCommandLine({ ...TEST_PROGRAM, ...options.program }, argv, environment);
    return { status, out: out.take(), err: err.take() };
  };
  return { ...node, run, sink: out, errSink: err, abort, questions };
}

export { FakeSetupDesk } from "./setup/testing.ts";
