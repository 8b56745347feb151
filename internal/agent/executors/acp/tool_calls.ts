import { LruMap } from "@bzzz/base";
import type { TOOL_KINDS, ToolCallUpdate, ToolContent } from "./protocol.ts";

/** What a tool does. */
export type ToolKind = typeof TOOL_KINDS[number];

/** A tool call as its updates have told it so far. */
export interface ToolCall {
  readonly id: string;
  readonly title: string;
  readonly kind: ToolKind;
  readonly status: "pending" | "in_progress" | "completed" | "failed";
  readonly content: readonly ToolContent[];
  readonly locations: readonly string[];
  /** What the tool is given; undefined when the program has not told. */
  readonly rawInput: unknown;
}

/** Tool calls that are remembered; of one that was forgotten an update tells what it tells. */
const MAX_CALLS = 256;

/** Puts the updates of tool calls together. */
export class ToolCalls {
  readonly #calls = new LruMap<string, ToolCall>(MAX_CALLS);

  /** The call with this update: what it does not tell stays as it was. */
  merge(update: ToolCallUpdate): ToolCall {
    const { toolCallId: id, title, kind, status, content, locations, rawInput } = update;
    const before = this.#calls.get(id);
    const call: ToolCall = {
      id,
      title: title ?? before?.title ?? "",
      kind: kind ?? before?.kind ?? "other",
      status: status ?? before?.status ?? "pending",
      content: content ?? before?.content ?? [],
      locations: locations?.map(({ path }) => path) ?? before?.locations ?? [],
      rawInput: rawInput ?? before?.rawInput,
    };
    this.#calls.set(id, call);
    return call;
  }
}

/** The text a call shows, its blocks one below the other; empty when there is none. */
export function textOf({ content }: Pick<ToolCall, "content">): string {
  return content.flatMap((block) => block.type === "content" && block.content.text ? [block.content.text] : [])
    .join("\n");
}
