import { z } from "zod";
import { abortable, backoffMs, BzzzError, type Clock, errorMessage, once, type Random } from "@bzzz/base";
import { EVENT_HEARTBEAT_MS } from "./constants.ts";
import { ApiError } from "./errors.ts";
import { readSse, type SseMessage } from "./sse.ts";

/** What following a stream yields. */
export type StreamItem =
  /** The stream is open; `isReset` means that the server is shorter than the place to resume at: read it anew. */
  | { readonly type: "connected"; readonly cursor: number; readonly isReset: boolean }
  /** An event of the server; `cursor` when it has a place in the stream. */
  | { readonly type: "event"; readonly name: string; readonly data: unknown; readonly cursor: number | undefined }
  /** The stream broke; the next attempt comes after `retryInMs`. */
  | { readonly type: "disconnected"; readonly reason: string; readonly retryInMs: number };

/** How a stream is followed. */
export interface FollowOptions {
  readonly signal?: AbortSignal;
  /** Silence after which the connection counts as dead; default three heartbeats (45 s). */
  readonly silenceMs?: number;
}

/** Opens the stream behind `after`, or now. */
type OpenStream = (after: number | undefined, signal: AbortSignal) => Promise<Response>;

const RETRY = { baseMs: 250, maxMs: 10_000 };

/** Codes that another attempt may overcome. */
const PASSING: ReadonlySet<string> = new Set([
  "node_unreachable",
  "timeout",
  "too_many_event_clients",
  "node_starting",
  "node_stopping",
  "degraded",
  "internal",
  "queue_full",
  "unexpected_answer",
]);

const position = once(() => z.object({ cursor: z.int() }));
const ending = once(() => z.object({ reason: z.string() }));

/**
 * The endless stream of a server: reconnects with back-off where it was, tells no event twice, and notices a dead connection.
 * @throws ApiError what another attempt does not overcome; `signal.reason` when aborted
 */
export async function* followStream(
  deps: { readonly open: OpenStream; readonly clock: Clock; readonly random: Random },
  options: FollowOptions,
): AsyncGenerator<StreamItem, void, void> {
  const silenceMs = options.silenceMs ?? 3 * EVENT_HEARTBEAT_MS;
  let after: number | undefined;
  let attempt = 0;
  while (true) {
    const broken = new AbortController();
    const signal = options.signal ? AbortSignal.any([options.signal, broken.signal]) : broken.signal;
    const silent = () =>
      broken.abort(new ApiError("timeout", `Cannot go on with the stream: silent for ${silenceMs} ms`));
    const opening = deps.clock.setTimer(silenceMs, silent);
    let reason = "the stream ended";
    try {
      const response = await deps.open(after, signal);
      opening.cancel();
      for await (const message of watched(deps, response, { silenceMs, silent, signal })) {
        const item = toItem(message);
        if (item === undefined) continue;
        if (item.type === "ended") {
          reason = item.reason;
          break;
        }
        attempt = 0;
        if (item.type === "connected") after = item.isReset ? item.cursor : after ?? item.cursor;
        if (item.type === "event" && item.cursor !== undefined) {
          if (after !== undefined && item.cursor <= after) continue;
          after = item.cursor;
        }
        yield item;
      }
    } catch (error) {
      options.signal?.throwIfAborted();
      if (error instanceof ApiError && !PASSING.has(error.code)) throw error;
      reason = error instanceof BzzzError ? error.message : `the stream broke: ${errorMessage(error)}`;
    } finally {
      opening.cancel();
      broken.abort(); // also when the consumer leaves the loop: nothing stays open
    }
    const retryInMs = Math.round(backoffMs(deps.random, attempt++, RETRY));
    yield { type: "disconnected", reason, retryInMs };
    await deps.clock.sleep(retryInMs, options.signal ? { signal: options.signal } : {});
  }
}

/** The messages of one response; silence breaks it. */
async function* watched(
  deps: { readonly clock: Clock },
  response: Response,
  options: { silenceMs: number; silent: () => void; signal: AbortSignal },
): AsyncGenerator<SseMessage> {
  if (!response.body) throw new ApiError("unexpected_answer", "Cannot follow events: the answer has no body");
  let timer = deps.clock.setTimer(options.silenceMs, options.silent);
  const messages = readSse(chunksOf(response.body, options.signal));
  try {
    for await (const message of messages) {
      timer.cancel();
      timer = deps.clock.setTimer(options.silenceMs, options.silent);
      yield message;
    }
  } finally {
    timer.cancel();
  }
}

async function* chunksOf(body: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    while (true) {
      const { done, value } = await abortable(reader.read(), signal);
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {}); // a stream that already failed has nothing to cancel
  }
}

function toItem(message: SseMessage): StreamItem | { readonly type: "ended"; readonly reason: string } | undefined {
  if (message.event === "comment") return undefined;
  let value: unknown;
  try {
    value = JSON.parse(message.data);
  } catch (cause) {
    throw new ApiError("unexpected_answer", "Cannot follow events: one is not JSON", { cause });
  }
  switch (message.event) {
    case "hello":
    case "reset":
      return { type: "connected", cursor: fitting(position(), value).cursor, isReset: message.event === "reset" };
    case "dropped":
    case "bye":
      return { type: "ended", reason: fitting(ending(), value).reason };
    default: {
      const cursor = message.id !== undefined && /^\d{1,15}$/.test(message.id) ? Number(message.id) : undefined;
      return { type: "event", name: message.event, data: value, cursor };
    }
  }
}

function fitting<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new ApiError("unexpected_answer", "Cannot follow events: one does not fit its schema");
}
