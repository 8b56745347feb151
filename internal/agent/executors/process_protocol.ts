import { once } from "@bzzz/base";
import { z } from "zod";
import { parseFormSchema } from "@bzzz/hmmm";
import { MAX_TEXT_CHARACTERS, MAX_TITLE_CHARACTERS, REQUEST_STAKES, toSnakeCase } from "@bzzz/wire";
import type { Answer, AskRequest, ExecutionJob } from "../types.ts";

const amount = once(() => z.int().min(0).max(Number.MAX_SAFE_INTEGER).default(0));

/** What the program has used since its last word on it: tokens of a model, and money in millionths. */
const used = once(() => z.strictObject({ tokens: amount(), money: amount() }).optional());

/**
 * What a program says, one JSON object a line on stdout (docs/develop: "Programs that work for an agent"). Lines that are
 * no object with one of these types are log lines; an object with such a type and wrong members breaks the protocol.
 */
const MESSAGE = once(() =>
  z.discriminatedUnion("type", [
    z.object({
      type: z.literal("progress"),
      percent: z.number().min(0).max(100).optional(),
      text: z.string().default(""),
      used: used(),
    }),
    z.object({
      type: z.literal("ask"),
      /** Comes back with the answer, for programs that ask several things at once. */
      id: z.string().max(128).optional(),
      title: z.string().min(1).max(MAX_TITLE_CHARACTERS),
      body: z.string().max(MAX_TEXT_CHARACTERS).default(""),
      choices: z.array(z.string().min(1).max(200)).min(1).max(64).optional(),
      /** A flat JSON Schema: the person fills it in. */
      form: z.record(z.string(), z.unknown()).optional(),
      /** Exactly this is approved or denied. */
      action: z.strictObject({
        verb: z.string().min(1).max(64),
        target: z.string().max(2560).default(""),
        args: z.array(z.strictObject({
          name: z.string().min(1).max(64),
          value: z.union([z.string().max(8192), z.number(), z.boolean()]),
        })).max(64).default([]),
        effect: z.string().max(4096).default(""),
        reversible: z.boolean().optional(),
        cost: z.string().max(200).optional(),
      }).optional(),
      editable: z.boolean().default(false),
      stakes: z.enum(REQUEST_STAKES).optional(),
      refs: z.array(z.string().min(1).max(2560)).max(64).optional(),
      /** A wording of the reader's library, and what it is about. */
      wording: z.strictObject({
        id: z.string().min(1).max(64),
        params: z.record(z.string().min(1).max(64), z.union([z.string().max(8192), z.number(), z.boolean()])).default(
          {},
        ),
      }).optional(),
      /** Milliseconds from now. */
      due_ms: z.int().min(1).max(31_622_400_000).optional(),
      on_timeout: z.enum(["deny", "escalate"]).default("deny"),
      human_present: z.boolean().default(false),
      quorum: z.strictObject({ n: z.int().min(1).max(64), of: z.int().min(1).max(64) })
        .refine(({ n, of }) => n <= of, "n is at most of").optional(),
    }),
    z.object({
      type: z.literal("performed"),
      request_id: z.string(),
      outcome: z.enum(["done", "failed"]),
      text: z.string().max(4096).default(""),
    }),
    z.object({
      type: z.literal("result"),
      summary: z.string().default(""),
      output: z.unknown().optional(),
      used: used(),
    }),
  ])
);
export type ProcessMessage = z.infer<ReturnType<typeof MESSAGE>>;

const TYPES: ReadonlySet<unknown> = new Set(["progress", "ask", "performed", "result"]);

/** A program's question as the agent asks it; undefined when its form cannot be read, with the reason. */
export function askOf(
  message: Extract<ProcessMessage, { type: "ask" }>,
): { readonly ok: true; readonly ask: AskRequest } | { readonly ok: false; readonly problem: string } {
  const { title, body, choices, form, action, stakes, refs, due_ms: afterMs, quorum, wording } = message;
  const schema = form === undefined ? undefined : JSON.stringify(form);
  const parsed = schema === undefined ? undefined : parseFormSchema(schema);
  if (parsed?.ok === false) return { ok: false, problem: `its form cannot be read: ${parsed.problem}` };
  const ask = {
    title,
    body,
    ...(choices ? { choices } : {}),
    ...(schema === undefined ? {} : { schema }),
    ...(action ? { action, isEditable: message.editable } : {}),
    ...(stakes ? { stakes } : {}),
    ...(refs ? { refs } : {}),
    ...(wording ? { wording: { id: wording.id, params: paramsOf(wording.params) } } : {}),
    ...(message.human_present ? { isPersonRequired: true } : {}),
    ...(quorum ? { quorum } : {}),
    ...(afterMs === undefined ? {} : { due: { afterMs, onTimeout: message.on_timeout } }),
  };
  return { ok: true, ask };
}

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
  const parsed = MESSAGE().safeParse(value);
  if (parsed.success) return { kind: "message", message: parsed.data };
  return { kind: "broken", problem: z.prettifyError(parsed.error) };
}

/** The first line a program reads: the task, with what people have answered so far. */
export function taskLine(job: ExecutionJob): string {
  const { taskId, attempt, token, title, description, input, priority, requiredCapabilities, deadlineMs } = job;
  const { budgets, rights } = job;
  return JSON.stringify({
    type: "task",
    v: 1,
    task_id: taskId,
    attempt,
    token,
    title,
    description,
    input,
    priority,
    required_capabilities: requiredCapabilities,
    deadline_ms: deadlineMs,
    budgets: toSnakeCase(budgets),
    rights,
    answers: job.answers.map((answer) => ({
      title: answer.title,
      ...answerFields(answer),
      ...(answer.isOfFailedTry ? { of_failed_try: true } : {}),
    })),
    ...(job.earlierTries.length === 0 ? {} : { earlier_tries: job.earlierTries }),
  }) + "\n";
}

/** The line that answers an `ask`. */
export function answerLine(id: string | undefined, answer: Answer): string {
  return JSON.stringify({ type: "answer", id, ...answerFields(answer) }) + "\n";
}

function answerFields(answer: Answer): Record<string, unknown> {
  const { requestId, decision, text, choice, reason, values, editedAction, isAutomatic, performed } = answer;
  return {
    request_id: requestId,
    decision,
    text,
    choice,
    reason,
    values: values === undefined ? undefined : JSON.parse(values), // the fold has checked it against the form
    edited_action: editedAction,
    automatic: isAutomatic,
    performed,
  };
}

/** A program's output as the text of a result: strings as they are, other values as JSON. */
export function outputText(output: unknown): string {
  if (output === undefined) return "";
  return typeof output === "string" ? output : JSON.stringify(output);
}

/** In the order of the line: what is signed keeps it. */
function paramsOf(
  params: Readonly<Record<string, string | number | boolean>>,
): { name: string; value: string | number | boolean }[] {
  return Object.entries(params).map(([name, value]) => ({ name, value }));
}
