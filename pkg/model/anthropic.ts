import { once } from "@bzzz/base";
import { z } from "zod";
import { ANTHROPIC_VERSION, MAX_CALLS, MAX_LISTED } from "./constants.ts";
import type { Dialect } from "./dialect.ts";
import { isName } from "./openai.ts";
import type { ChatMessage, ToolCall } from "./types.ts";

const count = () => z.number().min(0).max(Number.MAX_SAFE_INTEGER);

/** Of `POST /v1/messages`, as far as it is used (https://platform.claude.com/docs/en/api/messages); other blocks are passed over. */
const message = once(() =>
  z.object({
    content: z.array(z.object({
      type: z.string(),
      text: z.string().optional(),
      id: z.string().optional(),
      name: z.string().optional(),
      input: z.unknown().optional(),
    })),
    stop_reason: z.string().nullish(),
    usage: z.object({
      input_tokens: count(),
      output_tokens: count(),
      cache_creation_input_tokens: count().nullish(),
      cache_read_input_tokens: count().nullish(),
    }).nullish(),
  })
);

const list = once(() => z.object({ data: z.array(z.object({ id: z.string() })) }));

/** What Anthropic and servers like it speak. */
export const ANTHROPIC: Dialect = {
  chatPath: "/v1/messages",
  listPath: "/v1/models?limit=1000",
  headers: (token) => ({
    "anthropic-version": ANTHROPIC_VERSION,
    ...(token === undefined ? {} : { "x-api-key": token }),
  }),
  chatBody: ({ model, system, messages, tools, maxOutputTokens }) => ({
    model,
    system,
    max_tokens: maxOutputTokens,
    messages: turnsOf(messages),
    ...(tools.length === 0 ? {} : {
      tools: tools.map(({ name, description, parameters }) => ({ name, description, input_schema: parameters })),
    }),
  }),
  readChat: (json) => {
    const { content, stop_reason: reason, usage } = message().parse(json);
    const calls = content.filter(({ type }) => type === "tool_use").slice(0, MAX_CALLS + 1).map(
      ({ id, name, input }, index): ToolCall => ({
        id: id ? id : `call_${index}`,
        name: name ?? "",
        argumentsText: JSON.stringify(input ?? {}),
      }),
    );
    z.array(z.unknown()).max(MAX_CALLS).parse(calls);
    return {
      text: content.flatMap(({ type, text }) => type === "text" ? text ?? "" : []).join("\n"),
      calls,
      stop: reason === "refusal" ? "refused" : reason === "max_tokens" ? "length" : "end",
      use: usage
        ? {
          // what is written to or read from the server's cache was sent, too
          inputTokens: usage.input_tokens + (usage.cache_creation_input_tokens ?? 0) +
            (usage.cache_read_input_tokens ?? 0),
          outputTokens: usage.output_tokens,
        }
        : undefined,
    };
  },
  readList: (json) => list().parse(json).data.slice(0, MAX_LISTED).map(({ id }) => id).filter(isName),
};

type Block = Readonly<Record<string, unknown>>;

/** Results of tools are the user's there, all those of one turn in one message; no block of text may be empty. */
function turnsOf(messages: readonly ChatMessage[]): { role: "user" | "assistant"; content: Block[] }[] {
  const turns: { role: "user" | "assistant"; content: Block[] }[] = [];
  for (const message of messages) {
    const role = message.role === "assistant" ? "assistant" : "user";
    const last = turns.at(-1);
    if (last?.role === role) last.content.push(...blocksOf(message));
    else turns.push({ role, content: blocksOf(message) });
  }
  return turns;
}

function blocksOf(message: ChatMessage): Block[] {
  switch (message.role) {
    case "user":
      return [textBlock(message.text)];
    case "assistant": {
      const calls = message.calls.map(({ id, name, argumentsText }) => ({
        type: "tool_use",
        id,
        name,
        input: objectOf(argumentsText),
      }));
      return message.text.trim() === "" && calls.length > 0 ? calls : [textBlock(message.text), ...calls];
    }
    case "tool":
      return [{
        type: "tool_result",
        tool_use_id: message.callId,
        content: message.text,
        ...(message.isError ? { is_error: true } : {}),
      }];
  }
}

function textBlock(text: string): Block {
  return { type: "text", text: text.trim() === "" ? "(nothing)" : text };
}

function objectOf(argumentsText: string): unknown {
  try {
    const value: unknown = JSON.parse(argumentsText);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
  } catch {
    return {}; // the model is told what was wrong with it; the server takes objects only
  }
}
