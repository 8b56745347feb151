import { z } from "@hono/zod-openapi";
import type { Clock, Random } from "@bzzz/base";
import { ApiError, type FollowOptions, followStream, type StreamItem } from "@bzzz/http";
import {
  type ElectionView,
  electionViewSchema,
  type EntryView,
  entryViewSchema,
  type PeerView,
  peerViewSchema,
} from "./views.ts";

/** What `ApiClient.events` yields. */
export type StreamEvent =
  /** The stream is open; `isReset` means that the journal is shorter than the place to resume at: read it anew. */
  | { readonly type: "connected"; readonly cursor: number; readonly isReset: boolean }
  | { readonly type: "entry"; readonly entry: EntryView }
  | { readonly type: "peer"; readonly change: "connected" | "admitted" | "disconnected"; readonly peer: PeerView }
  | { readonly type: "leader"; readonly election: ElectionView }
  /** The stream broke; the next attempt comes after `retryInMs`. */
  | { readonly type: "disconnected"; readonly reason: string; readonly retryInMs: number };

const peerChange = z.object({ change: z.enum(["connected", "admitted", "disconnected"]), peer: peerViewSchema });

/** The endless stream of `ApiClient.events`. */
export async function* followEvents(
  deps: Parameters<typeof followStream>[0] & { readonly clock: Clock; readonly random: Random },
  options: FollowOptions,
): AsyncGenerator<StreamEvent, void, void> {
  for await (const item of followStream(deps, options)) {
    const event = item.type === "event" ? toEvent(item) : item;
    if (event) yield event;
  }
}

function toEvent(item: StreamItem & { type: "event" }): StreamEvent | undefined {
  switch (item.name) {
    case "entry":
      return { type: "entry", entry: parse(entryViewSchema, item.data) };
    case "peer":
      return { type: "peer", ...parse(peerChange, item.data) };
    case "leader":
      return { type: "leader", election: parse(electionViewSchema, item.data) };
    default:
      return undefined; // an event of a newer node
  }
}

function parse<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new ApiError("unexpected_answer", "Cannot follow events: one does not fit its schema");
}
