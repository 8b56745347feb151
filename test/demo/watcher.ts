/**
 * What one node stores, as it stores it: the source of the time line's lines about work.
 *
 * @module
 */
import type { ApiClient, EntryView } from "@bzzz/api";
import { describeEntry, nameOf } from "@bzzz/cli";
import { waitFor } from "@bzzz/base/testing";
import type { Timeline } from "./timeline.ts";

const WAIT_MS = 30_000;
/** Entries of these kinds are the story; grants and records are what it stands on. */
const TOLD = /^(task|request|message|leadership)_/;

/** Follows the events of a node, tells them, and lets the story wait for one. Dispose ends it. */
export class Watcher implements AsyncDisposable {
  readonly entries: EntryView[] = [];
  readonly #ended = new AbortController();
  readonly #following: Promise<void>;
  #failure: unknown;

  constructor(client: ApiClient, timeline: Timeline) {
    this.#following = this.#follow(client, timeline).catch((error) => {
      if (!this.#ended.signal.aborted) this.#failure = error;
    });
  }

  /** The first entry of that kind that fits, now or later. */
  async entry(kind: string, fits: (entry: EntryView) => boolean = () => true): Promise<EntryView> {
    return await waitFor(() => {
      if (this.#failure) throw this.#failure;
      return this.entries.find((entry) => entry.kind === kind && fits(entry));
    }, {
      timeoutMs: WAIT_MS,
      what: `an entry ${kind}`,
      state: () => this.entries.map((entry) => describeEntry(entry)).slice(-5),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await this.#following;
  }

  async #follow(client: ApiClient, timeline: Timeline): Promise<void> {
    for await (const event of client.events({ after: 0 }, { signal: this.#ended.signal })) {
      if (event.type !== "entry") continue;
      this.entries.push(event.entry);
      if (!TOLD.test(event.entry.kind)) continue;
      const who = nameOf(event.entry.author);
      timeline.event(who, describeEntry(event.entry).slice(who.length + 1));
    }
  }
}
