import type { Logger } from "@bzzz/logging";
import { type ChatMessage, type ChatReply, type ModelClient, ModelError, type ModelErrorCode } from "@bzzz/model";
import { ExecutorError, type ExecutorErrorCode } from "../../errors.ts";
import type { ExecutionJob, PlanIo } from "../../types.ts";
import type { ConfiguredModel } from "./choice.ts";
import { type ToolName, toolSpecs } from "./tools.ts";

/** What a session speaks through. */
export interface ModelSessionDeps {
  readonly client: Pick<ModelClient, "chat">;
  readonly logger: Pick<Logger, "info">;
  /** The server says that it has not, or cannot use, a model that it lists. */
  readonly onModelUnfit: () => void;
}

/** What it says, and how much. */
export interface ModelSessionOptions {
  /** The preferred one first, at least one. */
  readonly models: readonly ConfiguredModel[];
  readonly system: string;
  readonly tools: readonly ToolName[];
  readonly maxOutputTokens: number;
}

/** Failures after which another model of the same server may do, as long as the first has not answered. */
const UNFIT: ReadonlySet<ModelErrorCode> = new Set(["model_missing", "model_request_refused"]);

/** What failures of a model are to a task; what is gone for now counts as a start that failed, and pauses the claims. */
const CODES: Readonly<Record<ModelErrorCode, ExecutorErrorCode>> = {
  model_unreachable: "start_failed",
  model_unauthorized: "start_failed",
  model_missing: "start_failed",
  model_token_unreadable: "start_failed",
  model_busy: "start_failed",
  model_server_failed: "start_failed",
  model_timeout: "limit_exceeded",
  model_request_refused: "protocol_broken",
  model_answer_unreadable: "protocol_broken",
  model_answer_too_large: "protocol_broken",
};

const TOKENS_OF_A_PRICE = 1_000_000;
/** Of one turn, what goes back to the model with the next. */
const MAX_KEPT_CHARACTERS = 262_144;

/** One conversation with one model: the first of the candidates that answers. Counts what it uses. */
export class ModelSession {
  readonly #deps: ModelSessionDeps;
  readonly #options: ModelSessionOptions;
  readonly #messages: ChatMessage[] = [];
  #models: readonly ConfiguredModel[];
  #hasAnswered = false;
  #tokens = 0;

  constructor(deps: ModelSessionDeps, options: ModelSessionOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#models = options.models;
  }

  /** Who speaks, or is asked next. */
  get model(): string {
    return this.#models[0]?.name ?? "";
  }

  /** Says something before the next answer. */
  say(message: ChatMessage): void {
    this.#messages.push(message);
  }

  /** The next answer; what it used is told. @throws ExecutorError; the reason of `io.signal` */
  async answer(job: Pick<ExecutionJob, "budgets">, io: PlanIo): Promise<ChatReply> {
    const { tools } = this.#options;
    const left = job.budgets.tokens === undefined ? Infinity : Math.max(1, job.budgets.tokens - this.#tokens);
    const maxOutputTokens = Math.min(this.#options.maxOutputTokens, left);
    const reply = await this.#ask({ tools: toolSpecs(tools), maxOutputTokens }, io);
    this.#hasAnswered = true;
    const calls = reply.calls.map((call) => isKept(call.argumentsText) ? call : { ...call, argumentsText: "{}" });
    const text = reply.text.slice(0, MAX_KEPT_CHARACTERS);
    this.#messages.push({ role: "assistant", text, calls });
    this.#count(reply, io);
    return reply;
  }

  async #ask(
    request: Pick<Parameters<ModelClient["chat"]>[0], "tools" | "maxOutputTokens">,
    { signal }: PlanIo,
  ): Promise<ChatReply> {
    const { client, logger, onModelUnfit } = this.#deps;
    for (;;) {
      const { model } = this;
      try {
        const { system } = this.#options;
        return await client.chat({ ...request, model, system, messages: this.#messages }, { signal });
      } catch (error) {
        if (!(error instanceof ModelError)) throw error;
        const isUnfit = UNFIT.has(error.code);
        if (isUnfit) onModelUnfit();
        if (!isUnfit || this.#hasAnswered || this.#models.length < 2) throw asExecutorError(error);
        logger.info("A model cannot be used; the next one is asked", { model, code: error.code });
        this.#models = this.#models.slice(1);
      }
    }
  }

  #count({ use: { inputTokens, outputTokens } }: ChatReply, io: PlanIo): void {
    const [model] = this.#models;
    const tokens = Math.ceil(inputTokens + outputTokens);
    const price = inputTokens * (model?.inputPrice ?? 0) + outputTokens * (model?.outputPrice ?? 0);
    this.#tokens += tokens;
    io.used({ tokens, money: Math.min(Number.MAX_SAFE_INTEGER, Math.ceil(price / TOKENS_OF_A_PRICE)) });
  }
}

/** Servers put what the model wrote into their templates again, and fail on what is no JSON. */
function isKept(argumentsText: string): boolean {
  if (argumentsText.length > MAX_KEPT_CHARACTERS) return false;
  try {
    JSON.parse(argumentsText);
    return true;
  } catch {
    return false;
  }
}

function asExecutorError(error: ModelError): ExecutorError {
  return new ExecutorError(CODES[error.code], error.message, { isRetryable: true, cause: error });
}
