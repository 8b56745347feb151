import type { Clock, EntryId, PeerId, RequestId, TaskId, Timer } from "@bzzz/base";
import type { TaskAct, TaskValue, TaskView } from "@bzzz/coordinator";
import { closedAs, type RequestView } from "@bzzz/hmmm";
import type { BodyOf } from "@bzzz/wire";
import { bindRequest, requestBodyOf, silenceOf, unfitAnswer } from "./asks.ts";
import { MAX_ASKS } from "./constants.ts";
import { ExecutorError } from "./errors.ts";
import type { Answer, AskRequest } from "./types.ts";
import type { WorkBook } from "./work_book.ts";

/** What asking needs of the attempt it belongs to. */
export interface AskingDeps {
  readonly clock: Pick<Clock, "nowMs" | "setTimer">;
  readonly book: WorkBook;
  readonly taskId: TaskId;
  readonly view: () => TaskView;
  /** The register's value as the holder knows it. */
  readonly value: () => TaskValue;
  readonly append: <K extends "request_opened" | "request_performed" | "request_covered">(
    kind: K,
    body: BodyOf<K>,
  ) => Promise<EntryId>;
  readonly change: (act: TaskAct) => Promise<TaskValue>;
  /** Tells which answer the work goes on with, and has that decided. */
  readonly resume: (requestId: RequestId) => Promise<void>;
  /** Gives the slot back until there is an answer. */
  readonly park: () => void;
  readonly isDraining: () => boolean;
  /** Aborts when the work must stop; whoever waits rejects with its reason. */
  readonly signal: AbortSignal;
}

/** Plain settings of it. */
export interface AskingOptions {
  readonly parkAfterMs: number;
  readonly askTo: BodyOf<"request_opened">["to"];
}

/** What one attempt asks people, and how it waits for them. Close it when the work is over. */
export class Asking {
  readonly #deps: AskingDeps;
  readonly #options: AskingOptions;
  readonly #waiting = new Map<RequestId, (view: RequestView) => void>();
  /** Questions under way: who asks the same meanwhile waits for the same answer. At most `MAX_ASKS` and one of the plan. */
  readonly #underWay = new Map<RequestId, Promise<Answer>>();
  /** Requests of other tasks whose approval was used here. */
  readonly #covered = new Set<RequestId>();
  /** What is told of approvals, or was: nothing of it is told a second time. One each. */
  readonly #telling = new Map<RequestId, Promise<EntryId>>();
  #askCount = 0;
  #parkTimer: Timer | undefined;

