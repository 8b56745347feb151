import type { EntryId } from "@bzzz/base";
import type { TaskAct, TaskValue, TaskView } from "@bzzz/coordinator";
import type { BodyOf } from "@bzzz/wire";
import { objectionBodyOf } from "./asks.ts";
import { ExecutorError } from "./errors.ts";
import type { Answer, ExecutionJob, Executor, PlanIo } from "./types.ts";

/** What the way to a beginning is made of. */
export interface PlanningDeps {
  readonly executor: Pick<Executor, "name" | "plan">;
  readonly job: () => ExecutionJob;
  readonly io: PlanIo;
  readonly view: () => TaskView;
  /** The register's value as the holder knows it. */
  readonly value: () => TaskValue;
  /** Tells the plan; the id of its entry. */
  readonly say: (text: string) => Promise<EntryId>;
  /** @throws ExecutorError "not_permitted" with the voters' code in its details */
  readonly change: (act: TaskAct) => Promise<TaskValue>;
  /** Asks people, with the task blocked. */
  readonly ask: (body: BodyOf<"request_opened">) => Promise<Answer>;
}

/** Longest plan that is told. */
const MAX_PLAN_CHARACTERS = 16_384;

/**
 * The way from a claim to the work: at once, or, when the poster wants a plan, by telling it and waiting for objections.
 * Silence is consent, an advisory objection is only heard, a blocking one stops the work until people have decided; that
 * may take days. Takes up where the register says that it stopped.
 */
export async function discussPlan(
  deps: PlanningDeps,
  options: { readonly askTo: BodyOf<"request_opened">["to"] },
): Promise<void> {
  const { value, change } = deps;
  if (value().terms.planWindowMs !== undefined) {
    if (value().state === "claimed") await change({ type: "plan" });
    if (value().state === "planning") {
      await change({ type: "propose", plan: await deps.say(await planOf(deps)) });
    }
  }
  try {
    await change({ type: "begin" });
  } catch (error) {
    const isObjection = error instanceof ExecutorError && error.details["refusal"] === "objection_stands";
    if (!isObjection) throw error;
    await askAboutObjection(deps, options.askTo);
  }
}

async function planOf({ executor, job, io }: PlanningDeps): Promise<string> {
  if (!executor.plan) {
    throw new ExecutorError("task_unfit", `Cannot plan the task: the executor "${executor.name}" makes no plans`, {
      isRetryable: false,
    });
  }
  return (await executor.plan(job(), io)).slice(0, MAX_PLAN_CHARACTERS);
}

/** The holder is not the judge of an objection to its own plan. */
async function askAboutObjection(deps: PlanningDeps, to: BodyOf<"request_opened">["to"]): Promise<void> {
  const body = objectionBodyOf(deps.view(), deps.value().plan, to);
  const { decision, reason, requestId } = await deps.ask(body);
  if (decision === "approve") {
    await deps.change({ type: "begin", approval: requestId });
    return;
  }
  throw new ExecutorError(
    "not_permitted",
    `Cannot begin the task: people sustain the objection${reason === undefined ? "" : `: ${reason}`}`,
    { isRetryable: false },
  );
}
