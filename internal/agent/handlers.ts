import type { EntryId, PeerId, TaskId } from "@bzzz/base";
import { type ClaimsEffect, type ClaimsEvent, commandFor, taskKey, type TaskRegister } from "@bzzz/coordinator";
import { bindRequestId } from "@bzzz/hmmm";
import type { Logger } from "@bzzz/logging";
import type { Certificate } from "@bzzz/register";
import type { BodyOf, EntryKind } from "@bzzz/wire";
import { escalationBodyOf } from "./asks.ts";
import type { AttemptEnd } from "./attempt.ts";
import type { Attempts } from "./attempts.ts";
import { type Claiming, referenceOf } from "./claiming.ts";
import type { TaskTimers } from "./task_timers.ts";
import type { WorkBook } from "./work_book.ts";

/** What the effects of the coordinator are carried out with. */
export interface EffectContext {
  readonly self: PeerId;
  readonly logger: Logger;
  readonly book: WorkBook;
  readonly register: TaskRegister;
  readonly claiming: Claiming;
  /** Tells the coordinator what came of it. */
  readonly apply: (event: ClaimsEvent) => void;
  /** Runs work that the runner owns. */
  readonly run: (what: string, work: () => Promise<void>) => void;
  /** Stores an entry, trying again for a while. */
  readonly append: <K extends EntryKind>(kind: K, body: BodyOf<K>, taskId: TaskId) => Promise<EntryId>;
  /** Stores the entry that tells of a decision. */
  readonly tell: (taskId: TaskId, certificate: Certificate) => Promise<void>;
  readonly timers: Pick<TaskTimers, "set" | "cancel">;
  readonly nowMs: () => number;
  readonly attempts: Pick<Attempts, "run" | "stop">;
}

/** Carries out one effect. What takes time is handed to `run`. */
export function handleEffect(context: EffectContext, effect: ClaimsEffect): void {
  const { taskId } = effect;
  switch (effect.type) {
    case "schedule": {
      const { scheduled } = effect;
      const onDue = (): void => context.apply({ type: "due", taskId, scheduled, nowMs: context.nowMs() });
      return context.timers.set(taskId, effect.delayMs, onDue);
    }
    case "unschedule":
      return context.timers.cancel(taskId);
    case "claim":
      return context.run("claim a task", () => context.claiming.claim(taskId, effect.token));
    case "expire":
      return context.run("tell that a task has expired", () => context.claiming.expire(taskId, effect.token));
    case "start":
      return context.run("work on a task", () => work(context, taskId, effect.token));
    case "cancel":
      return context.attempts.stop(taskId, effect.reason);
    case "release":
      return context.run("release a task", () => release(context, taskId, effect.token, effect.reason));
    case "escalate":
      return context.timers.set(taskId, effect.delayMs, () => {
        context.run("ask people about a task", () => escalate(context, taskId));
      });
  }
}

async function work(context: EffectContext, taskId: TaskId, token: number): Promise<void> {
  let outcome: AttemptEnd = "done";
  try {
    outcome = await context.attempts.run(taskId, token);
  } catch (error) {
    // The holder stays the holder: after a restart, or when its lease is over, the task is worked on again.
    context.logger.error("Cannot store how a task ended", { task: taskId, token }, error);
  } finally {
    context.apply({ type: "ended", taskId, token, outcome });
  }
}

/** Gives back what was claimed but not begun. If that is not decided, the lease ends by itself. */
async function release(context: EffectContext, taskId: TaskId, token: number, reason: string): Promise<void> {
  const view = context.book.board.get(taskId);
  if (!view?.value || view.token !== token) return;
  const told = await context.append("task_released", { taskId, attempt: view.attempt, token, reason }, taskId);
  const command = commandFor(view.value, referenceOf(view), { type: "release", told });
  const outcome = await context.register.submit(taskKey(taskId), command);
  if (outcome.type === "decided") return await context.tell(taskId, outcome.certificate);
  const why = outcome.type === "refused" ? outcome.code : outcome.reason;
  context.logger.warn("A task was not given back; its lease will end", { task: taskId, token, why });
}

/** The id of the request follows from the task: whoever is to tell finds what was told before, also after a restart. */
async function escalate(context: EffectContext, taskId: TaskId): Promise<void> {
  const { book, self } = context;
  const view = book.board.get(taskId);
  if (!view?.isExhausted) return;
  const body = escalationBodyOf(view);
  const isTold = book.requestsOf(taskId).some(({ requestId, openedBy, kind, title }) =>
    requestId === bindRequestId(body.requestId, openedBy) && kind === body.kind && title === body.title
  );
  if (isTold) return;
  await context.append("request_opened", { ...body, requestId: bindRequestId(body.requestId, self) }, taskId);
}
