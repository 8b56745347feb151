import type { ApiClient } from "@bzzz/api";
import { abortable, BzzzError, type Clock, errorMessage } from "@bzzz/base";
import {
  type AskOptions,
  createTimeFormat,
  EXIT,
  type ExitStatus,
  OutputClosedError,
  type ProgramSpec,
  runCommandLine,
  ShownVersions,
  type TimeFormat,
} from "@bzzz/cli";
import { portalCommands } from "../portal_commands.ts";
import type { PersonLibraries } from "../libraries.ts";
import { type Announcement, Announcer } from "./announcer.ts";
import { type Key, KeyDecoder } from "./keys.ts";
import { edit, type EditorState, emptyLine } from "./line_editor.ts";
import { PromptScreen } from "./prompt_screen.ts";
import { Question } from "./question.ts";
import type { Terminal } from "./terminal.ts";
import { splitLine } from "./words.ts";

const PROMPT = "> ";
/** Two Ctrl-C within this end the portal. */
const QUIT_WINDOW_MS = 2_000;
/** Lines typed while a command runs. */
const MAX_QUEUED_LINES = 16;
/** A line of a pipe that is longer is not a command. */
const MAX_PIPED_LINE_CHARACTERS = 128 * 1024;
const QUIT_WORDS = new Set(["quit", "exit", "q"]);

/** What a line portal is made of. */
export interface LinePortalDeps {
  readonly terminal: Terminal;
  /** Of the node in this process, or of one that runs elsewhere. */
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly libraries: PersonLibraries;
  /** Name and version for the first line. */
  readonly program: Pick<ProgramSpec, "name" | "binaryType" | "version">;
  /** Default: the zone of this machine. */
  readonly format?: TimeFormat;
}

/**
 * The portal in lines (design, plain mode): an append-only prompt over the API of a node. Asks are announced in lines of their own and never
 * take the input. With keys it is interactive; a pipe is executed line by line, then it ends with 0; without any input it only announces, until
 * it is stopped.
 */
export class LinePortal {
  readonly #deps: LinePortalDeps;
  readonly #format: TimeFormat;
  readonly #program: ProgramSpec;
  readonly #screen: PromptScreen;
  readonly #announcer: Announcer;
  readonly #stopping = new AbortController();
  readonly #queued: string[] = [];
  readonly #shown = new ShownVersions();
  #line: EditorState = emptyLine();
  #question: Question | undefined;
  #running: AbortController | undefined;
  #interruptedAtMs = -Infinity;
  #done: Promise<ExitStatus> | undefined;

