import { z } from "zod";
import { MAX_TEXT_CHARACTERS, MAX_TITLE_CHARACTERS } from "@bzzz/wire";
import type { Answer, ExecutionJob } from "../types.ts";

/**
 * What a program says, one JSON object a line on stdout (docs/develop: "Programs that work for an agent"). Lines that are
 * no object with one of these types are log lines; an object with such a type and wrong members breaks the protocol.
 */
const MESSAGE = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("progress"),
    percent: z.number().min(0).max(100).optional(),
    text: z.string().default(""),
  }),
  z.object({
    type: z.literal("ask"),
    /** Comes back with the answer, for programs that ask several things at once. */
    id: z.string().max(128).optional(),
    title: z.string().min(1).max(MAX_TITLE_CHARACTERS),
    body: z.string().max(MAX_TEXT_CHARACTERS).default(""),
    choices: z.array(z.string().min(1).max(200)).min(1).max(64).optional(),
  }),
  z.object({
    type: z.literal("result"),
    summary: z.string().default(""),
    output: z.unknown().optional(),
  }),
]);
export type ProcessMessage = z.infer<typeof MESSAGE>;

const TYPES: ReadonlySet<unknown> = new Set(["progress", "ask", "result"]);

/** One line of a program's stdout. */
export type ProcessLine =
  | { readonly kind: "message"; readonly message: ProcessMessage }
  | { readonly kind: "log" }
  | { readonly kind: "broken"; readonly problem: string };

/** Never throws. */
export function parseProcessLine(line: string): ProcessLine {
  if (!line.trimStart().startsWith("{")) return { kind: "log" };
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { kind: "log" }; // text that happens to begin with a brace
  }
  if (value === null || typeof value !== "object" || !("type" in value) || !TYPES.has(value.type)) {
    return { kind: "log" };
  }
  const parsed = MESSAGE.safeParse(value);
  if (parsed.success) return { kind: "message", message: parsed.data };
  return { kind: "broken", problem: z.prettifyError(parsed.error) };
}

/** The first line a program reads: the task, with what people have answered so far. */
export function taskLine(job: ExecutionJob): string {
  const { taskId, attempt, title, description, input, priority, requiredCapabilities, deadlineMs } = job;
  return JSON.stringify({
    type: "task",
    v: 1,
    task_id: taskId,
    attempt,
    title,
    description,
    input,
    priority,
    required_capabilities: requiredCapabilities,
    deadline_ms: deadlineMs,
    answers: job.answers.map((answer) => ({ title: answer.title, ...answerFields(answer) })),
  }) + "\n";
}

/** The line that answers an `ask`. */
export function answerLine(id: string | undefined, answer: Answer): string {
  return JSON.stringify({ type: "answer", id, ...answerFields(answer) }) + "\n";
}

function answerFields(answer: Answer): Record<string, unknown> {
  const { requestId, decision, text, choice, reason } = answer;
  return { request_id: requestId, decision, text, choice, reason };
}

/** A program's output as the text of a result: strings as they are, other values as JSON. */
export function outputText(output: unknown): string {
  if (output === undefined) return "";
  return typeof output === "string" ? output : JSON.stringify(output);
}
