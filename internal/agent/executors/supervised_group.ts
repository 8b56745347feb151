import { type Clock, TaskGroup, type Timer, utf8Encode } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import { ExecutorError } from "../errors.ts";
import type { ExecutionIo } from "../types.ts";
import type { MemoryProbe } from "./group_memory.ts";
import { LineSplitter } from "./line_splitter.ts";
import type { GroupExit, ProcessGroup } from "./process_group.ts";

/** What the supervision of a program needs. */
export interface SupervisionDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly group: ProcessGroup;
  /** Undefined where memory cannot be measured. */
  readonly probe: MemoryProbe | undefined;
  /** Takes the lines that go to the log. */
  readonly log: ExecutionIo["log"];
}

/** Bounds of one program, whatever it speaks. */
export interface SupervisionLimits {
  /** Bytes of stdout and stderr together. */
  readonly maxOutputBytes: number;
  /** Characters of one line; default: as many as there may be bytes. */
  readonly maxLineCharacters?: number;
  /** Bytes of resident memory of the whole process group, sampled. */
  readonly memoryLimitBytes: number;
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly killGraceMs: number;
  /** Milliseconds between two looks at the memory. */
  readonly memorySampleMs: number;
}

/** How a program ended: by itself, or because of a reason to stop it, the first of them. */
export interface SupervisedEnd {
  readonly exit: GroupExit;
  readonly halted: { readonly reason: unknown } | undefined;
}

/** Lines of a program that go to the log; the rest only counts towards the output limit. */
const MAX_LOG_LINES = 200;
const MAX_LOG_CHARACTERS = 500;
/** Characters of stderr that a failure tells. */
const STDERR_TAIL_CHARACTERS = 1000;
/** After SIGKILL pipes close at once, unless a descendant has left the group; it is not waited for longer than this. */
const ESCAPED_MS = 500;
/** Bytes that wait for the program to read them: a few of the largest files that it may ask for. */
const MAX_UNREAD_BYTES = 64 * 1024 * 1024;

/**
 * A program's process group from its start to its end, within its limits: what it writes is read as lines, its memory is
 * looked at, and when `finish` has settled the group is dead and every stream closed. What the lines mean is the caller's.
 */
export class SupervisedGroup {
  readonly #deps: SupervisionDeps;
  readonly #limits: SupervisionLimits;
  readonly #stop = new AbortController();
  readonly #owned: TaskGroup;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #readers: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>[] = [];
  readonly #timers: Timer[] = [];
  #outputBytes = 0;
  #unreadBytes = 0;
  #logLines = 0;
  #stderrTail = "";