  constructor(deps: LinePortalDeps) {
    this.#deps = deps;
    this.#format = deps.format ?? createTimeFormat();
    this.#program = {
      ...deps.program,
      summary: "the prompt",
      commands: portalCommands(deps.libraries),
    };
    this.#screen = new PromptScreen(deps.terminal);
    this.#announcer = new Announcer({ ...deps, announce: (announcement) => this.#announce(announcement) });
  }

  /** Begins; the portal runs on its own until the person quits, the pipe ends, or `stop`. */
  start(): Promise<void> {
    this.#done ??= this.#run();
    return Promise.resolve();
  }

  /** Resolves with the status once it has ended, however it did; never rejects. */
  get done(): Promise<ExitStatus> {
    return this.#done ?? Promise.resolve(EXIT.ok);
  }

  /** Ends it, gives the terminal back, resolves when that is done. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping.abort(new DOMException("The portal was stopped", "AbortError"));
    await this.done;
  }

  async #run(): Promise<ExitStatus> {
    const { terminal } = this.#deps;
    const { signal } = this.#stopping;
    // It fails only when its lines cannot be written: the terminal is gone, and so is the portal.
    const announcing = this.#announcer.run(signal).catch((error) => this.#stopping.abort(error));
    try {
      if (terminal.input === "keys") await this.#interact(signal);
      else if (terminal.input === "lines") await this.#execute(signal);
      else await abortable(new Promise<never>(() => {}), signal);
      return EXIT.ok;
    } catch (error) {
      if (signal.aborted || error instanceof OutputClosedError) return EXIT.ok;
      await this.#screen.print(`The portal failed: ${errorMessage(error)}`, { isTalk: true }).catch(() => {}); // no output left
      return EXIT.failure;
    } finally {
      this.#stopping.abort(new DOMException("The portal has ended", "AbortError"));
      this.#running?.abort(signal.reason);
      this.#question?.cancel();
      await announcing;
      terminal.setRaw(false);
    }
  }

  async #interact(signal: AbortSignal): Promise<void> {
    const { terminal, program } = this.#deps;
    terminal.setRaw(true);
    const decoder = new KeyDecoder();
    const input = terminal.read()[Symbol.asyncIterator]();
    await this.#screen.print(`${program.name} ${program.version}, plain mode. Type help.`);
    await this.#screen.show(PROMPT, this.#line);
    const quit = Promise.withResolvers<void>();
    // Keys are read also while a command runs: Ctrl-C must reach it, and it may ask.
    const reading = (async () => {
      for (let chunk = await input.next(); !chunk.done; chunk = await input.next()) {
        for (const key of decoder.push(chunk.value)) {
          if (await this.#press(key)) return quit.resolve();
        }
      }
      quit.resolve(); // the terminal is gone
    })();
    try {
      await abortable(Promise.race([quit.promise, reading.then(() => quit.promise)]), signal);
    } finally {
      await this.#screen.leave(this.#line).catch(() => {}); // no output left
    }
  }

  /** True when the person quits. */
  async #press(key: Key): Promise<boolean> {
    const nowMs = this.#deps.clock.monotonicMs();
    if (this.#question) {
      this.#question.press(key, nowMs);
      await this.#screen.show(this.#question.label, this.#question.line);
      return false;
    }
    const running = this.#running;
    if (running && key.type === "interrupt") {
      running.abort(new DOMException("The command was interrupted", "AbortError"));
      this.#queued.length = 0;
      return false;
    }
    const before = this.#line;
    const { state, effect } = edit(before, key);
    this.#line = state;
    switch (effect.type) {
      case "submitted":
        if (running) {
          if (this.#queued.length < MAX_QUEUED_LINES) this.#queued.push(effect.line);
          return false;
        }
        await this.#screen.leave({ text: effect.line });
        return this.#begin(effect.line);
      case "ended":
        return !running;
      case "interrupted": {
        await this.#screen.leave(before, "^C");
        const isSecond = !effect.hadText && nowMs - this.#interruptedAtMs <= QUIT_WINDOW_MS;
        this.#interruptedAtMs = nowMs;
        if (isSecond) return true;
        if (!effect.hadText) await this.#screen.print("(Ctrl-C again, or quit, to leave)", { isTalk: true });
        await this.#screen.show(PROMPT, state);
        return false;
      }
      case "clear_screen":
        await this.#screen.clear();
        return false;
      case "none":
        if (!running) await this.#screen.show(PROMPT, state);
        return false;
    }
  }

  /** Starts a command without waiting for it; the prompt comes back when it has ended. True for quit. */
  #begin(line: string): boolean {
    if (QUIT_WORDS.has(line.trim().replace(/^\//, ""))) return true;
    const work = async () => {
      for (let next: string | undefined = line; next !== undefined; next = this.#queued.shift()) {
        if (QUIT_WORDS.has(next.trim())) return this.#stopping.abort(new DOMException("The person quit", "AbortError"));
        this.#running = new AbortController(); // its own: the one before may have been interrupted
        await this.#command(next);
      }
      this.#running = undefined;
      if (!this.#stopping.signal.aborted) await this.#screen.show(PROMPT, this.#line);
    };
    // Only a write can fail here; then the terminal is gone and so is the portal.
    work().catch((error) => this.#stopping.abort(error));
    return false;
  }

  async #execute(signal: AbortSignal): Promise<void> {
    const decoder = new TextDecoder();
    const input = this.#deps.terminal.read()[Symbol.asyncIterator]();
    let buffer = "";
    while (true) {
      const chunk = await abortable(input.next(), signal);
      buffer += chunk.done ? decoder.decode() : decoder.decode(chunk.value, { stream: true });
      const lines = buffer.split("\n");
      buffer = chunk.done ? "" : lines.pop() ?? "";
      for (const line of lines) {
        const command = line.trim();
        if (command === "" || command.startsWith("# ")) continue;
        if (QUIT_WORDS.has(command.replace(/^\//, ""))) return;
        this.#running = new AbortController();
        await this.#command(command);
        signal.throwIfAborted();
      }
      if (chunk.done) return;
      if (buffer.length > MAX_PIPED_LINE_CHARACTERS) {
        throw new BzzzError("usage", "Cannot read the piped commands: one line is too long");
      }
    }
  }

  async #command(line: string): Promise<void> {
    const { terminal, client, clock } = this.#deps;
    const isInteractive = terminal.input === "keys";
    const out = { isTerminal: isInteractive, write: (text: string) => this.#screen.raw(text) };
    const err = { isTerminal: isInteractive, write: (text: string) => this.#screen.print(text, { isTalk: true }) };
    let argv: string[];
    try {
      argv = splitLine(line, this.#program.commands);
    } catch (error) {
      return await err.write(errorMessage(error));
    }
    if (argv.length === 0) return;
    const signal = this.#running
      ? AbortSignal.any([this.#running.signal, this.#stopping.signal])
      : this.#stopping.signal;
    await runCommandLine(this.#program, argv, {
      surface: isInteractive ? "portal" : "portal_pipe",
      out,
      err,
      clock,
      format: this.#format,
      signal,
      shown: this.#shown,
      connect: () => Promise.resolve(client),
      ...(isInteractive ? { ask: (question, options) => this.#ask(question, signal, options) } : {}),
    });
  }

  async #ask(label: string, signal: AbortSignal, options: AskOptions = {}): Promise<string | undefined> {
    const question = new Question(label, { ...options, nowMs: this.#deps.clock.monotonicMs() });
    this.#question = question;
    const onAbort = () => question.cancel();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      await this.#screen.show(label, question.line);
      return await question.answered;
    } finally {
      signal.removeEventListener("abort", onAbort);
      this.#question = undefined;
      await this.#screen.leave(question.line);
    }
  }

  async #announce({ text, isUrgent, rings }: Announcement): Promise<void> {
    const { terminal, clock } = this.#deps;
    const line = `[${this.#format.time(clock.nowMs())}] ${text}`;
    const styled = isUrgent && terminal.hasStyle ? `\x1b[1m${line}\x1b[0m` : line;
    await this.#screen.print(`${rings && terminal.canRing ? "\x07" : ""}${styled}`);
  }
}
