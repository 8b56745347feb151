import { afterThisTurn, BoundedQueue, type Clock, type Timer } from "@bzzz/base";
import {
  EVENT_HEARTBEAT_MS,
  EVENT_PAGE_ITEMS,
  EVENT_QUEUE_CAPACITY,
  EVENT_STALL_MS,
  MAX_EVENT_CLIENTS,
} from "./constants.ts";
import { ApiError } from "./errors.ts";

/** Where events come from: items with a place of their own, and others that nobody can resume at. */
export interface EventSource<Item> {
  /** Name of the event of an item. */
  readonly itemName: string;
  /** Cursor of the newest item; 0 when there is none. */
  latestCursor(): Promise<number>;
  /** Reports every item after it can be read, in order of cursor, until the returned function is called. */
  watch(
    listener: (
      event:
        | { readonly type: "item"; readonly item: Item }
        | { readonly type: "other"; readonly name: string; readonly data: unknown },
    ) => void,
  ): () => void;
}

/** What one stream wants. */
export interface StreamQuery<Item> {
  /** Begin behind this cursor; undefined begins now. */
  readonly after: number | undefined;
  /** Items with a cursor above `after`, in order. */
  page(after: number, limit: number): Promise<readonly Item[]>;
  /** Whether the client gets it. */
  wants(item: Item): boolean;
}

/** Limits of the event streams; the defaults are in `constants.ts`. */
export interface EventStreamOptions {
  readonly maxClients?: number;
  readonly queueCapacity?: number;
  readonly heartbeatMs?: number;
  readonly stallMs?: number;
}

interface StreamDeps<Item> {
  readonly source: EventSource<Item>;
  readonly clock: Clock;
}

/**
 * Server-Sent Events over a source. A stream first pages through what is there at the pace of its client, then goes live through a
 * bounded queue. A client that is too slow gets `event: dropped` with the cursor to resume after, and the end of the stream.
 */
export class EventStreams<Item extends { readonly cursor: number }> {
  readonly #deps: StreamDeps<Item>;
  readonly #options: Required<EventStreamOptions>;
  readonly #open = new Set<EventStream<Item>>();
  #isClosed = false;
  #dropped = 0;

