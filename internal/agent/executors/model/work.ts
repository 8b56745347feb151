import type { ChatReply, ToolCall } from "@bzzz/model";
import { MAX_TEXT_CHARACTERS } from "@bzzz/wire";
import { ExecutorError } from "../../errors.ts";
import type { Answer, ExecutionIo, ExecutionJob, ExecutionResult } from "../../types.ts";
import { fenced, nameOf } from "../fence.ts";
import { cut, MAX_SUMMARY_CHARACTERS } from "../result_text.ts";
import type { ModelExecutorDeps } from "./executor.ts";
import { answerText, REMINDER } from "./prompt.ts";
import type { ModelSession } from "./session.ts";
import { parseCall, type ToolName, type ToolUse } from "./tools.ts";

/** What one run of a task is made of. */
export interface ModelWorkParts {
  readonly session: ModelSession;
  readonly tools: readonly ToolName[];
  readonly job: ExecutionJob;
  readonly io: ExecutionIo;
  readonly readContext: ModelExecutorDeps["readContext"];
}

type Ask = Extract<ToolUse, { name: "ask_person" }>["args"];

/** What goes back to the model for one call. */
interface Outcome {
  readonly text: string;
  readonly isError: boolean;
}

const MAX_QUOTE_CHARACTERS = 300;
const MAX_HEADLINE_CHARACTERS = 200;
/** Of a content that a model reads. */
const MAX_READ_CHARACTERS = 65_536;

/** One run: answers of the model and what its tools bring, until it ends the task, or too much is too much. */
export class ModelWork {
  readonly #parts: ModelWorkParts;
  /** The last answer called a tool in a wrong way, or none. */
  #wasWrong = false;
  #wasReminded = false;

  constructor(parts: ModelWorkParts) {
    this.#parts = parts;
  }

  /** @throws ExecutorError; the reason of `io.signal` */
  async finish(maxTurns: number): Promise<ExecutionResult> {
    const { session, job, io } = this.#parts;
    for (let turn = 1; turn <= maxTurns; turn++) {
      const reply = await session.answer(job, io);
      const result = await this.#take(reply, `answer ${turn} of at most ${maxTurns}`);
      if (result) return result;
    }
    throw failed("limit_exceeded", `${session.model} has not ended it within ${maxTurns} answers`);
  }

  /** The result, if this answer is the last. A result that is there counts, whatever it has cost. */
  async #take(reply: ChatReply, where: string): Promise<ExecutionResult | undefined> {
    const { io, session, tools } = this.#parts;
    const uses = reply.calls.map((call) => ({ call, parsed: parseCall(call, tools) }));
    for (const { parsed } of uses) if (parsed.ok && parsed.use.name === "finish") return resultOf(parsed.use.args);
    io.signal.throwIfAborted();
    if (reply.stop === "refused") throw refused(session.model, reply.text);
    if (reply.stop === "length") throw failed("limit_exceeded", `an answer of ${session.model} was cut at its limit`);
    if (reply.calls.length === 0) return this.#takeWords(reply.text, where);
    const names = uses.map(({ call }) => call.name.slice(0, 64)).join(", ");
    io.progress({ text: `${where} by ${session.model}: ${names}` });
    this.#judge(uses.flatMap(({ parsed }) => parsed.ok ? [] : parsed.problem));
    const asked = new Map<string, Promise<Answer>>();
    const outcomes = await Promise.allSettled(uses.map(async ({ parsed }): Promise<Outcome> => {
      if (!parsed.ok) {
        return { text: `Wrong call: ${parsed.problem}. Call it again as its schema says.`, isError: true };
      }
      return await this.#perform(parsed.use, asked);
    }));
    for (const [index, { call }] of uses.entries()) this.#tell(call, outcomes[index]);
    return undefined;
  }

  #tell(call: ToolCall, outcome: PromiseSettledResult<Outcome> | undefined): void {
    if (outcome?.status !== "fulfilled") throw outcome?.reason;
    this.#parts.session.say({ role: "tool", callId: call.id, ...outcome.value });
  }

  /** A model without tools, or one that forgets them, is reminded once; then its words are the result. */
  #takeWords(text: string, where: string): ExecutionResult | undefined {
    const { io, session } = this.#parts;
    if (this.#wasReminded && text.trim() !== "") {
      const headline = text.trim().split("\n")[0] ?? "";
      return resultOf({ summary: headline.slice(0, MAX_HEADLINE_CHARACTERS), output: text.trim() });
    }
    this.#judge(text.trim() === "" && this.#wasReminded ? ["its answer is empty"] : []);
    this.#wasReminded = true;
    io.progress({ text: `${where} by ${session.model}: words` });
    session.say({ role: "user", text: REMINDER });
    return undefined;
  }

  /** What is wrong is told to the model once; wrong again, and the try fails. */
  #judge(problems: readonly string[]): void {
    const [problem] = problems;
    if (problem !== undefined && this.#wasWrong) {
      throw failed("protocol_broken", `${this.#parts.session.model} calls its tools in a wrong way: ${problem}`);
    }
    this.#wasWrong = problem !== undefined;
  }

  async #perform(use: ToolUse, asked: Map<string, Promise<Answer>>): Promise<Outcome> {
    const { io, job, readContext } = this.#parts;
    switch (use.name) {
      case "ask_person":
        return { text: answerText(await this.#ask(use.args, asked)), isError: false };
      case "read_context": {
        const reading = await readContext?.(use.args.address, job.postedBy, io.signal);
        if (!reading?.ok) {
          return { text: `It cannot be read: ${reading?.problem ?? "nobody reads here"}`, isError: true };
        }
        const text = cut(reading.text, MAX_READ_CHARACTERS);
        return { text: fenced(`content at ${use.args.address}, by ${nameOf(reading.author)}`, text), isError: false };
      }
      case "give_up":
        throw new ExecutorError("work_failed", use.args.reason, { isRetryable: use.args.retryable });
      case "finish":
        throw new TypeError("A result is taken before the other calls");
    }
  }

  /** The same question twice in one answer is one; one that an earlier run asked under its title is answered already. */
  async #ask(args: Ask, asked: Map<string, Promise<Answer>>): Promise<Answer> {
    const { title, body, choices, approval, stakes } = args;
    const earlier = this.#parts.job.answers.find((answer) =>
      answer.title === title && !answer.isOfFailedTry && answer.decision !== "approve" && approval === undefined &&
      (choices === undefined || answer.choice === undefined || choices.includes(answer.choice))
    );
    if (earlier) return earlier;
    const key = JSON.stringify([title, body, choices, approval]);
    const known = asked.get(key);
    if (known) return await known;
    const answer = this.#parts.io.ask({
      title,
      body,
      choices,
      stakes,
      action: approval ? { ...approval, args: [] } : undefined,
    });
    asked.set(key, answer);
    return await answer;
  }
}

function resultOf({ summary, output }: { readonly summary: string; readonly output: string }): ExecutionResult {
  return { summary: cut(summary, MAX_SUMMARY_CHARACTERS), output: cut(output, MAX_TEXT_CHARACTERS) };
}

function refused(model: string, text: string): ExecutorError {
  const words = text.trim() === "" ? "" : `: ${text.trim().slice(0, MAX_QUOTE_CHARACTERS)}`;
  return new ExecutorError("work_failed", `${model} refuses the task${words}`, { isRetryable: false });
}

function failed(code: "limit_exceeded" | "protocol_broken", state: string): ExecutorError {
  return new ExecutorError(code, `Cannot have a model do the task: ${state}`, { isRetryable: true });
}
