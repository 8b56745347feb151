import { BoundedQueue, type Clock, type Timer } from "@bzzz/base";
import {
  EVENT_HEARTBEAT_MS,
  EVENT_PAGE_ENTRIES,
  EVENT_QUEUE_CAPACITY,
  EVENT_STALL_MS,
  MAX_EVENT_CLIENTS,
} from "./constants.ts";
import { ApiError } from "./errors.ts";
import type { MeshEvent, MeshFacade } from "./facade.ts";
import type { EventsQuery } from "./inputs.ts";

/** Limits of the event streams; the defaults are in `constants.ts`. */
export interface EventStreamOptions {
  readonly maxClients?: number;
  readonly queueCapacity?: number;
  readonly heartbeatMs?: number;
  readonly stallMs?: number;
}

/**
 * Server-Sent Events over the journal. A stream first pages through the journal at the pace of its client, then goes live through a
 * bounded queue. A client that is too slow gets `event: dropped` with the cursor to resume after, and the end of the stream.
 */
export class EventStreams {
  readonly #deps: { readonly mesh: Pick<MeshFacade, "journal" | "latestCursor" | "watch">; readonly clock: Clock };
  readonly #options: Required<EventStreamOptions>;
  readonly #open = new Set<EventStream>();
  #isClosed = false;
  #dropped = 0;

  constructor(
    deps: { mesh: Pick<MeshFacade, "journal" | "latestCursor" | "watch">; clock: Clock },
    options: EventStreamOptions = {},
  ) {
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

  /** @throws ApiError "too_many_event_clients", "node_stopping", "invalid_request", and what `journal` throws */
  async open(query: EventsQuery, lastEventId: string | null): Promise<Response> {
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
      await stream.start(resumeAfter(query, lastEventId));
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

function resumeAfter(query: EventsQuery, lastEventId: string | null): number | undefined {
  if (lastEventId === null || lastEventId === "") return query.after;
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
class EventStream {
  readonly body: ReadableStream<Uint8Array>;
  readonly #deps: { readonly mesh: Pick<MeshFacade, "journal" | "latestCursor" | "watch">; readonly clock: Clock };
  readonly #query: EventsQuery;
  readonly #kinds: ReadonlySet<string> | undefined;
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
    deps: { readonly mesh: Pick<MeshFacade, "journal" | "latestCursor" | "watch">; readonly clock: Clock },
    query: EventsQuery,
    options: Required<EventStreamOptions>,
    onEnd: (reason: EndReason) => void,
  ) {
    this.#deps = deps;
    this.#query = query;
    this.#kinds = query.kind === undefined ? undefined : new Set(query.kind.split(","));
    this.#capacity = options.queueCapacity;
    this.#stallMs = options.stallMs;
    this.#onEnd = onEnd;
    this.#live = new BoundedQueue({ capacity: options.queueCapacity, overflow: "drop_newest" });
    this.#source = this.#frames();
    this.#unwatch = deps.mesh.watch((event) => this.#hear(event));
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
    const latest = await this.#deps.mesh.latestCursor();
    const isAhead = after !== undefined && after > latest; // the journal was restored or replaced
    this.#cursor = after === undefined || isAhead ? latest : after;
    await this.#page(1);
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
      const entries = await this.#page(EVENT_PAGE_ENTRIES);
      for (const entry of entries) {
        if (this.#wants(entry.kind)) yield { bytes: frame("entry", entry, entry.cursor), cursor: entry.cursor };
        else this.#cursor = entry.cursor;
      }
      if (entries.length === 0 && this.#heard === heardBefore) break;
    }
    this.#isLive = true;
    yield* this.#live;
  }

  async #page(limit: number) {
    const { topic } = this.#query;
    // Several kinds are filtered here, so that the cursor moves on over what is not wanted.
    return await this.#deps.mesh.journal({ after: this.#cursor, limit, ...(topic === undefined ? {} : { topic }) });
  }

  #wants(kind: string): boolean {
    return this.#kinds === undefined || this.#kinds.has(kind);
  }

  #hear(event: MeshEvent): void {
    if (this.#isEnded) return;
    if (event.type === "entry") {
      this.#heard++;
      if (!this.#isLive || !this.#wants(event.entry.kind)) return;
      if (this.#query.topic !== undefined && !topicMatches(event.entry.topic, this.#query.topic)) return;
      this.#push({ bytes: frame("entry", event.entry, event.entry.cursor), cursor: event.entry.cursor });
    } else if (this.#isLive) {
      this.#push({ bytes: frame("peer", { change: event.change, peer: event.peer }) });
    }
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

/** A filter is a full topic or its short name: "coordination" is "bzzz/coordination/v1", "hmmm" is "hmmm/meta-discussion/v1". */
function topicMatches(topic: string, filter: string): boolean {
  return topic === filter || topic.split("/").includes(filter);
}
