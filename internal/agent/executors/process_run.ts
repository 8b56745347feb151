import { abortable, type Clock, parseRequestId, TaskGroup, type Timer, utf8Encode } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import { MAX_TEXT_CHARACTERS } from "@bzzz/wire";
import { ExecutorError } from "../errors.ts";
import type { ExecutionIo, ExecutionJob, ExecutionResult } from "../types.ts";
import type { MemoryProbe } from "./group_memory.ts";
import type { GroupExit, ProcessGroup } from "./process_group.ts";
import { answerLine, askOf, outputText, parseProcessLine, type ProcessMessage, taskLine } from "./process_protocol.ts";
import { WorkTimer } from "./work_timer.ts";

/** What a run needs, beside the task. */
export interface ProcessRunDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly group: ProcessGroup;
  readonly probe: MemoryProbe | undefined;
}

/** Limits of one run; units as in `ProcessExecutorOptions`. */
export interface ProcessRunLimits {
  readonly timeoutMs: number;
  readonly maxOutputBytes: number;
  readonly memoryLimitBytes: number;
  readonly killGraceMs: number;
  readonly exitGraceMs: number;
  readonly memorySampleMs: number;
}

/** Questions of one program that wait at the same time. */
const MAX_OPEN_ASKS = 8;
/** Lines of a program that go to the log; the rest only counts towards the output limit. */
const MAX_LOG_LINES = 200;
const MAX_LOG_CHARACTERS = 500;
/** Characters of stderr that a failure tells. */
const STDERR_TAIL_CHARACTERS = 1000;
const MAX_SUMMARY_CHARACTERS = 4096;
/** After SIGKILL pipes close at once, unless a descendant has left the group; it is not waited for longer than this. */
const ESCAPED_MS = 500;
/** Exit statuses of sysexits.h that say "not with this input": EX_USAGE, EX_DATAERR, EX_CONFIG. */
const FINAL_STATUSES: ReadonlySet<number> = new Set([64, 65, 78]);

/** One program from its start to its end. The group is dead and every stream is closed when `finish` settles. */
export class ProcessRun {
  readonly #deps: ProcessRunDeps;
  readonly #limits: ProcessRunLimits;
  readonly #stop = new AbortController();
  readonly #owned: TaskGroup;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #readers: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>[] = [];
  readonly #timers: Timer[] = [];
  #outputBytes = 0;
  #logLines = 0;
  #openAsks = 0;
  #stderrTail = "";
  #result: Extract<ProcessMessage, { type: "result" }> | undefined;

