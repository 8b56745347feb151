import { backoffMs, type Clock, type CounterMap, errorMessage, type Random, type Timer } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import { type JournalStore, StoreError } from "@bzzz/store";
import type { Topic } from "@bzzz/wire";
import { OUTBOX_BATCH, OUTBOX_RETRY_BASE_MS, OUTBOX_RETRY_MAX_MS, OUTBOX_TIDY_MS } from "./constants.ts";
import { bundleRows } from "./outbox_messages.ts";
import type { JournalDeps } from "./types.ts";

/** Published rows that may stay on disk until the next commit. */
const MAX_UNTIDY = 1024;

/** What the publisher of committed entries needs. */
export interface OutboxDeps extends Pick<JournalDeps, "publish"> {
  readonly store: JournalStore;
  readonly clock: Pick<Clock, "setTimer">;
  readonly random: Random;
  readonly logger: Logger;
  readonly counters: CounterMap;
}

/**
 * Hands committed own entries to the network in order, at least once: a row leaves the disk after the publisher took
 * its frame, together with the next commit. What waits together travels together, in bundles. A publisher that fails is asked again with growing pauses (0.5 s to 30 s).
 */
export class OutboxPublisher {
  readonly #deps: OutboxDeps;
  /** Published rows that are still on disk. */
  #published: number[] = [];
  /** Everything up to here was taken by the publisher in this run. */
  #cursor = 0;
  /** Rows up to here are on the disk. */
  #durable: number;
  #state: "new" | "idle" | "working" | "pausing" | "stopped" = "new";
  #again = false;
  #failures = 0;
  #retry: Timer | undefined;
  #tidy: Timer | undefined;
  #work: Promise<void> = Promise.resolve();

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
    this.#durable = deps.store.entries.lastCursor();
  }

  start(): void {
    if (this.#state !== "new") return;
    this.#state = "idle";
    this.kick();
  }

  /** There may be rows to publish; those up to `durable` are on the disk, later ones must wait. */
  kick(durable = this.#durable): void {
    this.#durable = durable;
    if (this.#state === "working") this.#again = true;
    if (this.#state !== "idle") return;
    this.#state = "working";
    this.#work = this.#drain();
  }

  /** Rows that the transaction in progress may delete; call `forget` once it is committed. */
  get published(): readonly number[] {
    return this.#published;
  }

  forget(count: number): void {
    this.#published = this.#published.slice(count);
  }

  /** Ends after the batch in progress; what is left is published by the next run. */
  async stop(): Promise<void> {
    this.#state = "stopped";
    this.#retry?.cancel();
    this.#tidy?.cancel();
    await this.#work;
    this.#tidyNow();
  }

  async #drain(): Promise<void> {
    try {
      do {
        this.#again = false;
        while (this.#state === "working" && await this.#publishBatch()) { /* until nothing is left or one failed */ }
      } while (this.#again && this.#state === "working");
    } catch (error) {
      // Reading the outbox failed: the database's health says so; try again with the next entry or pause.
      this.#deps.logger.warn("Outbox could not be read", {}, error);
      this.#pause();
    }
    if (this.#state === "working") this.#state = "idle";
  }

  /** False when there is nothing left, or the publisher failed and a pause began. */
  async #publishBatch(): Promise<boolean> {
    const found = this.#deps.store.outbox.next(this.#cursor, OUTBOX_BATCH);
    const rows = found.filter(({ cursor }) => cursor <= this.#durable);
    const messages = bundleRows(rows);
    const results = await Promise.allSettled(
      // The topic was a Topic when the entries were stored.
      messages.map(async ({ topic, message }) => await this.#deps.publish(topic as Topic, message)),
    );
    let isInOrder = true;
    for (const [index, result] of results.entries()) {
      const cursors = messages[index]?.cursors ?? [];
      if (result.status === "fulfilled") {
        this.#published.push(...cursors);
        this.#deps.counters.add("outbox.published", cursors.length);
        if (isInOrder) this.#cursor = cursors.at(-1) ?? this.#cursor;
      } else {
        isInOrder = false;
        this.#deps.counters.add("outbox.failed", cursors.length);
        this.#deps.logger.debug("Entries could not be published yet", { reason: errorMessage(result.reason) });
      }
    }
    if (this.#published.length > 0) this.#tidySoon();
    if (!isInOrder) {
      this.#pause();
      return false;
    }
    this.#failures = 0;
    return rows.length === OUTBOX_BATCH;
  }

  #pause(): void {
    if (this.#state === "stopped") return;
    this.#state = "pausing";
    const delayMs = backoffMs(this.#deps.random, this.#failures++, {
      baseMs: OUTBOX_RETRY_BASE_MS,
      maxMs: OUTBOX_RETRY_MAX_MS,
    });
    this.#retry = this.#deps.clock.setTimer(delayMs, () => {
      if (this.#state !== "pausing") return;
      this.#state = "idle";
      this.kick();
    }, { unref: true });
  }

  #tidySoon(): void {
    if (this.#state === "stopped") return;
    if (this.#published.length >= MAX_UNTIDY) return this.#tidyNow();
    this.#tidy?.cancel();
    this.#tidy = this.#deps.clock.setTimer(OUTBOX_TIDY_MS, () => this.#tidyNow(), { unref: true });
  }

  #tidyNow(): void {
    if (this.#published.length === 0) return;
    try {
      // Lazily: a row that comes back after a power cut is published once more.
      this.#deps.store.transaction(() => this.#deps.store.outbox.removeAll(this.#published), { isLazy: true });
      this.#published = [];
    } catch (error) {
      // Harmless: the rows are published once more after a restart, and peers know them already.
      if (!(error instanceof StoreError)) throw error;
      this.#deps.logger.debug("Outbox could not be tidied", { reason: error.code });
    }
  }
}
