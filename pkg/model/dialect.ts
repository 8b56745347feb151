import type { ChatReply, ChatRequest, ChatUse } from "./types.ts";

/** The member that limits an answer of the dialect of OpenAI: the old name, or the one of newer models. */
export type LimitName = "max_tokens" | "max_completion_tokens";

/** An answer as its server tells it; one that counts no tokens has no `use`. */
export type RawReply = Omit<ChatReply, "use"> & { readonly use: Omit<ChatUse, "isGuessed"> | undefined };

/** How a server is spoken to: pure, without network. */
export interface Dialect {
  /** Below the address of the configuration. */
  readonly chatPath: string;
  readonly listPath: string;
  headers(token: string | undefined): Readonly<Record<string, string>>;
  chatBody(request: ChatRequest, options: { readonly limitName: LimitName }): Readonly<Record<string, unknown>>;
  /** @throws z.ZodError when it has another form */
  readChat(json: unknown): RawReply;
  /** Names of the models that the server has. @throws z.ZodError */
  readList(json: unknown): readonly string[];
}