  constructor(deps: ProcessRunDeps, limits: ProcessRunLimits) {
    this.#deps = deps;
    this.#limits = limits;
    this.#input = deps.group.stdin.getWriter();
    this.#owned = new TaskGroup((error, what) =>
      deps.logger.debug("A part of a program's run ended early", { what }, error)
    );
  }

  /** @throws ExecutorError; the reason of `io.signal` when that stopped it */
  async finish(job: ExecutionJob, io: ExecutionIo): Promise<ExecutionResult> {
    const { group, clock } = this.#deps;
    const onAbort = (): void => this.#halt(io.signal.reason);
    io.signal.addEventListener("abort", onAbort, { once: true });
    if (io.signal.aborted) onAbort();
    using timer = new WorkTimer(clock, {
      budgetMs: this.#limits.timeoutMs,
      onExpired: () => this.#halt(limitError(`it worked for ${this.#limits.timeoutMs} ms without an end`)),
    });
    this.#watchMemory();
    this.#write(taskLine(job));
    const exit = await this.#end(Promise.all([
      this.#read(group.stdout, (line) => this.#onLine(line, io, timer)),
      this.#read(group.stderr, (line) => this.#onErrorLine(line, io)),
    ]));
    io.signal.removeEventListener("abort", onAbort);
    for (const pending of this.#timers) pending.cancel();
    const wasStopped = this.#stop.signal.aborted;
    this.#halt(new ExecutorError("work_failed", "Cannot go on: the program has ended", { isRetryable: true }));
    this.#closeInput();
    await this.#within(ESCAPED_MS, this.#owned.settled());
    if (wasStopped) throw this.#stop.signal.reason;
    return this.#judge(exit);
  }

  /** Waits for the end, by itself or by force, and sees to it that nothing of the group is left. */
  async #end(streams: Promise<unknown>): Promise<GroupExit> {
    const { group } = this.#deps;
    const { promise: stopped, resolve } = Promise.withResolvers<void>();
    this.#stop.signal.addEventListener("abort", () => resolve(), { once: true });
    if (this.#stop.signal.aborted) resolve();
    await Promise.race([group.exited, stopped]);
    if (this.#stop.signal.aborted) await group.signal("SIGTERM");
    // Children of a program that ended by itself get the same time to finish their output.
    await this.#within(this.#limits.killGraceMs, Promise.all([group.exited, streams]));
    await group.signal("SIGKILL");
    const exit = await group.exited;
    await this.#within(ESCAPED_MS, streams);
    for (const reader of this.#readers) this.#owned.run("close a stream", () => reader.cancel());
    await streams;
    return exit;
  }

  async #read(stream: ReadableStream<Uint8Array<ArrayBuffer>>, onLine: (line: string) => void): Promise<void> {
    const reader = stream.getReader();
    this.#readers.push(reader);
    const decoder = new TextDecoder();
    let rest = "";
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      this.#outputBytes += chunk.value.byteLength;
      if (this.#outputBytes > this.#limits.maxOutputBytes) {
        this.#halt(limitError(`it wrote more than ${this.#limits.maxOutputBytes} bytes`));
      }
      // What comes after the stop is only drained.
      if (this.#stop.signal.aborted) continue;
      const lines = (rest + decoder.decode(chunk.value, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) onLine(line);
    }
    if (rest !== "" && !this.#stop.signal.aborted) onLine(rest);
  }

  #onLine(line: string, io: ExecutionIo, timer: WorkTimer): void {
    const parsed = parseProcessLine(line);
    if (parsed.kind === "log") return this.#log("stdout", line, io);
    if (parsed.kind === "broken") return this.#halt(protocolError(`a line of it is malformed: ${parsed.problem}`));
    const { message } = parsed;
    switch (message.type) {
      case "progress":
        return progress(message, io);
      case "ask":
        return this.#ask(message, io, timer);
      case "performed":
        return this.#performed(message, io);
      case "result":
        if (this.#result) return this.#halt(protocolError("it gave two results"));
        this.#result = message;
        this.#closeInput();
        this.#timers.push(
          this.#deps.clock.setTimer(
            this.#limits.exitGraceMs,
            () => this.#halt(limitError(`it did not end within ${this.#limits.exitGraceMs} ms of its result`)),
          ),
        );
    }
  }

  #onErrorLine(line: string, io: ExecutionIo): void {
    this.#stderrTail = `${this.#stderrTail}${line}\n`.slice(-STDERR_TAIL_CHARACTERS);
    this.#log("stderr", line, io);
  }

  #ask(message: Extract<ProcessMessage, { type: "ask" }>, io: ExecutionIo, timer: WorkTimer): void {
    if (this.#openAsks >= MAX_OPEN_ASKS) return this.#halt(protocolError(`it asks more than ${MAX_OPEN_ASKS} things`));
    const { id } = message;
    const asked = askOf(message);
    if (!asked.ok) return this.#halt(protocolError(asked.problem));
    this.#openAsks++;
    timer.pause();
    this.#owned.run("ask", async () => {
      try {
        const answer = await abortable(io.ask(asked.ask), this.#stop.signal);
        this.#write(answerLine(id, answer));
      } catch (error) {
        this.#halt(error);
      } finally {
        this.#openAsks--;
        timer.resume();
      }
    });
  }

  #performed(message: Extract<ProcessMessage, { type: "performed" }>, io: ExecutionIo): void {
    const requestId = parseRequestId(message.request_id);
    if (!requestId) return this.#halt(protocolError("it tells of a request whose id is none"));
    this.#owned.run("tell what came of an approval", async () => {
      try {
        await io.performed(requestId, message.outcome, message.text);
      } catch (error) {
        this.#halt(error);
      }
    });
  }

  #log(stream: "stdout" | "stderr", line: string, io: ExecutionIo): void {
    if (this.#logLines++ < MAX_LOG_LINES) io.log(stream, line.slice(0, MAX_LOG_CHARACTERS));
  }

  /** A program that does not read its input, or has ended, is no error: what it says at its end counts. */
  #write(line: string): void {
    this.#owned.run("write", () => this.#input.write(utf8Encode(line)));
  }

  #closeInput(): void {
    this.#owned.run("close the input", () => this.#input.close());
  }

  #watchMemory(): void {
    const { probe, clock, group } = this.#deps;
    if (!probe) return;
    let isLooking = false;
    const look = async (): Promise<void> => {
      isLooking = true;
      try {
        const bytes = await probe(group.pid);
        if (bytes === undefined || bytes <= this.#limits.memoryLimitBytes) return;
        this.#halt(limitError(`it held ${bytes} bytes of memory, more than ${this.#limits.memoryLimitBytes}`));
      } finally {
        isLooking = false;
      }
    };
    this.#timers.push(clock.setPeriodic(this.#limits.memorySampleMs, () => {
      if (!isLooking && !this.#stop.signal.aborted) this.#owned.run("look at the memory", look);
    }));
  }

  #judge(exit: GroupExit): ExecutionResult {
    if (exit.code !== 0) {
      const how = exit.signal === null ? `with status ${exit.code}` : `by ${exit.signal}`;
      const tail = this.#stderrTail.trim();
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

  async #within(timeoutMs: number, work: Promise<unknown>): Promise<void> {
    const done = new AbortController();
    const late = this.#deps.clock.sleep(timeoutMs, { signal: done.signal }).catch(() => undefined); // called off below
    await Promise.race([work, late]);
    done.abort();
    await late;
  }

  /** The first reason counts. */
  #halt(reason: unknown): void {
    if (!this.#stop.signal.aborted) this.#stop.abort(reason);
  }
}

/** A line that tells of nothing but use changes no progress. */
function progress({ percent, text, used }: Extract<ProcessMessage, { type: "progress" }>, io: ExecutionIo): void {
  if (!used || percent !== undefined || text !== "") io.progress({ percent, text });
  if (used) io.used(used);
}

function limitError(state: string): ExecutorError {
  return new ExecutorError("limit_exceeded", `Cannot let the program go on: ${state}`, { isRetryable: true });
}

function protocolError(state: string): ExecutorError {
  return new ExecutorError("protocol_broken", `Cannot use what the program says: ${state}`, { isRetryable: false });
}

function cut(text: string, maxCharacters: number): string {
  if (text.length <= maxCharacters) return text;
  const mark = `\n[cut: ${text.length} characters]`;
  return text.slice(0, maxCharacters - mark.length) + mark;
}
