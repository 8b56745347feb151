import type { PeerId, TaskId } from "@bzzz/base";
import type { TaskRegister } from "@bzzz/coordinator";
import type { RequestView } from "@bzzz/hmmm";
import { type AttemptDeps, type AttemptEnd, TaskAttempt } from "./attempt.ts";
import type { AskingOptions } from "./asking.ts";
import { type Claiming, referenceOf } from "./claiming.ts";
import type { StopReason } from "./errors.ts";
import { TaskHold } from "./hold.ts";
import type { OwnEntries } from "./own_entries.ts";

/** What the attempts of a runner stand on. */
export interface AttemptsDeps
  extends Pick<AttemptDeps, "clock" | "random" | "logger" | "executor" | "book" | "isDraining" | "stopped"> {
  readonly self: PeerId;
  readonly register: TaskRegister;
  readonly claiming: Pick<Claiming, "takeSentAtMs">;
  readonly entries: Pick<OwnEntries, "append" | "tell" | "planText" | "textsOf">;
  /** Milliseconds that go on while the machine sleeps. */
  readonly awakeMs: () => number;
}

/** What this node works on: an attempt a task, from its begin to its end. */
export class Attempts {
  readonly #deps: AttemptsDeps;
  readonly #options: AskingOptions;
  readonly #running = new Map<TaskId, TaskAttempt>();

  constructor(deps: AttemptsDeps, options: AskingOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** How many run. */
  get size(): number {
    return this.#running.size;
  }

  /**
   * Works on a task as long as it is this node's under the token: "done" at once when it is not any more. Rejects when how it ended
   * could not be stored.
   */
  async run(taskId: TaskId, token: number): Promise<AttemptEnd> {
    const attempt = this.#create(taskId, token);
    if (!attempt) return "done";
    this.#running.set(taskId, attempt);
    try {
      return await attempt.run();
    } finally {
      this.#running.delete(taskId);
    }
  }

  /** Ends the work on a task, if there is any. */
  stop(taskId: TaskId, reason: StopReason): void {
    this.#running.get(taskId)?.stop(reason);
  }

  stopAll(reason: StopReason): void {
    for (const attempt of this.#running.values()) attempt.stop(reason);
  }

  /** Ends those that wait for a person, to be gone on with once there is an answer. */
  park(): void {
    for (const attempt of this.#running.values()) if (attempt.isWaiting) attempt.stop("parked");
  }

  /** Others have told what they used: it may be of a budget that work here shares. */
  onUse(): void {
    for (const attempt of this.#running.values()) attempt.onUse();
  }

  /** Tells of a change of a task's request. */
  onRequest(taskId: TaskId, request: RequestView): void {
    this.#running.get(taskId)?.onRequest(request);
  }

  #create(taskId: TaskId, token: number): TaskAttempt | undefined {
    const { clock, random, logger, executor, book, register, entries, self, awakeMs, stopped } = this.#deps;
    const view = book.board.get(taskId);
    const value = view?.value;
    if (!value || value.token !== token || value.holder !== self) return undefined;
    const start = {
      taskId,
      value,
      reference: referenceOf(view),
      sentAtMs: this.#deps.claiming.takeSentAtMs(taskId, token),
    };
    const tell: OwnEntries["tell"] = (id, certificate) => entries.tell(id, certificate);
    return new TaskAttempt({
      clock,
      random,
      logger,
      executor,
      book,
      createHold: (onEnd) => new TaskHold({ clock, awakeMs, logger, self, register, tell, stopped }, start, onEnd),
      append: (kind, body, id) => entries.append(kind, body, id),
      say: (id, text) => entries.append("message_posted", { type: "plan", text }, id),
      planText: (id) => entries.planText(id),
      textsOf: (view) => entries.textsOf(view),
      isDraining: this.#deps.isDraining,
      stopped,
    }, this.#options);
  }
}
