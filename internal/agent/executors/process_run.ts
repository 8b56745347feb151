import { abortable, type Clock, parseRequestId } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import { MAX_TEXT_CHARACTERS } from "@bzzz/wire";
import { ExecutorError } from "../errors.ts";
import type { ExecutionIo, ExecutionJob, ExecutionResult } from "../types.ts";
import type { MemoryProbe } from "./group_memory.ts";
import type { GroupExit, ProcessGroup } from "./process_group.ts";
import { answerLine, askOf, outputText, parseProcessLine, type ProcessMessage, taskLine } from "./process_protocol.ts";
import { limitError, protocolError, SupervisedGroup, type SupervisionLimits } from "./supervised_group.ts";
import { cut, MAX_SUMMARY_CHARACTERS } from "./result_text.ts";
import { WorkTimer } from "./work_timer.ts";

/** What a run needs, beside the task. */
export interface ProcessRunDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly group: ProcessGroup;
  readonly probe: MemoryProbe | undefined;
}

/** Limits of one run; units as in `ProcessExecutorOptions`. */
export interface ProcessRunLimits extends SupervisionLimits {
  readonly timeoutMs: number;
  readonly exitGraceMs: number;
}

/** Questions of one program that wait at the same time. */
const MAX_OPEN_ASKS = 8;
/** Exit statuses of sysexits.h that say "not with this input": EX_USAGE, EX_DATAERR, EX_CONFIG. */
const FINAL_STATUSES: ReadonlySet<number> = new Set([64, 65, 78]);

/** One program from its start to its end. The group is dead and every stream is closed when `finish` settles. */
export class ProcessRun {
  readonly #deps: ProcessRunDeps;
  readonly #limits: ProcessRunLimits;
  readonly #io: ExecutionIo;
  readonly #group: SupervisedGroup;
  #openAsks = 0;
  #result: Extract<ProcessMessage, { type: "result" }> | undefined;

  constructor(deps: ProcessRunDeps, limits: ProcessRunLimits, io: ExecutionIo) {
    this.#deps = deps;
    this.#limits = limits;
    this.#io = io;
    this.#group = new SupervisedGroup({ ...deps, log: (stream, line) => io.log(stream, line) }, limits);
  }

  /** @throws ExecutorError; the reason of `io.signal` when that stopped it */
  async finish(job: ExecutionJob): Promise<ExecutionResult> {
    const { signal } = this.#io;
    const onAbort = (): void => this.#group.halt(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    using timer = new WorkTimer(this.#deps.clock, {
      budgetMs: this.#limits.timeoutMs,
      onExpired: () => this.#group.halt(limitError(`it worked for ${this.#limits.timeoutMs} ms without an end`)),
    });
    this.#group.write(taskLine(job));
    const { exit, halted } = await this.#group.finish((line) => this.#onLine(line, timer));
    signal.removeEventListener("abort", onAbort);
    if (halted) throw halted.reason;
    return this.#judge(exit);
  }

  #onLine(line: string, timer: WorkTimer): void {
    const parsed = parseProcessLine(line);
    if (parsed.kind === "log") return this.#group.log("stdout", line);
    if (parsed.kind === "broken") {
      return this.#group.halt(protocolError(`a line of it is malformed: ${parsed.problem}`));
    }
    const { message } = parsed;
    switch (message.type) {
      case "progress":
        return progress(message, this.#io);
      case "ask":
        return this.#ask(message, timer);
      case "performed":
        return this.#performed(message);
      case "result":
        if (this.#result) return this.#group.halt(protocolError("it gave two results"));
        this.#result = message;
        this.#group.closeInput();
        this.#group.after(
          this.#limits.exitGraceMs,
          () => this.#group.halt(limitError(`it did not end within ${this.#limits.exitGraceMs} ms of its result`)),
        );
    }
  }

  #ask(message: Extract<ProcessMessage, { type: "ask" }>, timer: WorkTimer): void {
    if (this.#openAsks >= MAX_OPEN_ASKS) {
      return this.#group.halt(protocolError(`it asks more than ${MAX_OPEN_ASKS} things`));
    }
    const { id } = message;
    const asked = askOf(message);
    if (!asked.ok) return this.#group.halt(protocolError(asked.problem));
    this.#openAsks++;
    timer.pause();
    this.#group.run("ask", async () => {
      try {
        const answer = await abortable(this.#io.ask(asked.ask), this.#group.stopped);
        this.#group.write(answerLine(id, answer));
      } catch (error) {
        this.#group.halt(error);
      } finally {
        this.#openAsks--;
        timer.resume();
      }
    });
  }

  #performed(message: Extract<ProcessMessage, { type: "performed" }>): void {
    const requestId = parseRequestId(message.request_id);
    if (!requestId) return this.#group.halt(protocolError("it tells of a request whose id is none"));
    this.#group.run("tell what came of an approval", async () => {
      try {
        await this.#io.performed(requestId, message.outcome, message.text);
      } catch (error) {
        this.#group.halt(error);
      }
    });
  }

  #judge(exit: GroupExit): ExecutionResult {
    if (exit.code !== 0) {
      const how = exit.signal === null ? `with status ${exit.code}` : `by ${exit.signal}`;
      const tail = this.#group.stderrTail;
      throw new ExecutorError("work_failed", `The program ended ${how}${tail === "" ? "" : `: ${tail}`}`, {
        isRetryable: !FINAL_STATUSES.has(exit.code),
      });
    }
    if (!this.#result) throw protocolError("it ended without a result");
    return {
      summary: cut(this.#result.summary, MAX_SUMMARY_CHARACTERS),
      output: cut(outputText(this.#result.output), MAX_TEXT_CHARACTERS),
      ...(this.#result.used ? { used: this.#result.used } : {}),
    };
  }
}

/** A line that tells of nothing but use changes no progress. */
function progress({ percent, text, used }: Extract<ProcessMessage, { type: "progress" }>, io: ExecutionIo): void {
  if (!used || percent !== undefined || text !== "") io.progress({ percent, text });
  if (used) io.used(used);
}
