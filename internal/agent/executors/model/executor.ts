import type { Logger } from "@bzzz/logging";
import type { ModelClient } from "@bzzz/model";
import { MAX_TITLE_CHARACTERS } from "@bzzz/wire";
import type { HelpCall } from "../../advisor.ts";
import { ExecutorError } from "../../errors.ts";
import type { AuthorLabel, ExecutionIo, ExecutionJob, ExecutionResult, Executor, PlanIo } from "../../types.ts";
import type { ConfiguredModel, Purpose } from "./choice.ts";
import { ModelWork } from "./work.ts";
import { chorePrompt, helpPrompt, type ModelSelf, PLAN_REQUEST, systemPrompt, taskPrompt } from "./prompt.ts";
import { ModelSession } from "./session.ts";
import type { ToolName } from "./tools.ts";

/** A content as somebody may read it, or why not, in words for a model. */
export type ContextReading =
  | { readonly ok: true; readonly text: string; readonly author: AuthorLabel }
  | { readonly ok: false; readonly problem: string };

/** What a model works with. */
export interface ModelExecutorDeps {
  readonly client: Pick<ModelClient, "chat">;
  readonly logger: Logger;
  /** The models that are there now, the preferred one first, and why none is. */
  readonly models: { readonly available: readonly ConfiguredModel[]; readonly problem: string | undefined };
  /** Puts them in the order for a piece of work. @throws the reason of `signal` */
  readonly choose: (
    models: readonly ConfiguredModel[],
    purpose: Purpose,
    signal: AbortSignal,
  ) => Promise<readonly ConfiguredModel[]>;
  /** Who works, as the mesh has it now. */
  readonly self: () => ModelSelf;
  /** Reads what all of `readers` may read; missing: no model reads context here. */
  readonly readContext?:
    | ((
      address: string,
      readers: readonly AuthorLabel[],
      signal: AbortSignal,
    ) => Promise<ContextReading>)
    | undefined;
  readonly onModelUnfit: () => void;
}

/** How much of it. */
export interface ModelExecutorOptions {
  readonly maxOutputTokens: number;
  /** Answers in one run of a task. */
  readonly maxTurns: number;
}

/** The right that a task with limited rights must name for its model to read context. */
export const READ_RIGHT = "read-context";

/**
 * Has a language model do tasks: it gets the task as data and tools to ask people, to read context, and to end the work.
 * A run that was interrupted begins again, with what people have answered; the model keeps nothing between runs.
 */
export class ModelExecutor implements Executor {
  readonly name = "model";
  readonly #deps: ModelExecutorDeps;
  readonly #options: ModelExecutorOptions;

  constructor(deps: ModelExecutorDeps, options: ModelExecutorOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  async plan(job: ExecutionJob, io: PlanIo): Promise<string> {
    return await this.#words(job, io, { kind: "plan", text: `${taskPrompt(job)}\n\n${PLAN_REQUEST}` });
  }

  /** Sums the input of a job of this node's own up, in one answer without tools. @throws as `plan` */
  async summarise(job: ExecutionJob, io: PlanIo): Promise<string> {
    return await this.#words(job, io, { kind: "summary", text: chorePrompt(job) });
  }

  async run(job: ExecutionJob, io: ExecutionIo): Promise<ExecutionResult> {
    io.signal.throwIfAborted();
    const tools = this.#toolsFor(job);
    const session = await this.#open(job, { kind: "work", tools, signal: io.signal });
    session.say({ role: "user", text: taskPrompt(job) });
    const work = new ModelWork({ session, tools, job, io, readContext: this.#deps.readContext });
    return await work.finish(this.#options.maxTurns);
  }

  /** Answers a call for help, in one answer without tools. @throws as `plan` */
  async advise(call: HelpCall, signal: AbortSignal): Promise<string> {
    const job = {
      title: call.text.slice(0, MAX_TITLE_CHARACTERS),
      requiredCapabilities: call.capabilities,
      budgets: {},
    };
    return await this.#words(job, { signal, used: () => {} }, { kind: "help", text: helpPrompt(call) });
  }

  /** One answer in words. */
  async #words(
    job: Pick<ExecutionJob, "title" | "requiredCapabilities" | "budgets">,
    io: PlanIo,
    { kind, text: request }: { readonly kind: "plan" | "summary" | "help"; readonly text: string },
  ): Promise<string> {
    const session = await this.#open(job, { kind, tools: [], signal: io.signal });
    session.say({ role: "user", text: request });
    const { text, stop } = await session.answer(job, io);
    io.signal.throwIfAborted();
    if (stop !== "refused" && text.trim() !== "") return text.trim();
    const found = stop === "refused" ? "it refuses" : "its answer is empty";
    throw new ExecutorError("work_failed", `Cannot have a ${kind} of ${session.model}: ${found}`, {
      isRetryable: stop !== "refused",
    });
  }

  /** What the poster, and who delegated to them, may cause to run here. */
  #toolsFor({ rights, postedBy }: ExecutionJob): readonly ToolName[] {
    const isAllowed = rights === undefined || rights.includes(READ_RIGHT);
    const isMember = postedBy.length > 0 && postedBy.every(({ role }) => role !== undefined);
    const reads = this.#deps.readContext !== undefined && isAllowed && isMember;
    return ["ask_person", ...(reads ? ["read_context" as const] : []), "finish", "give_up"];
  }

  async #open(
    job: Pick<ExecutionJob, "title" | "requiredCapabilities">,
    { kind, tools, signal }: {
      readonly kind: Purpose["kind"];
      readonly tools: readonly ToolName[];
      readonly signal: AbortSignal;
    },
  ): Promise<ModelSession> {
    const { models: { available, problem }, choose, self } = this.#deps;
    if (available.length === 0) {
      throw new ExecutorError("start_failed", `Cannot ask a model: ${problem ?? "there is none"}`, {
        isRetryable: true,
      });
    }
    const { title, requiredCapabilities } = job;
    const models = await choose(available, { kind, title, requiredCapabilities }, signal);
    const { maxOutputTokens } = this.#options;
    return new ModelSession(this.#deps, {
      models,
      tools,
      maxOutputTokens,
      system: systemPrompt(self(), { hasTools: tools.length > 0 }),
    });
  }
}
