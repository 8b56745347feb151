import { type Clock, hexEncode, once, utf8Encode } from "@bzzz/base";
import { sha256 } from "@bzzz/crypto";
import { z } from "zod";
import { REQUEST_STAKES } from "@bzzz/wire";
import { ExecutorError } from "../errors.ts";
import type { Answer, ExecutionIo, ExecutionJob, ExecutionResult, Executor } from "../types.ts";

/** What a task's input may tell the mock executor, as JSON. Any other input is taken as the text itself. */
const MOCK_INPUT = once(() =>
  z.strictObject({
    text: z.string().optional().describe("The text that is examined; default: title and description of the task"),
    steps: z.int().min(1).max(1000).default(1).describe("Steps the work is cut into, each reported"),
    use: z.strictObject({ tokens: z.int().min(0).default(0), money: z.int().min(0).default(0) }).optional()
      .describe("What each step says that it has used"),
    step_ms: z.int().min(0).max(600_000).default(0).describe("Milliseconds each step takes"),
    ask: z.strictObject({
      title: z.string().min(1).max(120),
      body: z.string().default(""),
      choices: z.array(z.string().min(1)).min(1).optional(),
      action: z.strictObject({ verb: z.string().min(1).max(64), target: z.string().max(2560) }).optional()
        .describe("The person approves this, and is told that it was done"),
      stakes: z.enum(REQUEST_STAKES).optional(),
      due_ms: z.int().min(1).max(86_400_000).optional().describe("Silence for so long denies"),
      human_present: z.boolean().optional(),
    }).optional().describe("A question to a person, asked after half of the steps"),
    fail: z.strictObject({ reason: z.string(), retryable: z.boolean().default(true) }).optional()
      .describe("Fail with this reason after the last step"),
  })
);

/**
 * Deterministic work without a program or a model: counts and hashes the text of the task, in steps, asking and failing
 * when the input says so. For trials, demonstrations and tests; the numbers are computed, never made up.
 */
export class MockExecutor implements Executor {
  readonly name = "mock";
  readonly #clock: Pick<Clock, "sleep">;

  constructor(deps: { clock: Pick<Clock, "sleep"> }) {
    this.#clock = deps.clock;
  }

  plan(job: ExecutionJob): Promise<string> {
    const { steps, ask, text } = parseInput(job);
    const subject = text === undefined ? "the title and the description" : "the text of the input";
    const question = ask ? ` After half of them a person is asked: "${ask.title}".` : "";
    return Promise.resolve(`Count the words, lines and bytes of ${subject} in ${steps} steps, and hash it.${question}`);
  }

  async run(job: ExecutionJob, io: ExecutionIo): Promise<ExecutionResult> {
    const input = parseInput(job);
    const text = input.text ?? `${job.title}\n${job.description}`;
    const slice = Math.ceil(text.length / input.steps);
    let words = 0;
    let answer: Answer | undefined;
    for (let step = 1; step <= input.steps; step++) {
      io.signal.throwIfAborted();
      if (input.step_ms > 0) await this.#clock.sleep(input.step_ms, { signal: io.signal });
      if (input.ask && step === Math.ceil((input.steps + 1) / 2)) answer = await askPeople(io, input.ask);
      words += wordsBegunIn(text, (step - 1) * slice, step * slice);
      io.progress({ percent: Math.round(100 * step / input.steps), text: `step ${step} of ${input.steps}` });
      if (input.use) io.used(input.use);
      io.signal.throwIfAborted();
    }
    if (input.fail) throw new ExecutorError("work_failed", input.fail.reason, { isRetryable: input.fail.retryable });
    const bytes = utf8Encode(text);
    const output = {
      words,
      lines: text === "" ? 0 : text.split("\n").length,
      bytes: bytes.byteLength,
      sha256: hexEncode(sha256(bytes)),
      ...(answer ? { answer: { decision: answer.decision, text: answer.text, choice: answer.choice } } : {}),
    };
    return { summary: `${words} words, ${bytes.byteLength} bytes`, output: JSON.stringify(output) };
  }
}

async function askPeople(
  io: ExecutionIo,
  { action, due_ms: afterMs, human_present: isPersonRequired, ...ask }: NonNullable<
    z.infer<ReturnType<typeof MOCK_INPUT>>["ask"]
  >,
): Promise<Answer> {
  const effect = "Nothing: this executor only counts words";
  const answer = await io.ask({
    ...ask,
    isPersonRequired,
    ...(action ? { action: { ...action, args: [], effect, reversible: true } } : {}),
    ...(afterMs === undefined ? {} : { due: { afterMs, onTimeout: "deny" } }),
  });
  if (answer.decision === "approve" && answer.performed === undefined) {
    await io.performed(answer.requestId, "done", "counted");
  }
  return answer;
}

/** Counts the words whose first character lies in [from, to): the sum over slices is the number of words. */
function wordsBegunIn(text: string, from: number, to: number): number {
  let count = 0;
  for (let i = from; i < Math.min(to, text.length); i++) {
    if (!/\s/.test(text.charAt(i)) && (i === 0 || /\s/.test(text.charAt(i - 1)))) count++;
  }
  return count;
}

function parseInput(job: ExecutionJob): z.infer<ReturnType<typeof MOCK_INPUT>> {
  const { input } = job;
  let value: unknown;
  try {
    value = input === undefined ? {} : JSON.parse(input);
  } catch {
    value = undefined; // not JSON: the input is the text
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) value = { text: input };
  const parsed = MOCK_INPUT().safeParse(value);
  if (parsed.success) return parsed.data;
  throw new ExecutorError("task_unfit", `Cannot read the input of the task: ${z.prettifyError(parsed.error)}`, {
    isRetryable: false,
  });
}
