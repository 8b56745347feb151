import type { ApiClient, EntryView } from "@bzzz/api";
import { BzzzError, type Clock, errorMessage, type Timer } from "@bzzz/base";
import type { ContextReader } from "./context_reader.ts";
import type { BrowserState } from "./core/browser.ts";
import type { Refreshable, ScreenEvent } from "./core/events.ts";

/** Entries of before that the channels begin with. */
const HISTORY_ENTRIES = 500;
/** Looks at the inbox again even when nothing was heard of it; deadlines pass without an entry. */
const SAFETY_PERIOD_MS = 30_000;
/** Peers' load and delay are no entries, and neither is whether the person's key is open. */
const PEERS_PERIOD_MS = 5_000;
/** The same thing is asked at most this often, however often it changes. */
const REFRESH_PERIOD_MS = 500;
const RETRY_MS = 2_000;
/** Entries come together for this long, so that a flood is one change of the screen. */
const BATCH_MS = 50;
const MAX_BATCH = 500;
const MAX_LIST = 1_000;
/** Answers that another attempt does not change. */
const FINAL: ReadonlySet<string> = new Set(["unauthorized", "forbidden", "host_not_allowed"]);

/** Keeps a screen fed from a node's API: history, what happens, and lists when somebody wants them. */
export class MeshFeed {
  readonly #client: ApiClient;
  readonly #context: ContextReader;
  readonly #browser: () => BrowserState;
  readonly #clock: Clock;
  readonly #dispatch: (event: ScreenEvent) => void;
  readonly #signal: AbortSignal;
  readonly #waiting = new Map<Refreshable, Timer>();
  readonly #running = new Set<Refreshable>();
  readonly #again = new Set<Refreshable>();
  #batch: EntryView[] = [];
  #flushing: Timer | undefined;
  #cursor: number | undefined;

  /** Ends with `signal`. `browser` is what the browser of context shows now. */
  constructor(
    deps: {
      client: ApiClient;
      context: ContextReader;
      browser: () => BrowserState;
      clock: Clock;
      dispatch: (event: ScreenEvent) => void;
      signal: AbortSignal;
    },
  ) {
    this.#client = deps.client;
    this.#context = deps.context;
    this.#browser = deps.browser;
    this.#clock = deps.clock;
    this.#dispatch = deps.dispatch;
    this.#signal = deps.signal;
  }

  /** Follows the node until the signal aborts; a broken connection is told and tried again. Never rejects. */
  async run(): Promise<void> {
    const timers = [
      this.#clock.setPeriodic(SAFETY_PERIOD_MS, () => this.refresh("pending"), { unref: true }),
      this.#clock.setPeriodic(PEERS_PERIOD_MS, () => this.refresh("peers"), { unref: true }),
      this.#clock.setPeriodic(PEERS_PERIOD_MS, () => this.refresh("status"), { unref: true }),
    ];
    try {
      while (!this.#signal.aborted) {
        try {
          await this.#follow();
        } catch (error) {
          if (this.#signal.aborted) return;
          this.#dispatch({ type: "disconnected", reason: errorMessage(error) });
          if (error instanceof BzzzError && FINAL.has(error.code)) return;
          await this.#clock.sleep(RETRY_MS, { signal: this.#signal }).catch(() => {}); // aborted: the loop ends
        }
      }
    } finally {
      for (const timer of [...timers, ...this.#waiting.values(), this.#flushing]) timer?.cancel();
    }
  }

  /** Reads one thing anew, soon and once however often it is asked for. */
  refresh(what: Refreshable): void {
    if (this.#signal.aborted) return;
    if (this.#running.has(what) || this.#waiting.has(what)) {
      this.#again.add(what); // what changed since it was read, or since its answer came, is not lost
      return;
    }
    this.#running.add(what);
    this.#read(what).then((event) => event && this.#dispatch(event), () => {}).finally(() => { // its failure is the connection's, and `run` tells that
      const settle = this.#clock.setTimer(REFRESH_PERIOD_MS, () => {
        this.#waiting.delete(what);
        if (this.#again.delete(what)) this.refresh(what);
      }, { unref: true });
      this.#running.delete(what);
      if (this.#signal.aborted) settle.cancel();
      else this.#waiting.set(what, settle);
    });
  }

  /** Reads one request anew; one the node does not know yet comes with the next refresh. */
  request(requestId: string): void {
    this.#client.request(requestId, { signal: this.#signal })
      .then((request) => this.#dispatch({ type: "request", request }), () => this.refresh("pending"));
  }

  async #follow(): Promise<void> {
    if (this.#cursor === undefined) {
      this.#dispatch({ type: "status", status: await this.#client.status({ signal: this.#signal }) });
      this.#cursor = await this.#history();
    }
    const query = { after: this.#cursor };
    for await (const event of this.#client.events(query, { signal: this.#signal })) {
      switch (event.type) {
        case "connected":
          this.#dispatch({ type: "connected" });
          this.refresh("status");
          this.refresh("pending");
          this.refresh("peers");
          this.refresh("tasks");
          break;
        case "disconnected":
          this.#dispatch({ type: "disconnected", reason: event.reason });
          break;
        case "peer":
          this.refresh("peers");
          break;
        case "leader":
          this.refresh("status");
          break;
        case "entry":
          this.#take(event.entry);
          break;
      }
    }
  }

  /** The last entries; what comes after the returned cursor is new. */
  async #history(): Promise<number> {
    const options = { signal: this.#signal };
    const { latest } = await this.#client.journal({ after: Number.MAX_SAFE_INTEGER, limit: 1 }, options);
    let after = Math.max(0, latest - HISTORY_ENTRIES);
    while (true) { // of long entries a page has fewer than it was asked for
      const page = await this.#client.journal({ after, limit: HISTORY_ENTRIES }, options);
      if (page.items.length === 0) return Math.max(after, latest);
      this.#dispatch({ type: "entries", entries: page.items, isOld: true });
      after = page.next_after;
    }
  }

  #take(entry: EntryView): void {
    this.#cursor = entry.cursor;
    this.#batch.push(entry);
    if (this.#batch.length >= MAX_BATCH) this.#flush();
    else this.#flushing ??= this.#clock.setTimer(BATCH_MS, () => this.#flush());
  }

  #flush(): void {
    this.#flushing?.cancel();
    this.#flushing = undefined;
    const entries = this.#batch;
    this.#batch = [];
    if (entries.length > 0) this.#dispatch({ type: "entries", entries, isOld: false });
  }

  async #read(what: Refreshable): Promise<ScreenEvent | undefined> {
    const options = { signal: this.#signal };
    switch (what) {
      case "status":
        return { type: "status", status: await this.#client.status(options) };
      case "pending":
        return {
          type: "pending",
          requests: (await this.#client.requestPage({ state: "open", limit: MAX_LIST }, options)).items,
        };
      case "known":
        return { type: "known", requests: (await this.#client.requestPage({ limit: MAX_LIST }, options)).items };
      case "peers": {
        const [peers, agents] = await Promise.all([this.#client.peers(options), this.#client.agents(options)]);
        return { type: "peers", peers, agents };
      }
      case "tasks":
        return { type: "tasks", tasks: (await this.#client.taskPage({ limit: MAX_LIST }, options)).items };
      case "listing":
        return await this.#context.list(this.#browser().query, this.#signal);
      case "thing": {
        const { thing } = this.#browser();
        return thing && await this.#context.read(thing.address, this.#signal);
      }
      case "decisions":
        return await this.#context.decisions(this.#signal);
    }
  }
}