  constructor(deps: AskingDeps, options: AskingOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** Tells of a change of a request. */
  onRequest(view: RequestView): void {
    this.#waiting.get(view.requestId)?.(view);
  }

  /** Nobody is parked any more. */
  close(): void {
    this.#parkTimer?.cancel();
  }

  /** A question of the executor. @throws ExecutorError "ask_refused" */
  async ask(ask: AskRequest): Promise<Answer> {
    this.#deps.signal.throwIfAborted();
    if (++this.#askCount > MAX_ASKS) throw refuseAsk(`it has asked ${MAX_ASKS} times`);
    const body = requestBodyOf(this.#deps.view(), ask, this.#options.askTo, this.#deps.clock.nowMs());
    return await this.askPeople(body);
  }

  /** The first word counts: a run that starts again tells nothing twice. */
  async performed(requestId: RequestId, outcome: "done" | "failed", text: string): Promise<void> {
    this.#deps.signal.throwIfAborted();
    const view = this.#deps.book.inbox.get(requestId);
    const isOwn = view?.taskId === this.#deps.taskId || this.#covered.has(requestId);
    if (!view || !isOwn || view.answer?.decision !== "approve") {
      throw refuseAsk("it tells of an approval that there is not");
    }
    if (view.performed) return;
    const body = { requestId, answer: view.answer.entry, outcome, text };
    const telling = this.#telling.get(requestId) ?? this.#deps.append("request_performed", body);
    this.#telling.set(requestId, telling);
    try {
      await telling;
    } catch (error) {
      this.#telling.delete(requestId);
      throw error;
    }
  }

  /** The answer, once this node has looked whether it may act on it. @throws ExecutorError "ask_refused" */
  #fit(view: RequestView): Answer | undefined {
    const { book, clock } = this.#deps;
    const why = view.answer && unfitAnswer(view, book.facts());
    if (why !== undefined) throw refuseAsk(why);
    return book.answerOf(view) ?? (closedAs(view, clock.nowMs()) === "expired" ? silenceOf(view) : undefined);
  }

  /** Waits for people, with the task blocked. A question that was answered before costs nobody anything. */
  async askPeople(wanted: BodyOf<"request_opened">): Promise<Answer> {
    const { book } = this.#deps;
    const holders = [this.#deps.value().holder, ...this.#deps.view().attempts.map(({ holder }) => holder)];
    const askers = new Set(holders.filter((holder) => holder !== undefined));
    const { body, known } = bindRequest(wanted, [...askers], (id) => book.inbox.get(id));
    const asked = this.#underWay.get(body.requestId);
    if (asked) return await asked;
    const asking = this.#askOnce(body, known, [...askers]);
    this.#underWay.set(body.requestId, asking);
    try {
      return await asking;
    } finally {
      this.#underWay.delete(body.requestId);
    }
  }

  async #askOnce(
    body: BodyOf<"request_opened">,
    known: RequestView | undefined,
    [self]: readonly PeerId[],
  ): Promise<Answer> {
    const { book } = this.#deps;
    const answer = known && this.#fit(known);
    if (answer) return answer;
    const standing = self && book.standing({ action: body.action, taskId: body.taskId, openedBy: self });
    // what is done under it is told of the request that it was given for
    const permitted = standing && book.answerOf(standing);
    if (standing?.answer && permitted) {
      const { requestId, answer: { entry } } = standing;
      this.#covered.add(requestId);
      await this.#deps.append("request_covered", { requestId, answer: entry });
      return { ...permitted, performed: undefined };
    }
    if (!known) await this.#deps.append("request_opened", body);
    if (!this.#deps.value().waitingFor.includes(body.requestId)) {
      await this.#deps.change({ type: "block", request: body.requestId });
    }
    const given = await this.#answered(body.requestId);
    this.#deps.signal.throwIfAborted();
    await this.#deps.resume(body.requestId);
    return given;
  }

  async #answered(requestId: BodyOf<"request_opened">["requestId"]): Promise<Answer> {
    const { book, clock, isDraining } = this.#deps;
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const look = (view: RequestView | undefined): void => {
      if (!view) return;
      try {
        const answer = this.#fit(view);
        if (answer) resolve(answer);
        else if (view.recordedState !== "pending") reject(refuseAsk(`the request is ${view.recordedState}`));
      } catch (error) {
        reject(error);
      }
    };
    const onStop = (): void => reject(this.#deps.signal.reason);
    this.#deps.signal.addEventListener("abort", onStop, { once: true });
    if (this.#deps.signal.aborted) onStop();
    this.#waiting.set(requestId, look);
    // The answer may have come while the question was being stored.
    look(book.inbox.get(requestId));
    this.#parkTimer ??= clock.setTimer(this.#options.parkAfterMs, () => this.#deps.park());
    if (isDraining()) this.#deps.park();
    try {
      return await promise;
    } finally {
      this.#deps.signal.removeEventListener("abort", onStop);
      this.#waiting.delete(requestId);
      if (this.#waiting.size === 0) {
        this.#parkTimer?.cancel();
        this.#parkTimer = undefined;
      }
    }
  }
}

function refuseAsk(state: string): ExecutorError {
  return new ExecutorError("ask_refused", `Cannot ask a person: ${state}`, { isRetryable: false });
}
