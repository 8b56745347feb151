import { backoffMs, type Bytes, type Clock, type EntryId, type Random, type TaskId } from "@bzzz/base";
import {
  commandFor,
  isTransient,
  type TaskAct,
  taskKey,
  type TaskRegister,
  type TaskValue,
  type TaskView,
  termsOf,
} from "@bzzz/coordinator";
import { encodeCertificate } from "@bzzz/register";

/** What an act on a task is decided with. */
export interface TaskActDeps {
  readonly register: TaskRegister;
  readonly clock: Pick<Clock, "monotonicMs" | "sleep">;
  readonly random: Random;
  /** The task as this node knows it. */
  readonly view: () => TaskView | undefined;
}

/** What became of it. */
export type TaskActOutcome =
  | { readonly type: "decided"; readonly certificate: Bytes }
  | { readonly type: "refused"; readonly code: string }
  /** Another result than the one that is judged waits for its review. */
  | { readonly type: "moved" }
  | { readonly type: "undecided"; readonly reason: string };

/** All tries of one act end by then: a person waits. */
const PATIENCE_MS = 10_000;
const BACKOFF = { baseMs: 50, maxMs: 1_000 } as const;

/**
 * Has an act of somebody who is not the holder decided. The task may change meanwhile (a renewal, a result): the act is
 * then made anew for what it has become, and refused if it does not fit any more. With `result` it is for that result
 * alone; a command is for one version of the task, so what is compared here is what the voters decide about.
 */
export async function decideTaskAct(
  deps: TaskActDeps,
  taskId: TaskId,
  act: TaskAct,
  { result }: { readonly result?: EntryId | undefined } = {},
): Promise<TaskActOutcome> {
  const { register, clock, random } = deps;
  const untilMs = clock.monotonicMs() + PATIENCE_MS;
  const view = deps.view();
  if (!view) return { type: "refused", code: "post_unknown" };
  const reference = { post: view.post, terms: termsOf(view) };
  let value: TaskValue | undefined = view.value;
  for (let tries = 1;; tries++) {
    if (result !== undefined && value?.state === "review" && value.result !== result) return { type: "moved" };
    const timeoutMs = Math.max(1, untilMs - clock.monotonicMs());
    const outcome = await register.submit(taskKey(taskId), commandFor(value, reference, act), { timeoutMs });
    if (outcome.type === "decided") return { type: "decided", certificate: encodeCertificate(outcome.certificate) };
    const isLate = clock.monotonicMs() >= untilMs;
    if (outcome.type === "undecided") {
      if (outcome.reason !== "overtaken" || isLate) return { type: "undecided", reason: outcome.reason };
      const read = await register.read(taskKey(taskId), { timeoutMs });
      if (read.type === "undecided") return { type: "undecided", reason: read.reason };
      value = read.value;
      continue;
    }
    const isBehind = outcome.code === "stale_version" && outcome.value !== undefined;
    if (isLate || (!isBehind && !isTransient(outcome.code))) return { type: "refused", code: outcome.code };
    if (isBehind) value = outcome.value;
    else await clock.sleep(Math.min(timeoutMs, outcome.retryAfterMs ?? backoffMs(random, tries, BACKOFF)));
  }
}
