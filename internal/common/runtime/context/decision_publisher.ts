import { BzzzError, type Clock, type EntryId, LruMap, type PeerId, TaskGroup } from "@bzzz/base";
import type { DecisionDesk } from "@bzzz/context";
import type { TaskTexts, TaskView } from "@bzzz/coordinator";
import { type RequestView, threadOfTask } from "@bzzz/hmmm";
import type { Logger } from "@bzzz/logging";
import { addressKey, decisionPath, nameOf, parseConcrete } from "@bzzz/ucxl";
import type { MeshReadModel } from "../read_model.ts";

/** A decision that could not be published is tried again so often, so long after. */
const TRIES = 6;
const RETRY_MS = 10_000;
/** Finished work that a start looks back at, newest first. */
const MAX_LOOKED_BACK = 500;
const MAX_TITLE_CHARACTERS = 120;
const MAX_SUMMARY_CHARACTERS = 4_096;
const MAX_RATIONALE_CHARACTERS = 16_384;
/** The work on a plan has begun, or is done. */
const BEGUN: ReadonlySet<TaskView["state"]> = new Set(["executing", "blocked", "review", "completed"]);
/** What waiting for the roles' keys, the disk or the log may overcome. */
const PASSING: ReadonlySet<string> = new Set([
  "role_key_missing",
  "role_key_exposed",
  "queue_full",
  "journal_busy",
  "journal_behind",
  "store_full",
  "store_unavailable",
]);

/** What a publisher stands on. */
export interface DecisionPublisherDeps {
  readonly desk: Pick<DecisionDesk, "publish">;
  readonly readModel: Pick<MeshReadModel, "events" | "board" | "inbox" | "threads">;
  /** Reads what a message says; empty when it is not kept any more. */
  readonly textOf: (message: EntryId) => string;
  /** Reads what is long of a task. */
  readonly textsOf: (view: TaskView) => TaskTexts | undefined;
  readonly clock: Pick<Clock, "nowMs" | "sleep">;
  readonly logger: Logger;
  readonly self: PeerId;
  readonly meshName: string;
  /** Of this node, now. */
  readonly who: () => { readonly agentId: string; readonly role: string };
}

/**
 * Publishes what this node has decided: a task it completed, one that it failed for good (a blocker), a plan that a discussion made it
 * change (a structural change), a request of an agent it answered. The address follows from the task or request, so that a start that
 * looks back publishes nothing twice.
 */
export class DecisionPublisher {
  readonly #deps: DecisionPublisherDeps;
  readonly #stopped = new AbortController();
  readonly #work: TaskGroup;
  readonly #seen = new LruMap<string, true>(4_096);

