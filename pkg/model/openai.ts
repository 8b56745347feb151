import { once } from "@bzzz/base";
import { z } from "zod";
import { MAX_CALLS, MAX_LISTED, MAX_NAME_CHARACTERS } from "./constants.ts";
import type { Dialect } from "./dialect.ts";
import type { ChatMessage, ToolCall } from "./types.ts";

const count = () => z.number().min(0).max(Number.MAX_SAFE_INTEGER);

/** Of `POST /chat/completions`, as far as it is used (https://platform.openai.com/docs/api-reference/chat/object). */
const completion = once(() =>
  z.object({
    choices: z.array(z.object({
      message: z.object({
        content: z.string().nullish(),
        refusal: z.string().nullish(),
        tool_calls: z.array(z.object({
          id: z.string().nullish(),
          function: z.object({
            name: z.string(),
            // text by the specification; some servers send the object itself
            arguments: z.union([z.string(), z.record(z.string(), z.unknown())]).nullish(),
          }),
        })).max(MAX_CALLS).nullish(),
      }),
      finish_reason: z.string().nullish(),
    })).min(1),
    usage: z.object({ prompt_tokens: count(), completion_tokens: count() }).nullish(),
  })
);

const list = once(() => z.object({ data: z.array(z.object({ id: z.string() })) }));

/** What OpenAI, Ollama, vLLM, llama.cpp and many others speak, below an address that ends in `/v1`. */
export const OPENAI: Dialect = {
  chatPath: "/chat/completions",
  listPath: "/models",
  headers: (token) => token === undefined ? {} : { authorization: `Bearer ${token}` },
  chatBody: ({ model, system, messages, tools, maxOutputTokens }, { limitName }) => ({
    model,
    stream: false,
    messages: [{ role: "system", content: system }, ...messages.map(messageOf)],
    ...(tools.length === 0 ? {} : {
      tools: tools.map(({ name, description, parameters }) => ({
        type: "function",
        function: { name, description, parameters },
      })),
    }),
    // newer models of OpenAI refuse max_tokens, Ollama ignores max_completion_tokens (ollama/ollama#7125)
    [limitName]: maxOutputTokens,
  }),
  readChat: (json) => {
    const { choices: [choice], usage } = completion().parse(json);
    if (!choice) throw new TypeError("no choice"); // the schema wants one
    const { message, finish_reason: reason } = choice;
    const calls = (message.tool_calls ?? []).map(({ id, function: { name, arguments: args } }, index): ToolCall => ({
      id: id ? id : `call_${index}`,
      name,
      argumentsText: typeof args === "string" ? args : JSON.stringify(args ?? {}),
    }));
    const isRefused = Boolean(message.refusal) || reason === "content_filter";
    return {
      text: message.refusal ? message.refusal : message.content ?? "",
      calls,
      stop: isRefused ? "refused" : reason === "length" ? "length" : "end",
      use: usage ? { inputTokens: usage.prompt_tokens, outputTokens: usage.completion_tokens } : undefined,
    };
  },
  readList: (json) => list().parse(json).data.slice(0, MAX_LISTED).map(({ id }) => id).filter(isName),
};

/** A name that can be told to others. */
export function isName(name: string): boolean {
  return name.length > 0 && name.length <= MAX_NAME_CHARACTERS && !/\p{Cc}/u.test(name);
}

function messageOf(message: ChatMessage): Record<string, unknown> {
  switch (message.role) {
    case "user":
      return { role: "user", content: message.text };
    case "assistant":
      return {
        role: "assistant",
        content: message.text,
        ...(message.calls.length === 0 ? {} : {
          tool_calls: message.calls.map(({ id, name, argumentsText }) => ({
            id,
            type: "function",
            function: { name, arguments: argumentsText },
          })),
        }),
      };
    case "tool":
      return { role: "tool", tool_call_id: message.callId, content: message.text };
  }
}
