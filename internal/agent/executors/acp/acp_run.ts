import type { Clock } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import { ExecutorError } from "../../errors.ts";
import type { ExecutionIo, ExecutionJob, ExecutionResult } from "../../types.ts";
import { limitError, protocolError, type SupervisedEnd, type SupervisedGroup } from "../supervised_group.ts";
import { WorkTimer } from "../work_timer.ts";
import { AcpConnection, AcpRefusal, checked } from "./connection.ts";
import { endedEarly, failed, notStarted, stopFailure } from "./failures.ts";
import { PermissionDesk } from "./permission_desk.ts";
import { denialPrompt, resumePrompt, taskPrompt } from "./prompts.ts";
import { openSession } from "./opening.ts";
import {
  permissionRequest,
  readFile,
  RPC,
  type SessionUpdate,
  sessionUpdate,
  type TurnEnded,
  turnEnded,
  writeFile,
} from "./protocol.ts";
import { SessionUse } from "./session_use.ts";
import { ToolCalls } from "./tool_calls.ts";
import { planProgress, Transcript } from "./transcript.ts";
import { WorkspaceFiles } from "./workspace_files.ts";
import { wordsOf } from "./words.ts";
import type { SessionRecord, Workspace } from "./workspaces.ts";

/** What a run needs, beside the task. */
export interface AcpRunDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly group: SupervisedGroup;
  readonly workspace: Workspace;
  readonly io: ExecutionIo;
  /** How the program is called, unless it calls itself something. */
  readonly program: string;
}

/** Limits of one run, in milliseconds. */
export interface AcpRunLimits {
  /** Of working time; waiting for a person does not count. */
  readonly timeoutMs: number;
  /** Until the program has answered that it speaks the protocol, and has opened a session. */
  readonly startMs: number;
  /** Between the word that the work is cancelled and SIGTERM. */
  readonly cancelGraceMs: number;
  /** Between the end of its input and SIGTERM. */
  readonly exitGraceMs: number;
}

/** Turns of one run: the first, and one for each time that people's reasons are to be told. */
const MAX_TURNS = 8;
/** Lines that are no messages before the first answer: a program that writes more does not speak the protocol. */
const MAX_STRAY_LINES = 20;

/** One session with a coding agent: from `initialize` to the end of its last turn. Runs once. */
export class AcpRun {
  readonly #deps: AcpRunDeps;
  readonly #limits: AcpRunLimits;
  readonly #connection: AcpConnection;
  readonly #files: WorkspaceFiles;
  readonly #calls = new ToolCalls();
  readonly #transcript = new Transcript();
  #desk: PermissionDesk | undefined;
  #use: SessionUse | undefined;
  #program: string;
  #sessionId: string | undefined;
  #isReady = false;
  #strayLines = 0;
  #firstStray: string | undefined;

