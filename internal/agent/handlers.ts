import { errorMessage, type TaskId } from "@bzzz/base";
import type { ClaimsEffect, ClaimsEvent } from "@bzzz/coordinator";
import type { Logger } from "@bzzz/logging";
import type { BodyOf, EntryKind } from "@bzzz/wire";
import { escalationBodyOf } from "./asks.ts";
import type { TaskAttempt } from "./attempt.ts";
import type { StopReason } from "./errors.ts";
import type { WorkBook } from "./work_book.ts";

/** What the effects of the coordinator are carried out with. */
export interface EffectContext {
  readonly logger: Logger;
  readonly book: WorkBook;
  /** Tells the coordinator what came of it. */
  readonly apply: (event: ClaimsEvent) => void;
  /** Runs work that the runner owns. */
  readonly run: (what: string, work: () => Promise<void>) => void;
  /** Stores an entry at the first try, or fails. */
  readonly appendOnce: <K extends EntryKind>(kind: K, body: BodyOf<K>, taskId: TaskId) => Promise<void>;
  /** Stores an entry, trying again for a while. */
  readonly append: <K extends EntryKind>(kind: K, body: BodyOf<K>, taskId: TaskId) => Promise<void>;
  readonly setTimer: (taskId: TaskId, delayMs: number, fn: () => void) => void;
  readonly cancelTimer: (taskId: TaskId) => void;
  readonly nowMs: () => number;
  readonly createAttempt: (taskId: TaskId, attempt: number) => TaskAttempt;
  readonly attempts: Map<TaskId, TaskAttempt>;
}

/** Carries out one effect. What takes time is handed to `run`. */
export function handleEffect(context: EffectContext, effect: ClaimsEffect): void {
  const { taskId } = effect;
  switch (effect.type) {
    case "schedule": {
      const { scheduled } = effect;
      const onDue = (): void => context.apply({ type: "due", taskId, scheduled, nowMs: context.nowMs() });
      return context.setTimer(taskId, effect.delayMs, onDue);
    }
    case "unschedule":
      return context.cancelTimer(taskId);
    case "claim":
      return context.run("claim a task", () => claim(context, taskId, effect.attempt));
    case "start":
      return context.run("work on a task", () => work(context, taskId, effect.attempt));
    case "cancel":
      return stopAttempt(context, taskId, effect.reason);
    case "release": {
      const { attempt, reason } = effect;
      return context.run("release a task", () => context.append("task_released", { taskId, attempt, reason }, taskId));
    }
    case "exhaust": {
      const body = { taskId, attempt: effect.attempt, reason: "its attempts are used up", retryable: false };
      return context.run("give a task up", () => context.append("task_failed", body, taskId));
    }
    case "escalate":
      return context.run("ask people about a task", () => escalate(context, taskId));
  }
}

async function claim(context: EffectContext, taskId: TaskId, attempt: number): Promise<void> {
  try {
    await context.appendOnce("task_claimed", { taskId, attempt }, taskId);
  } catch (error) {
    context.logger.warn("Cannot claim a task", { task: taskId, attempt, reason: errorMessage(error) });
    return context.apply({ type: "claim_failed", taskId, attempt });
  }
  context.apply({ type: "claim_stored", taskId, attempt });
}

async function work(context: EffectContext, taskId: TaskId, attempt: number): Promise<void> {
  const running = context.createAttempt(taskId, attempt);
  context.attempts.set(taskId, running);
  let isParked = false;
  try {
    ({ isParked } = await running.run());
  } catch (error) {
    // The holder stays the holder: after a restart, or when others see it absent, the task is worked on again.
    context.logger.error("Cannot store how a task ended", { task: taskId, attempt }, error);
  } finally {
    context.attempts.delete(taskId);
    context.apply({ type: "ended", taskId, attempt, isParked });
  }
}

function stopAttempt(context: EffectContext, taskId: TaskId, reason: StopReason): void {
  context.attempts.get(taskId)?.stop(reason);
}

/** The id of the request follows from the task: asking again after a restart changes nothing. */
async function escalate(context: EffectContext, taskId: TaskId): Promise<void> {
  const view = context.book.board.get(taskId);
  if (!view) return;
  const body = escalationBodyOf(view);
  if (context.book.inbox.get(body.requestId)) return;
  await context.append("request_opened", body, taskId);
}