  constructor(deps: DecisionPublisherDeps) {
    this.#deps = deps;
    this.#work = new TaskGroup((error, what) => {
      if (!this.#stopped.signal.aborted) deps.logger.warn("A decision was not published", { what }, error);
    });
  }

  /** Looks back at what was decided before, then follows. */
  start(): void {
    const { readModel, clock } = this.#deps;
    const { signal } = this.#stopped;
    readModel.events.on("task:changed", ({ view }) => this.#taskChanged(view), { signal });
    readModel.events.on("request:changed", ({ view }) => this.#requestChanged(view), { signal });
    const tasks = readModel.board.list().filter((view) => this.#isOwnResult(view) || this.#isLastHolder(view));
    tasks.sort((a, b) => b.updatedAt.ms - a.updatedAt.ms).slice(0, MAX_LOOKED_BACK).forEach((view) =>
      this.#taskChanged(view)
    );
    for (const { requestId } of readModel.inbox.list(clock.nowMs()).slice(-MAX_LOOKED_BACK)) {
      const view = readModel.inbox.get(requestId);
      if (view) this.#requestChanged(view);
    }
  }

  /** Waits for what is being written. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#work.settled();
  }

  #isOwnResult(view: TaskView): boolean {
    return view.state === "completed" && view.result?.by === this.#deps.self;
  }

  /** Whether the newest claim of a task is this node's. */
  #isLastHolder(view: TaskView): boolean {
    return view.attempts.at(-1)?.holder === this.#deps.self;
  }

  #taskChanged(view: TaskView): void {
    this.#completed(view);
    if (!this.#isLastHolder(view)) return;
    if (view.state === "failed") this.#failedForGood(view);
    if (BEGUN.has(view.state)) this.#replanned(view);
  }

  #failedForGood(view: TaskView): void {
    this.#publish({
      task: view.taskId,
      name: `failed-${view.taskId.slice(-6).toLowerCase()}-${view.token}`,
      atMs: view.postedAt.ms,
      decision: {
        type: "status",
        title: cut(view.title, MAX_TITLE_CHARACTERS),
        summary: cut(view.reason ?? "", MAX_SUMMARY_CHARACTERS),
        outcome: "blocker",
        task_id: view.taskId,
      },
    });
  }

  /** The plan on which the work began, when a discussion brought it in the place of another. */
  #replanned(view: TaskView): void {
    const { self, readModel, textOf } = this.#deps;
    const messages = readModel.threads.get(threadOfTask(view.taskId))?.messages ?? [];
    const plan = messages.find(({ id }) => id === view.value?.plan);
    const first = messages.find(({ author, body }) => author === self && body.type === "plan");
    if (!plan || !first || plan.id === first.id) return;
    const objections = messages.filter(({ body }) => body.type === "objection" && body.severity === "blocking");
    if (objections.length === 0) return;
    this.#publish({
      task: view.taskId,
      name: `plan-${view.taskId.slice(-6).toLowerCase()}-${view.token}`,
      atMs: view.postedAt.ms,
      decision: {
        type: "architectural",
        title: cut(view.title, MAX_TITLE_CHARACTERS),
        summary: cut(textOf(plan.id), MAX_SUMMARY_CHARACTERS),
        rationale: cut(objections.map(({ id }) => textOf(id)).join("\n\n"), MAX_RATIONALE_CHARACTERS),
        outcome: "structural_change",
        task_id: view.taskId,
      },
    });
  }

  #completed(view: TaskView): void {
    const { result } = view;
    if (!this.#isOwnResult(view) || !result) return;
    this.#publish({
      task: view.taskId,
      name: `task-${view.taskId.slice(-6).toLowerCase()}`,
      atMs: view.postedAt.ms,
      decision: {
        type: "task_completion",
        title: cut(view.title, MAX_TITLE_CHARACTERS),
        summary: cut(result.summary, MAX_SUMMARY_CHARACTERS),
        rationale: cut(this.#deps.textsOf(view)?.output ?? "", MAX_RATIONALE_CHARACTERS),
        outcome: "info",
        task_id: view.taskId,
      },
    });
  }

  #requestChanged(view: RequestView): void {
    const { answer } = view;
    if (!answer || answer.author !== this.#deps.self) return;
    const isDecided = answer.decision === "approve" || answer.decision === "deny" || answer.decision === "choose";
    if (!isDecided) return; // words alone settle nothing
    this.#publish({
      task: view.taskId ?? view.requestId,
      name: `answer-${view.requestId.slice(-6).toLowerCase()}`,
      atMs: view.openedAt.ms,
      decision: {
        type: "escalation_answer",
        title: cut(view.title, MAX_TITLE_CHARACTERS),
        summary: cut(answer.reason ?? answer.text ?? "", MAX_SUMMARY_CHARACTERS),
        outcome: answer.decision === "deny" ? "blocker" : "approval",
        ...(view.choices ? { options: view.choices.slice(0, 16) } : {}),
        ...(answer.choice === undefined ? {} : { chosen: answer.choice }),
        ...(view.taskId ? { task_id: view.taskId } : {}),
      },
    });
  }

  #publish(what: { task: string; name: string; atMs: number; decision: Record<string, unknown> }): void {
    const key = `${what.task}/${what.name}`;
    if (this.#stopped.signal.aborted || this.#seen.get(key)) return;
    this.#seen.set(key, true);
    this.#work.run(key, () => this.#publishWith(what));
  }

  async #publishWith(
    what: { task: string; name: string; atMs: number; decision: Record<string, unknown> },
  ): Promise<void> {
    const { desk, clock, meshName, who } = this.#deps;
    for (let attempt = 1;; attempt++) {
      const { agentId, role } = who();
      const address = parseConcrete(
        `ucxl://${agentId}:${role}@${nameOf(meshName)}:${what.task.toLowerCase()}/*^/${
          decisionPath(what.atMs, what.name)
        }`,
      );
      try {
        await desk.publish(address, { v: 1, ...what.decision }, [role]);
        return;
      } catch (error) {
        if (error instanceof BzzzError && error.code === "already_exists") return;
        const isPassing = error instanceof BzzzError && PASSING.has(error.code);
        if (!isPassing || attempt === TRIES) throw error;
        this.#deps.logger.debug("A decision waits to be published", { address: addressKey(address), attempt }, error);
      }
      await clock.sleep(RETRY_MS, { signal: this.#stopped.signal });
    }
  }
}

function cut(text: string, maxCharacters: number): string {
  return text.length <= maxCharacters ? text : `${text.slice(0, maxCharacters - 1)}…`;
}