  constructor(deps: AcpRunDeps, limits: AcpRunLimits) {
    this.#deps = deps;
    this.#limits = limits;
    this.#program = deps.program;
    this.#files = new WorkspaceFiles(deps.workspace.files);
    const { clock, group } = deps;
    this.#connection = new AcpConnection({
      clock,
      send: (line) => group.write(line),
      onRequest: (method, params) => this.#onRequest(method, params),
      onNotification: (method, params) => this.#onNotification(method, params),
      onStray: (line) => this.#onStray(line),
      run: (what, work) => group.run(what, work),
    });
  }

  /** @throws ExecutorError; the reason of `io.signal` when that stopped it. The group is dead when it settles. */
  async finish(job: ExecutionJob): Promise<ExecutionResult> {
    const { clock, group, io } = this.#deps;
    using timer = new WorkTimer(clock, {
      budgetMs: this.#limits.timeoutMs,
      onExpired: () => group.halt(limitError(`it worked for ${this.#limits.timeoutMs} ms without an end`)),
    });
    this.#desk = new PermissionDesk({
      io,
      timer,
      rights: job.rights,
      shown: (path) => this.#files.shown(path),
      stopped: group.stopped,
      run: (what, work) => group.run(what, () => work().catch((error) => group.halt(error))),
    });
    const onAbort = (): void => this.#cancel();
    io.signal.addEventListener("abort", onAbort, { once: true });
    const conversation = this.#converse(job).then(
      (result) => ({ result }),
      (error: unknown) => ({ error }),
    ).finally(() => this.#dismiss());
    if (io.signal.aborted) onAbort();
    const end = await group.finish((line) => this.#connection.receive(line));
    this.#connection.close(this.#earlyEnd(end));
    const outcome = await conversation;
    io.signal.removeEventListener("abort", onAbort);
    if ("result" in outcome) return outcome.result;
    throw io.signal.aborted ? io.signal.reason : outcome.error;
  }

  async #converse(job: ExecutionJob): Promise<ExecutionResult> {
    const before = await this.#deps.workspace.session();
    const isLoaded = await this.#open(before);
    let prompt = isLoaded ? resumePrompt(job) : taskPrompt(job, { wasInterrupted: before !== undefined });
    for (let turn = 1;; turn++) {
      const { stopReason } = await this.#prompt(prompt);
      this.#deps.io.signal.throwIfAborted();
      const denials = this.#desk?.takeDenials() ?? [];
      // some end a turn as cancelled when they were refused something
      const isCutShort = stopReason === "cancelled" && denials.length > 0;
      if (stopReason !== "end_turn" && !isCutShort) throw stopFailure(stopReason);
      const isUntold = isCutShort || denials.some(({ reason }) => reason !== undefined);
      if (!isUntold || (turn >= MAX_TURNS && !isCutShort)) break;
      if (turn >= MAX_TURNS) throw failed(`it stopped after a refusal, ${MAX_TURNS} times`, true);
      prompt = denialPrompt(denials);
    }
    // what people permitted is told before the result
    await this.#desk?.settled();
    return this.#transcript.result();
  }

  /** Whether the session of an earlier run was loaded. */
  async #open(before: SessionRecord | undefined): Promise<boolean> {
    const { workspace, logger, io } = this.#deps;
    const { sessionId, isLoaded } = await openSession({
      connection: this.#connection,
      logger,
      startMs: this.#limits.startMs,
      cwd: workspace.files,
      words: () => this.#strayWords(),
      onAnswered: (program) => {
        this.#isReady = true;
        if (program !== undefined) this.#program = program;
      },
    }, before?.sessionId);
    this.#sessionId = sessionId;
    const told = isLoaded && before ? before : { tokens: 0, money: 0 };
    this.#use = new SessionUse({ io, save: (use) => workspace.saveSession({ sessionId, ...use }) }, told);
    if (!isLoaded) await workspace.saveSession({ sessionId, ...told });
    return isLoaded;
  }

  async #prompt(text: string): Promise<TurnEnded> {
    let answer: unknown;
    try {
      answer = await this.#connection.call("session/prompt", {
        sessionId: this.#sessionId,
        prompt: [{ type: "text", text }],
      });
    } catch (error) {
      if (!(error instanceof AcpRefusal)) throw error;
      throw failed(`it says: ${wordsOf(error.message, 300)}`, true);
    }
    this.#transcript.endMessage();
    const parsed = turnEnded().safeParse(answer);
    if (!parsed.success) throw protocolError("it ended its turn without a reason that is known");
    if (parsed.data.usage) await this.#use?.tokens(parsed.data.usage.totalTokens);
    return parsed.data;
  }

  async #onRequest(method: string, params: unknown): Promise<unknown> {
    switch (method) {
      case "session/request_permission":
        return { outcome: await this.#onPermission(params) };
      case "fs/read_text_file": {
        const { path, line, limit } = checked(readFile(), params);
        return { content: await this.#files.read(path, { line, limit }) };
      }
      case "fs/write_text_file": {
        const { path, content } = checked(writeFile(), params);
        await this.#files.write(path, content);
        return {};
      }
      default:
        throw new AcpRefusal(RPC.methodNotFound, `Cannot do "${method.slice(0, 100)}": this client does not offer it`);
    }
  }

  async #onPermission(params: unknown): Promise<unknown> {
    const { io, group } = this.#deps;
    const { toolCall, options } = checked(permissionRequest(), params);
    if (!this.#desk || io.signal.aborted) return { outcome: "cancelled" };
    this.#transcript.endMessage();
    try {
      return await this.#desk.decide(this.#calls.merge(toolCall), this.#program, options);
    } catch (error) {
      // the protocol wants this answer for a turn that is cancelled; whoever stopped it has a reason already
      if (!io.signal.aborted) group.halt(error);
      return { outcome: "cancelled" };
    }
  }

  #onNotification(method: string, params: unknown): void {
    if (method !== "session/update") return;
    const parsed = sessionUpdate().safeParse(params);
    // updates of other kinds are not of interest, and none before the session is open: one that is loaded is told again
    if (parsed.success && parsed.data.sessionId === this.#sessionId) this.#onUpdate(parsed.data.update);
  }

  #onUpdate(update: SessionUpdate): void {
    const { io, group } = this.#deps;
    switch (update.sessionUpdate) {
      case "agent_message_chunk":
        return this.#transcript.add(update);
      case "plan": {
        const progress = planProgress(update.entries);
        if (progress) io.progress(progress);
        return;
      }
      case "usage_update": {
        const amount = update.cost?.amount;
        if (amount !== undefined) group.run("keep the use of a session", async () => await this.#use?.money(amount));
        return;
      }
      case "tool_call":
      case "tool_call_update": {
        this.#transcript.endMessage();
        const call = this.#calls.merge(update);
        if (update.sessionUpdate === "tool_call") {
          io.progress({ text: `${call.kind}: ${wordsOf(call.title, 500)}` });
        }
        this.#desk?.hear(call);
      }
    }
  }

  #onStray(line: string): void {
    const { group } = this.#deps;
    group.log("stdout", line);
    if (this.#isReady || line.trim() === "") return;
    this.#firstStray ??= line;
    if (++this.#strayLines > MAX_STRAY_LINES) {
      group.halt(notStarted(`it does not speak the Agent Client Protocol${this.#strayWords()}`));
    }
  }

  #strayWords(): string {
    return this.#firstStray === undefined ? "" : `; it writes "${wordsOf(this.#firstStray, 120)}"`;
  }

  /** The work must stop: the program is told, and has a moment to end its turn. */
  #cancel(): void {
    const { group, io } = this.#deps;
    if (this.#sessionId === undefined) return group.halt(io.signal.reason);
    this.#connection.notify("session/cancel", { sessionId: this.#sessionId });
    group.after(this.#limits.cancelGraceMs, () => group.halt(io.signal.reason));
  }

  /** Nothing more is wanted of the program: at the end of its input it may end by itself. */
  #dismiss(): void {
    const { group, io } = this.#deps;
    if (group.stopped.aborted) return;
    const done = new ExecutorError("work_failed", "Cannot go on: the work is over", { isRetryable: true });
    if (io.signal.aborted) return group.halt(io.signal.reason);
    group.closeInput();
    group.after(this.#limits.exitGraceMs, () => group.halt(done));
  }

  /** Why there is no answer any more. */
  #earlyEnd({ exit, halted }: SupervisedEnd): unknown {
    if (halted) return halted.reason;
    return endedEarly(exit, { isReady: this.#isReady, words: this.#strayWords(), stderr: this.#deps.group.stderrTail });
  }
}
