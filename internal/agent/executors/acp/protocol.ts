/**
 * What this client of the Agent Client Protocol reads and says (version 1, schema/v1/schema.json of
 * @agentclientprotocol/sdk 2.4.0). The protocol asks readers to be lenient: members they do not know are left out, and an
 * optional member that is wrong is as one that is missing.
 *
 * @module
 */
import { once } from "@bzzz/base";
import { z } from "zod";

/** The version this client speaks. */
export const PROTOCOL_VERSION = 1;

/** Codes of JSON-RPC errors that mean something here. */
export const RPC = {
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  authRequired: -32000,
  notFound: -32002,
} as const;

/** What a tool does, in the words of the protocol. */
export const TOOL_KINDS = [
  "read",
  "edit",
  "delete",
  "move",
  "search",
  "execute",
  "think",
  "fetch",
  "switch_mode",
  "other",
] as const;

const id = once(() => z.string().min(1).max(1024));
const optional = <T extends z.ZodType>(schema: T) => schema.nullish().catch(undefined);

/** A list of which what cannot be read is left out. */
const listOf = <T extends z.ZodType>(schema: T) =>
  z.array(schema.optional().catch(undefined)).transform((all) =>
    all.filter((one): one is NonNullable<typeof one> => one !== undefined)
  );

const contentBlock = once(() => z.object({ type: z.string(), text: optional(z.string()), uri: optional(z.string()) }));

const toolContent = once(() =>
  z.union([
    z.object({ type: z.literal("diff"), path: z.string(), oldText: optional(z.string()), newText: z.string() }),
    z.object({ type: z.literal("content"), content: contentBlock() }),
  ])
);

const toolCall = once(() =>
  z.object({
    toolCallId: id(),
    title: optional(z.string()),
    kind: optional(z.enum(TOOL_KINDS)),
    status: optional(z.enum(["pending", "in_progress", "completed", "failed"])),
    content: optional(listOf(toolContent())),
    locations: optional(listOf(z.object({ path: z.string() }))),
    rawInput: z.unknown().optional(),
  })
);
/** A tool call, or what has changed of one. */
export type ToolCallUpdate = z.infer<ReturnType<typeof toolCall>>;
/** A block of what a tool call shows. */
export type ToolContent = z.infer<ReturnType<typeof toolContent>>;

/** The answer to `initialize`. */
export const initialized = once(() =>
  z.object({
    protocolVersion: z.int(),
    agentCapabilities: optional(z.object({ loadSession: optional(z.boolean()) })),
    authMethods: optional(listOf(z.object({ name: z.string() }))),
    agentInfo: optional(z.object({ name: z.string(), title: optional(z.string()) })),
  })
);
export type Initialized = z.infer<ReturnType<typeof initialized>>;

/** The answer to `session/new`. */
export const sessionOpened = once(() => z.object({ sessionId: id() }));

/** The answer to `session/prompt`. `usage` is of the protocol's next version, and told by some already. */
export const turnEnded = once(() =>
  z.object({
    stopReason: z.enum(["end_turn", "max_tokens", "max_turn_requests", "refusal", "cancelled"]),
    usage: optional(z.object({ totalTokens: z.int().min(0) })),
  })
);
export type TurnEnded = z.infer<ReturnType<typeof turnEnded>>;

/** The parameters of `session/update`, of the kinds that are looked at. */
export const sessionUpdate = once(() => {
  const update = z.discriminatedUnion("sessionUpdate", [
    z.object({
      sessionUpdate: z.literal("agent_message_chunk"),
      content: contentBlock(),
      messageId: optional(z.string()),
    }),
    toolCall().extend({ sessionUpdate: z.literal("tool_call") }),
    toolCall().extend({ sessionUpdate: z.literal("tool_call_update") }),
    z.object({
      sessionUpdate: z.literal("plan"),
      entries: listOf(z.object({ content: z.string(), status: z.enum(["pending", "in_progress", "completed"]) })),
    }),
    z.object({
      sessionUpdate: z.literal("usage_update"),
      cost: optional(z.object({ amount: z.number().min(0).max(1e9) })),
    }),
  ]);
  return z.object({ sessionId: id(), update });
});
export type SessionUpdate = z.infer<ReturnType<typeof sessionUpdate>>["update"];
/** What is to be done, as the program tells it. */
export type PlanEntry = Extract<SessionUpdate, { sessionUpdate: "plan" }>["entries"][number];

/** The parameters of `session/request_permission`. */
export const permissionRequest = once(() =>
  z.object({
    sessionId: id(),
    toolCall: toolCall(),
    options: listOf(z.object({
      optionId: id(),
      kind: z.enum(["allow_once", "allow_always", "reject_once", "reject_always"]),
    })),
  })
);
export type PermissionOption = z.infer<ReturnType<typeof permissionRequest>>["options"][number];

/** The parameters of `fs/read_text_file`. */
export const readFile = once(() =>
  z.object({
    sessionId: id(),
    path: z.string().min(1).max(4096),
    line: z.int().min(0).nullish(),
    limit: z.int().min(0).nullish(),
  })
);

/** The parameters of `fs/write_text_file`. */
export const writeFile = once(() =>
  z.object({ sessionId: id(), path: z.string().min(1).max(4096), content: z.string() })
);
