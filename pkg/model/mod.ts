/**
 * Asks servers of language models over HTTP, in the dialect of OpenAI or of Anthropic: requests and answers as values,
 * every body and wait bounded, every failure named.
 *
 * ```ts
 * const client = new ModelClient({ fetch, clock, random }, { url, api: "openai", timeoutMs: 60_000 });
 * const { text, use } = await client.chat({ model, system, messages, tools: [], maxOutputTokens: 500 });
 * ```
 *
 * @module
 */
export { ModelClient, type ModelClientOptions } from "./client.ts";
export { ModelError, type ModelErrorCode } from "./errors.ts";
export { isSameModel, missingModels } from "./offers.ts";
export { sendJson } from "./transport.ts";
export type { JsonRequest, ModelFetch, TransportDeps } from "./transport.ts";
export type { ChatMessage, ChatReply, ChatRequest, ChatUse, ModelApi, ToolCall, ToolSpec } from "./types.ts";