  constructor(deps: StreamDeps<Item>, options: EventStreamOptions = {}) {
    this.#deps = deps;
    this.#options = {
      maxClients: options.maxClients ?? MAX_EVENT_CLIENTS,
      queueCapacity: options.queueCapacity ?? EVENT_QUEUE_CAPACITY,
      heartbeatMs: options.heartbeatMs ?? EVENT_HEARTBEAT_MS,
      stallMs: options.stallMs ?? EVENT_STALL_MS,
    };
  }

  /** Streams that are open. */
  get size(): number {
    return this.#open.size;
  }

  /** Streams that were dropped as slow, since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  /** @throws ApiError "too_many_event_clients", "node_stopping", "invalid_request", and what the source throws */
  async open(query: StreamQuery<Item>, lastEventId: string | null): Promise<Response> {
    if (this.#isClosed) throw new ApiError("node_stopping", "Cannot open a stream: the node is stopping");
    if (this.#open.size >= this.#options.maxClients) {
      throw new ApiError("too_many_event_clients", `Cannot open a stream: ${this.#open.size} are open already`, {
        details: { max_clients: this.#options.maxClients },
      });
    }
    const stream = new EventStream(this.#deps, query, this.#options, (reason) => {
      this.#open.delete(stream);
      if (reason === "slow") this.#dropped++;
    });
    this.#open.add(stream); // before the first await, so that the limit holds
    try {
      await stream.start(resumeAfter(query.after, lastEventId));
    } catch (error) {
      stream.end("failed");
      throw error;
    }
    return new Response(stream.body, {
      headers: {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-store",
        "x-accel-buffering": "no",
      },
    });
  }

  /** Ends every stream with `event: bye`, and refuses new ones. */
  close(): void {
    this.#isClosed = true;
    for (const stream of [...this.#open]) stream.end("stopping");
  }
}

function resumeAfter(after: number | undefined, lastEventId: string | null): number | undefined {
  if (lastEventId === null || lastEventId === "") return after;
  if (!/^\d{1,15}$/.test(lastEventId)) {
    throw new ApiError("invalid_request", "Cannot resume the stream: Last-Event-ID is not a cursor", {
      details: { field: "Last-Event-ID", provided: lastEventId.slice(0, 40), expected_format: "digits" },
    });
  }
  return Number(lastEventId);
}

type EndReason = "slow" | "stopping" | "failed" | "left";

/** Bytes for the client, and the cursor it is at once it has them. */
interface Frame {
  readonly bytes: Uint8Array;
  readonly cursor?: number;
}

const encoder = new TextEncoder();

function frame(event: string, data: unknown, id?: number): Uint8Array {
  return encoder.encode(`event: ${event}\n${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`);
}

/** One client: catching up (pulls pages), then live (a queue that `watch` fills). */
class EventStream<Item extends { readonly cursor: number }> {
  readonly body: ReadableStream<Uint8Array>;
  readonly #deps: StreamDeps<Item>;
  readonly #query: StreamQuery<Item>;
  readonly #capacity: number;
  readonly #stallMs: number;
  readonly #onEnd: (reason: EndReason) => void;
  readonly #live: BoundedQueue<Frame>;
  readonly #source: AsyncGenerator<Frame>;
  readonly #unwatch: () => void;
  readonly #heartbeat: Timer;
  /** The first frame, once `start` knows where to begin. */
  readonly #first = Promise.withResolvers<Uint8Array>();
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #isLive = false;
  #isEnded = false;
  #cursor = 0;
  #heard = 0;
  #offeredAtMs = 0;

  constructor(
    deps: StreamDeps<Item>,
    query: StreamQuery<Item>,
    options: Required<EventStreamOptions>,
    onEnd: (reason: EndReason) => void,
  ) {
    this.#deps = deps;
    this.#query = query;
    this.#capacity = options.queueCapacity;
    this.#stallMs = options.stallMs;
    this.#onEnd = onEnd;
    this.#live = new BoundedQueue({ capacity: options.queueCapacity, overflow: "drop_newest" });
    this.#source = this.#frames();
    this.#unwatch = deps.source.watch((event) => this.#hear(event));
    this.#heartbeat = deps.clock.setPeriodic(options.heartbeatMs, () => this.#beat(), { unref: true });
    this.body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: (controller) => this.#pull(controller),
      cancel: () => this.end("left"),
    }, { highWaterMark: 1 });
  }

  /** Finds where to begin, and reads the first page, so that a wrong filter is an error and not a stream. */
  async start(after: number | undefined): Promise<void> {
    const latest = await this.#deps.source.latestCursor();
    const isAhead = after !== undefined && after > latest; // the journal was restored or replaced
    this.#cursor = after === undefined || isAhead ? latest : after;
    await this.#query.page(this.#cursor, 1);
    this.#first.resolve(frame(isAhead ? "reset" : "hello", { cursor: this.#cursor, latest }, this.#cursor));
  }

  /** Ends the stream, telling the client why; a second call does nothing. */
  end(reason: EndReason): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#unwatch();
    this.#heartbeat.cancel();
    this.#live.close();
    this.#first.resolve(new Uint8Array()); // a pull may wait for it; what comes now is not used
    if (reason !== "left" && reason !== "failed") {
      const event = reason === "slow" ? "dropped" : "bye";
      this.#controller?.enqueue(frame(event, { reason, resume_after: this.#cursor }));
    }
    if (reason === "failed") this.#controller?.error(new ApiError("internal", "Cannot go on with the stream"));
    else if (reason !== "left") this.#controller?.close();
    this.#onEnd(reason);
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    try {
      const next = await this.#source.next();
      if (this.#isEnded || next.done) return;
      this.#cursor = next.value.cursor ?? this.#cursor;
      this.#offer(controller, next.value.bytes);
    } catch {
      this.end("failed"); // the client resumes; a journal that cannot be read shows in the node's health
    }
  }

  /** Pages until nothing was heard during an empty page; then live. No await between that check and the switch. */
  async *#frames(): AsyncGenerator<Frame> {
    yield { bytes: await this.#first.promise };
    while (!this.#isEnded) {
      const heardBefore = this.#heard;
      const items = await this.#query.page(this.#cursor, EVENT_PAGE_ITEMS);
      for (const item of items) {
        if (this.#query.wants(item)) yield this.#frameOf(item);
        else this.#cursor = item.cursor;
      }
      if (items.length === 0 && this.#heard === heardBefore) break;
      // a page may come at once, and nothing of it be wanted: a long journal would be read in one turn of the event loop
      await new Promise<void>(afterThisTurn);
    }
    this.#isLive = true;
    yield* this.#live;
  }

  #frameOf(item: Item): Frame {
    return { bytes: frame(this.#deps.source.itemName, item, item.cursor), cursor: item.cursor };
  }

  #hear(event: Parameters<Parameters<EventSource<Item>["watch"]>[0]>[0]): void {
    if (this.#isEnded) return;
    if (event.type === "item") {
      this.#heard++;
      if (this.#isLive && this.#query.wants(event.item)) this.#push(this.#frameOf(event.item));
    } else if (this.#isLive) this.#push({ bytes: frame(event.name, event.data) });
  }

  #push(item: Frame): void {
    if (this.#live.size >= this.#capacity) this.end("slow");
    else this.#live.push(item);
  }

  #offer(controller: ReadableStreamDefaultController<Uint8Array>, bytes: Uint8Array): void {
    controller.enqueue(bytes);
    this.#offeredAtMs = this.#deps.clock.monotonicMs();
  }

  #beat(): void {
    const controller = this.#controller;
    if (!controller || this.#isEnded) return;
    if ((controller.desiredSize ?? 0) > 0) this.#offer(controller, encoder.encode(": still here\n\n"));
    else if (this.#deps.clock.monotonicMs() - this.#offeredAtMs >= this.#stallMs) this.end("slow");
  }
}
