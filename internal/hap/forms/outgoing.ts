/**
 * What a filled-in template becomes: a message, an ask, a task or a proposal, the same on every surface. Pure.
 *
 * @module
 */
import type { ApiClient } from "@bzzz/api";
import { BzzzError } from "@bzzz/base";
import { parseAddressee, parseDuration } from "@bzzz/cli";
import type { FormValues } from "@bzzz/hmmm";
import { REQUEST_STAKES } from "@bzzz/wire";
import type { Template, TemplateSend } from "./template.ts";
import { parseTemplateText, renderTemplateText } from "./template_text.ts";

type MessageInput = Parameters<ApiClient["postMessage"]>[0];
type AskInput = Parameters<ApiClient["ask"]>[0];
type TaskInput = Parameters<ApiClient["postTask"]>[0];

/** What is to be sent, complete. */
export type Outgoing =
  | { readonly what: "message"; readonly input: MessageInput }
  | { readonly what: "ask"; readonly input: AskInput }
  | { readonly what: "task"; readonly input: TaskInput }
  | { readonly what: "decision"; readonly input: Readonly<Record<string, unknown>> };

/** What a field says does not fit where the template puts it. */
export class OutgoingError extends BzzzError<"validation_failed"> {}

/** Puts the values into the template. @throws OutgoingError */
export function composeOutgoing(template: Template, values: FormValues, nowMs: number): Outgoing {
  const names = new Set(template.fields.map(({ name }) => name));
  const fill = (text: string): string => {
    const parsed = parseTemplateText(text, names);
    if (parsed.ok) return renderTemplateText(parsed.parts, values);
    throw new TypeError(`Unreachable: a template that was read has no wrong text, but "${parsed.got}"`);
  };
  const lineOf = (text: string) => fill(text).replace(/\s+/g, " ").trim();
  const lines = (
    texts: readonly string[],
  ) => [...new Set(texts.flatMap((text) => lineOf(text).split(/,\s*/)).filter((one) => one !== ""))];
  const optional = <K extends string>(key: K, text: string | undefined): { [P in K]?: string } => {
    const said = text === undefined ? "" : lineOf(text);
    return said === "" ? {} : { [key]: said } as { [P in K]?: string }; // the one key is K
  };
  const { send } = template;
  const title = lineOf(template.titleText);
  const body = fill(template.body).trim();
  switch (send.kind) {
    case "message":
      return {
        what: "message",
        input: {
          text: `${title}\n\n${body}`.trim(),
          type: send.type,
          topic: lineOf(send.topic).replace(/^#/, ""),
          to: lines(send.to).map((name) => name.replace(/^@/, "")),
          ...optional("thread", send.thread),
          ...optional("task_id", send.task),
          refs: lines(send.refs),
        },
      };
    case "task":
      return {
        what: "task",
        input: {
          title,
          description: body,
          required_capabilities: lines(send.capabilities),
          ...optional("required_role", send.role),
          ...(send.priority === undefined ? {} : { priority: priorityOf(send.priority, lineOf) }),
          ...deadlineOf(send.due, lineOf, nowMs),
        },
      };
    case "decision":
      return {
        what: "decision",
        input: {
          title,
          summary: body,
          type: send.type,
          outcome: lineOf(send.outcome),
          citations: lines(send.cite).map((address) => ({ address })),
          ...optional("task", send.task),
        },
      };
    default:
      return {
        what: "ask",
        input: {
          kind: send.kind,
          to: addresseeOf(lineOf(send.to)),
          title,
          body,
          stakes: stakesOf(lineOf(send.stakes)),
          refs: lines(send.refs),
          // what an ask belongs to is a thread: asks have one channel
          ...optional("thread", send.topic?.replace(/^#/, "")),
          ...optional("task_id", send.task),
          ...(send.choices.length === 0 ? {} : { choices: lines(send.choices) }),
          ...deadlineOf(send.due, lineOf, nowMs),
        },
      };
  }
}

function addresseeOf(said: string): ReturnType<typeof parseAddressee> {
  try {
    return parseAddressee(said.replace(/^@@/, "@")); // a field of type peer may have its own @
  } catch {
    throw wrong("to", said, "a person as @ana, a role as role:reviewer, or all");
  }
}

function stakesOf(said: string): (typeof REQUEST_STAKES)[number] {
  const stakes = REQUEST_STAKES.find((one) => one === said);
  if (stakes) return stakes;
  throw wrong("stakes", said, `one of ${REQUEST_STAKES.join(", ")}`);
}

function priorityOf(priority: number | string, lineOf: (text: string) => string): number {
  const said = typeof priority === "number" ? String(priority) : lineOf(priority);
  if (/^[0-9]$/.test(said)) return Number(said);
  throw wrong("priority", said, "0 to 9");
}

function deadlineOf(
  due: string | undefined,
  lineOf: (text: string) => string,
  nowMs: number,
): { deadline_ms?: number } {
  const said = due === undefined ? "" : lineOf(due);
  if (said === "") return {};
  const ms = parseDuration(said);
  if (ms !== undefined) return { deadline_ms: nowMs + ms };
  throw wrong("due", said, "a time like 90s, 10m, 2h or 7d");
}

function wrong(key: keyof TemplateSend | string, got: string, expected: string): OutgoingError {
  return new OutgoingError("validation_failed", `Cannot send it: ${key} would be "${got}"; expected ${expected}`);
}

/** What would be sent, as text for a person to look at; complete. Times are UTC. */
export function describeOutgoing({ what, input }: Outgoing): string {
  const rows = Object.entries(input).flatMap(([key, value]): string[] => {
    const text = key === "deadline_ms" && typeof value === "number"
      ? new Date(value).toISOString()
      : wordsOfInput(value);
    if (text === "") return [];
    return text.includes("\n") ? [`${key}:`, ...text.split("\n").map((line) => `  ${line}`)] : [`${key}: ${text}`];
  });
  return [`Sends as ${what}:`, ...rows.map((row) => `  ${row}`)].join("\n");
}

function wordsOfInput(value: unknown): string {
  if (Array.isArray(value)) return value.map(wordsOfInput).join(", ");
  if (value === null || typeof value !== "object") return value === undefined ? "" : String(value);
  const parts = Object.entries(value).map(([key, one]) => `${key} ${wordsOfInput(one)}`);
  return parts.length === 0 ? "everybody who may decide" : parts.join(", "); // of an addressee: nobody is named
}
