import { abortable, type RequestId } from "@bzzz/base";
import type { Answer, ExecutionIo } from "../../types.ts";
import type { WorkTimer } from "../work_timer.ts";
import { outcomeOf, permissionAsk, type PermissionContext, type PermissionOutcome, verbOf } from "./permission.ts";
import type { PermissionOption } from "./protocol.ts";
import type { Denial } from "./prompts.ts";
import { textOf, type ToolCall } from "./tool_calls.ts";
import { wordsOf } from "./words.ts";

/** What the desk needs of the run. */
export interface PermissionDeskDeps {
  readonly io: Pick<ExecutionIo, "ask" | "performed">;
  readonly rights: readonly string[] | undefined;
  /** Stands still while people are asked. */
  readonly timer: Pick<WorkTimer, "pause" | "resume">;
  readonly shown: PermissionContext["shown"];
  /** Aborts when the program must end, or has. */
  readonly stopped: AbortSignal;
  /** Runs work that nobody waits for; what it rejects with ends the run. */
  readonly run: (what: string, work: () => Promise<void>) => void;
}

const MAX_PERFORMED_CHARACTERS = 500;

/** Brings permissions a program asks for before people, and what came of them. */
export class PermissionDesk {
  readonly #deps: PermissionDeskDeps;
  /** How often the very same was asked for in this run, and not refused: one "yes" is for one time. */
  readonly #unrefused = new Map<string, number>();
  /** Tool calls that were permitted and have not ended yet. */
  readonly #open = new Map<string, RequestId>();
  readonly #told = new Set<Promise<void>>();
  #denials: Denial[] = [];

  constructor(deps: PermissionDeskDeps) {
    this.#deps = deps;
  }

  /**
   * Asks people whether `call` may be done, and waits for as long as it takes; what the rights of the task do not cover
   * nobody is asked for.
   *
   * @throws what `io.ask` throws; the reason of `stopped`
   */
  async decide(call: ToolCall, program: string, options: readonly PermissionOption[]): Promise<PermissionOutcome> {
    const { rights } = this.#deps;
    const verb = verbOf(call.kind);
    if (rights && !rights.includes(verb)) {
      const reason = `the task has no right to "${verb}"; nobody was asked`;
      // one for each kind: a program may ask again and again, at no cost to anybody
      if (!this.#denials.some((denial) => denial.reason === reason)) {
        this.#denials.push({ title: wordsOf(call.title, MAX_PERFORMED_CHARACTERS) || verb, reason, by: undefined });
      }
      return outcomeOf(false, options);
    }
    const { answer, title } = await this.#ask(call, program, options);
    const isPermitted = answer.decision === "approve";
    if (isPermitted) this.#open.set(call.id, answer.requestId);
    else this.#denials.push({ title, reason: answer.reason, by: answer.by });
    return outcomeOf(isPermitted, options);
  }

  /** A tool call has changed: what was permitted and has ended is told to people. */
  hear(call: ToolCall): void {
    const requestId = this.#open.get(call.id);
    if (requestId === undefined || (call.status !== "completed" && call.status !== "failed")) return;
    this.#open.delete(call.id);
    const text = wordsOf(textOf(call) || call.title, MAX_PERFORMED_CHARACTERS);
    const outcome = call.status === "completed" ? "done" : "failed";
    this.#deps.run("tell what came of a permission", async () => {
      const told = this.#deps.io.performed(requestId, outcome, text);
      this.#told.add(told);
      try {
        await told;
      } finally {
        this.#told.delete(told);
      }
    });
  }

  /** What was not given since the last call. */
  takeDenials(): readonly Denial[] {
    const denials = this.#denials;
    this.#denials = [];
    return denials;
  }

  /** Resolves when all that `hear` tells is on disk. */
  async settled(): Promise<void> {
    await Promise.all(this.#told);
  }

  async #ask(
    call: ToolCall,
    program: string,
    options: readonly PermissionOption[],
  ): Promise<{ readonly answer: Answer; readonly title: string }> {
    const { io, timer, shown, stopped } = this.#deps;
    const askFor = (repeats: number) => permissionAsk(call, { program, shown, options, repeats });
    const key = JSON.stringify(askFor(0));
    timer.pause();
    try {
      for (;;) {
        const repeats = this.#unrefused.get(key) ?? 0;
        this.#unrefused.set(key, repeats + 1);
        const ask = askFor(repeats);
        const answer = await abortable(io.ask(ask), stopped);
        if (answer.decision !== "approve") {
          // asked again it is the same question, and has the same answer
          this.#unrefused.set(key, repeats);
          return { answer, title: ask.title };
        }
        // an earlier run has used this "yes" up
        if (answer.performed === undefined) return { answer, title: ask.title };
      }
    } finally {
      timer.resume();
    }
  }
}