  constructor(deps: SupervisionDeps, limits: SupervisionLimits) {
    this.#deps = deps;
    this.#limits = limits;
    this.#input = deps.group.stdin.getWriter();
    this.#owned = new TaskGroup((error, what) =>
      deps.logger.debug("A part of a program's run ended early", { what }, error)
    );
    this.#watchMemory();
  }

  /** Aborts when the program must end, or has. */
  get stopped(): AbortSignal {
    return this.#stop.signal;
  }

  /** The end of what it wrote to stderr. */
  get stderrTail(): string {
    return this.#stderrTail.trim();
  }

  /** Has the program ended. The first reason counts. */
  halt(reason: unknown): void {
    if (!this.#stop.signal.aborted) this.#stop.abort(reason);
  }

  /** Work beside the reading; `finish` waits a moment for it. */
  run(what: string, work: () => Promise<unknown>): void {
    this.#owned.run(what, async () => void await work());
  }

  /** Calls `fn` after `delayMs`, unless the program has ended by then. */
  after(delayMs: number, fn: () => void): Timer {
    const timer = this.#deps.clock.setTimer(delayMs, fn);
    this.#timers.push(timer);
    return timer;
  }

  /** Calls `look` every `periodMs`, never while the last call still runs, until the program is to end. */
  every(periodMs: number, what: string, look: () => Promise<void>): void {
    let isLooking = false;
    this.#timers.push(this.#deps.clock.setPeriodic(periodMs, () => {
      if (isLooking || this.#stop.signal.aborted) return;
      isLooking = true;
      this.run(what, async () => {
        try {
          await look();
        } finally {
          isLooking = false;
        }
      });
    }));
  }

  /**
   * A program that does not read its input, or has ended, is no error: what it says at its end counts. One that asks for
   * more and more and reads nothing of it is ended.
   */
  write(line: string): void {
    const bytes = utf8Encode(line);
    if (this.#unreadBytes + bytes.byteLength > MAX_UNREAD_BYTES) {
      return this.halt(limitError(`it does not read ${MAX_UNREAD_BYTES} bytes that it was answered`));
    }
    this.#unreadBytes += bytes.byteLength;
    this.run("write", async () => {
      try {
        await this.#input.write(bytes);
      } finally {
        this.#unreadBytes -= bytes.byteLength;
      }
    });
  }

  closeInput(): void {
    this.run("close the input", () => this.#input.close());
  }

  /** A line of the program for the log, cut; after many of them no more. */
  log(stream: "stdout" | "stderr", line: string): void {
    if (this.#logLines++ < MAX_LOG_LINES) this.#deps.log(stream, line.slice(0, MAX_LOG_CHARACTERS));
  }

  /** Reads what it writes until it has ended, by itself or by `halt`. Once. */
  async finish(onLine: (line: string) => void): Promise<SupervisedEnd> {
    const { group } = this.#deps;
    const exit = await this.#end(Promise.all([
      this.#read(group.stdout, onLine),
      this.#read(group.stderr, (line) => {
        this.#stderrTail = `${this.#stderrTail}${line}\n`.slice(-STDERR_TAIL_CHARACTERS);
        this.log("stderr", line);
      }),
    ]));
    for (const pending of this.#timers) pending.cancel();
    const halted = this.#stop.signal.aborted ? { reason: this.#stop.signal.reason as unknown } : undefined;
    this.halt(new ExecutorError("work_failed", "Cannot go on: the program has ended", { isRetryable: true }));
    this.closeInput();
    await this.#within(ESCAPED_MS, this.#owned.settled());
    return { exit, halted };
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
    for (const reader of this.#readers) this.run("close a stream", () => reader.cancel());
    await streams;
    return exit;
  }

  async #read(stream: ReadableStream<Uint8Array<ArrayBuffer>>, onLine: (line: string) => void): Promise<void> {
    const { maxOutputBytes, maxLineCharacters = maxOutputBytes } = this.#limits;
    const reader = stream.getReader();
    this.#readers.push(reader);
    const lines = new LineSplitter();
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      this.#outputBytes += chunk.value.byteLength;
      if (this.#outputBytes > maxOutputBytes) this.halt(limitError(`it wrote more than ${maxOutputBytes} bytes`));
      // What comes after the stop is only drained.
      if (this.#stop.signal.aborted) continue;
      for (const line of lines.push(chunk.value)) onLine(line);
      if (lines.longest > maxLineCharacters) {
        this.halt(limitError(`it wrote a line of more than ${maxLineCharacters} characters`));
      }
    }
    const rest = lines.end();
    if (rest !== "" && !this.#stop.signal.aborted) onLine(rest);
  }

  #watchMemory(): void {
    const { probe, group } = this.#deps;
    const { memoryLimitBytes, memorySampleMs } = this.#limits;
    if (!probe) return;
    this.every(memorySampleMs, "look at the memory", async () => {
      const bytes = await probe(group.pid);
      if (bytes === undefined || bytes <= memoryLimitBytes) return;
      this.halt(limitError(`it held ${bytes} bytes of memory, more than ${memoryLimitBytes}`));
    });
  }

  async #within(timeoutMs: number, work: Promise<unknown>): Promise<void> {
    const done = new AbortController();
    const late = this.#deps.clock.sleep(timeoutMs, { signal: done.signal }).catch(() => undefined); // called off below
    await Promise.race([work, late]);
    done.abort();
    await late;
  }
}

/** A program that did more than it may. */
export function limitError(state: string): ExecutorError {
  return new ExecutorError("limit_exceeded", `Cannot let the program go on: ${state}`, { isRetryable: true });
}

/** A program whose words cannot be used. */
export function protocolError(state: string): ExecutorError {
  return new ExecutorError("protocol_broken", `Cannot use what the program says: ${state}`, { isRetryable: false });
}
