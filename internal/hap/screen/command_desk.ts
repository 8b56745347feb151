import type { ApiClient, RequestView } from "@bzzz/api";
import { abortable, BzzzError, type Clock, errorMessage } from "@bzzz/base";
import { type AskOptions, type ProgramSpec, runCommandLine, ShownVersions, type TimeFormat } from "@bzzz/cli";
import { splitLine } from "../terminal/words.ts";
import type { Effect, ScreenEvent } from "./core/events.ts";

const SAID: Readonly<Record<string, string>> = {
  approve: "Approved",
  deny: "Denied",
  answer: "Answered",
  choose: "Chose for",
};

function isLocked(error: unknown): boolean {
  return error instanceof BzzzError && error.code === "identity_locked";
}

/** What runs and decides for the person: commands of the line, decisions of boxes, and the questions both ask in between. */
export class CommandDesk {
  readonly #deps: {
    readonly client: ApiClient;
    readonly clock: Clock;
    readonly program: ProgramSpec;
    readonly format: TimeFormat;
    readonly tell: (event: ScreenEvent) => void;
    /** The key may be open or locked now. */
    readonly keyUsed: () => void;
    readonly signal: AbortSignal;
  };
  readonly #shown = new ShownVersions();
  #running: AbortController | undefined;
  #answer: ((text: string | undefined) => void) | undefined;

  /** Ends with `signal`, and with `stop`. */
  constructor(
    deps: {
      client: ApiClient;
      clock: Clock;
      program: ProgramSpec;
      format: TimeFormat;
      tell: (event: ScreenEvent) => void;
      keyUsed: () => void;
      signal: AbortSignal;
    },
  ) {
    this.#deps = deps;
  }

  /** Ends the command that runs, if any. */
  interrupt(): void {
    this.#running?.abort(new DOMException("The person interrupted", "AbortError"));
  }

  /** The person's answer to the question that is asked; undefined is none. */
  reply(text: string | undefined): void {
    this.#answer?.(text);
  }

  /** Ends what runs and what is asked. Idempotent. */
  stop(): void {
    this.#running?.abort(new DOMException("The portal has ended", "AbortError"));
    this.#answer?.(undefined);
  }

  /** Sends a decision as its box has it; what becomes of it is an event. */
  async decide({ request, input }: Extract<Effect, { type: "decide" }>): Promise<void> {
    let answered: RequestView;
    try {
      const { client } = this.#deps;
      const options = { signal: this.#deps.signal };
      answered = await this.withPassphrase((given) =>
        client.answer(request.request_id, { ...input, ...given }, options)
      );
    } catch (error) {
      this.#deps.tell({ type: "not_decided", requestId: request.request_id, problem: errorMessage(error) });
      // the box of the decision made room for that of the passphrase
      if (isLocked(error)) this.#deps.tell({ type: "text", title: "Nothing was sent", text: errorMessage(error) });
      return;
    }
    const once = input.decision === "approve" ? ", once" : "";
    const chosen = input.choice === undefined ? "" : `: ${input.choice}`;
    const said = `${SAID[input.decision] ?? input.decision} ask ${request.short_id}${chosen}${once}`;
    this.#deps.tell({ type: "decided", request: answered, said });
  }

  /** With the passphrase of the person's key where that is locked: it is asked for in a box of its own. */
  async withPassphrase<T>(work: (given: { readonly passphrase?: string }) => Promise<T>): Promise<T> {
    try {
      return await work({});
    } catch (error) {
      if (!isLocked(error) || this.#answer) throw error;
      const passphrase = await this.#ask("Passphrase of your key: ", this.#deps.signal, { isSecret: true });
      if (!passphrase) throw error;
      const done = await work({ passphrase });
      this.#deps.keyUsed(); // it has opened the key for a while
      return done;
    }
  }

  /** Runs a line as a command, its output as events. */
  async run(line: string): Promise<void> {
    const { client, clock, program, format, keyUsed } = this.#deps;
    const running = new AbortController();
    this.#running = running;
    const signal = AbortSignal.any([running.signal, this.#deps.signal]);
    const sink = (isTalk: boolean) => ({
      isTerminal: true,
      write: (text: string) => Promise.resolve(this.#deps.tell({ type: "output", text, isTalk })),
    });
    try {
      await runCommandLine(program, splitLine(line, program.commands), {
        surface: "portal",
        out: sink(false),
        err: sink(true),
        clock,
        format,
        signal,
        shown: this.#shown,
        connect: () => Promise.resolve(client),
        ask: (label, options) => this.#ask(label, signal, options),
      });
    } finally {
      this.#running = undefined;
      this.#deps.tell({ type: "command_ended" });
      keyUsed();
    }
  }

  async #ask(label: string, signal: AbortSignal, options: AskOptions = {}): Promise<string | undefined> {
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    this.#answer = resolve;
    const { guardMs = 0, isSecret = false } = options;
    this.#deps.tell({ type: "question", label, guardMs, isSecret });
    try {
      return await abortable(promise, signal);
    } finally {
      this.#answer = undefined;
      this.#deps.tell({ type: "question_gone" });
    }
  }
}
