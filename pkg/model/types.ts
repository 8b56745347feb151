/** Which dialect a server speaks: that of OpenAI (Ollama, vLLM, llama.cpp and most others do) or that of Anthropic. */
export type ModelApi = "openai" | "anthropic";

/** A tool that a model may call. */
export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of an object: its arguments. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** A model's wish to use a tool. Nothing in it is checked. */
export interface ToolCall {
  /** Comes back with the answer. */
  readonly id: string;
  readonly name: string;
  /** JSON as the model wrote it; it may be broken. */
  readonly argumentsText: string;
}

/** One turn of a conversation. */
export type ChatMessage =
  | { readonly role: "user"; readonly text: string }
  | { readonly role: "assistant"; readonly text: string; readonly calls: readonly ToolCall[] }
  /** What came of a call; every call of a turn has one, before the next turn. */
  | { readonly role: "tool"; readonly callId: string; readonly text: string; readonly isError: boolean };

/** What a model is asked. */
export interface ChatRequest {
  readonly model: string;
  readonly system: string;
  /** The first is the user's. */
  readonly messages: readonly ChatMessage[];
  readonly tools: readonly ToolSpec[];
  readonly maxOutputTokens: number;
}

/** What a model answered. */
export interface ChatReply {
  readonly text: string;
  readonly calls: readonly ToolCall[];
  /** "length": it was cut at `maxOutputTokens`; "refused": by the model or a filter of its server. */
  readonly stop: "end" | "length" | "refused";
  readonly use: ChatUse;
}

/** Tokens of one request and its answer. */
export interface ChatUse {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** The server did not tell: guessed from the length, so that budgets end all the same. */
  readonly isGuessed: boolean;
}
