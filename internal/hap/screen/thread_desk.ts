import type { ApiClient } from "@bzzz/api";
import { errorMessage } from "@bzzz/base";
import { findThread, noThread, sayInThread } from "@bzzz/cli";
import type { Effect, ScreenEvent } from "./core/events.ts";

/** What the screen reads and says in channels and threads. */
export class ThreadDesk {
  readonly #deps: {
    readonly client: ApiClient;
    readonly tell: (event: ScreenEvent) => void;
    readonly signal: AbortSignal;
  };

  /** `tell` hears what came of `read`; it ends with `signal`. */
  constructor(deps: { client: ApiClient; tell: (event: ScreenEvent) => void; signal: AbortSignal }) {
    this.#deps = deps;
  }

  /** Reads a thread. One that is not there is told in a line. */
  async read(reference: string): Promise<void> {
    const { client, tell, signal } = this.#deps;
    try {
      const found = await findThread(client, reference, { signal });
      tell(found ? { type: "thread_read", ...found } : { type: "hint", text: noThread(reference) });
    } catch (error) {
      tell({ type: "hint", text: errorMessage(error) });
    }
  }

  /** Says it. @throws ApiError as the node refuses it */
  async say({ channel, text, thread }: Extract<Effect, { type: "send" }>): Promise<void> {
    const { client, signal } = this.#deps;
    if (thread === undefined) await client.postMessage({ text, topic: channel }, { signal });
    else await sayInThread(client, { text, topic: channel, thread }, { signal });
  }
}
