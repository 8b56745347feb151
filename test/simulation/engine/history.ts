import { hexEncode, utf8Encode } from "@bzzz/base";
import { sha256 } from "@bzzz/crypto";

/** What happened, with true time, in order. Claims are functions of it. */
export class History<Event extends { readonly type: string }> {
  readonly #events: Recorded<Event>[] = [];
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  get events(): readonly Recorded<Event>[] {
    return this.#events;
  }

  add(event: Event): void {
    this.#events.push({ ...event, atMs: Math.round(this.#nowMs() * 1000) / 1000 });
  }

  /** SHA-256 of the whole: two runs with one hash did the same. */
  digest(): string {
    return hexEncode(sha256(utf8Encode(this.#events.map((event) => JSON.stringify(event)).join("\n"))));
  }
}

/** An event with the true milliseconds since the start of the run. */
export type Recorded<Event> = Event & { readonly atMs: number };
