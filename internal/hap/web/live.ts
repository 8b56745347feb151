import type { ApiClient } from "@bzzz/api";
import { ApiError } from "@bzzz/http";
import { type Clock, type Timer, utf8Encode } from "@bzzz/base";

/** Pages that may be told of changes at once; browsers open at most six connections to a server themselves. */
const MAX_STREAMS = 32;
/** What changes within this time is told as one. */
const SETTLE_MS = 300;
/** Silence after which a comment is sent, so that a browser that is gone is noticed. */
const HEARTBEAT_MS = 15_000;
const RETRY_MS = 2_000;

/** What can change on a page. */
export type LiveName = "asks" | "rooms" | "tasks" | "peers" | "context" | "mesh" | "connection";

/** Tells open pages which of their parts are out of date. It carries no content: pages fetch that themselves, as who they are. */
export class LiveUpdates {
  readonly #deps: { readonly client: ApiClient; readonly clock: Clock };
  readonly #stopping = new AbortController();
  readonly #streams = new Set<ReadableStreamDefaultController<Uint8Array>>();
  readonly #changed = new Set<LiveName>();
  #settling: Timer | undefined;
  #running: Promise<void> | undefined;

  constructor(deps: { readonly client: ApiClient; readonly clock: Clock }) {
    this.#deps = deps;
  }

  /** Follows the node until `stop`; a broken connection is told to pages and tried again. */
  start(): void {
    this.#running ??= this.#run(this.#stopping.signal);
  }

  /** Ends every stream. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping.abort(new DOMException("The page has ended", "AbortError"));
    for (const stream of this.#streams) close(stream);
    this.#streams.clear();
    await this.#running;
  }

  /** A stream of names for one page. @throws ApiError "too_many_event_clients" */
  open(): Response {
    if (this.#streams.size >= MAX_STREAMS) {
      throw new ApiError("too_many_event_clients", `Cannot follow changes: ${MAX_STREAMS} pages do already`);
    }
    let controller: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array>({
      start: (opened) => {
        controller = opened;
        this.#streams.add(opened);
        opened.enqueue(utf8Encode("retry: 2000\n\n"));
      },
      cancel: () => void this.#streams.delete(controller),
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, client } = this.#deps;
    const beat = clock.setPeriodic(HEARTBEAT_MS, () => this.#send(":\n\n"), { unref: true });
    try {
      while (!signal.aborted) {
        try {
          for await (const event of client.events({}, { signal })) {
            if (event.type === "entry") nameOfKind(event.entry.kind).forEach((name) => this.#tell(name));
            else if (event.type === "peer") this.#tell("peers");
            else if (event.type === "leader") this.#tell("mesh");
            else if (event.type === "connected" || event.type === "disconnected") this.#tell("connection");
          }
        } catch {
          if (signal.aborted) return;
          this.#tell("connection");
          await clock.sleep(RETRY_MS, { signal }).catch(() => {}); // aborted: the loop ends
        }
      }
    } finally {
      beat.cancel();
      this.#settling?.cancel();
    }
  }

  #tell(name: LiveName): void {
    this.#changed.add(name);
    this.#settling ??= this.#deps.clock.setTimer(SETTLE_MS, () => {
      this.#settling = undefined;
      this.#send([...this.#changed].map((one) => `event: ${one}\ndata: changed\n\n`).join(""));
      this.#changed.clear();
    });
  }

  #send(text: string): void {
    const bytes = utf8Encode(text);
    for (const stream of this.#streams) {
      // A page that takes nothing any more gets no more; its browser opens another stream when it is back.
      if ((stream.desiredSize ?? 0) > -64) stream.enqueue(bytes);
      else {
        close(stream);
        this.#streams.delete(stream);
      }
    }
  }
}

function nameOfKind(kind: string): readonly LiveName[] {
  if (kind.startsWith("request_")) return ["asks", "rooms"];
  if (kind.startsWith("task_")) return ["tasks", "rooms"];
  if (kind.startsWith("context_") || kind.startsWith("decision_")) return ["context", "rooms"];
  if (kind === "roster_changed" || kind === "leadership_decided") return ["mesh", "rooms"];
  return ["rooms"];
}

function close(stream: ReadableStreamDefaultController<Uint8Array>): void {
  try {
    stream.close();
  } catch {
    // the browser had closed it
  }
}
