/**
 * Work for nodes under test, and how much of it.
 *
 * @module
 */
import { type ApiClient, ApiError } from "@bzzz/api";

/** `SLOW=1` widens the runs: more rounds, more entries, more points of a crash. */
export const IS_SLOW = Deno.env.get("SLOW") === "1";

/** The seed of a test's random choices: `SEED=…` repeats a run. */
export function testSeed(): number {
  const given = Number(Deno.env.get("SEED") ?? Number.NaN);
  return Number.isSafeInteger(given) ? given : crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}

/** Posts messages without a pause over several connections until it is stopped, and keeps what the node acknowledged. */
export class Poster {
  /** Entry ids of every post that was answered with success. */
  readonly acknowledged: string[] = [];
  /** Refusals by code. */
  readonly refused: Map<string, number> = new Map();
  readonly #stopped = new AbortController();
  readonly #running: Promise<unknown>;

  constructor(client: ApiClient, options: { readonly lanes?: number; readonly label?: string } = {}) {
    const lanes = Array.from(
      { length: options.lanes ?? 4 },
      (_, lane) => this.#post(client, `${options.label} ${lane}`),
    );
    this.#running = Promise.all(lanes);
  }

  /** Resolves when nothing is on its way any more. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  async #post(client: ApiClient, label: string): Promise<void> {
    for (let i = 0; !this.#stopped.signal.aborted; i++) {
      try {
        this.acknowledged.push((await client.postMessage({ topic: "coordination", text: `${label} ${i}` })).id);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        this.refused.set(error.code, (this.refused.get(error.code) ?? 0) + 1);
        if (error.code === "node_unreachable") return; // it was stopped or killed: nothing comes after that
      }
    }
  }
}

/** Every entry id in a node's journal, over its API. */
export async function journalIds(client: ApiClient): Promise<Set<string>> {
  const ids = new Set<string>();
  for (let after = 0;;) {
    const page = await client.journal({ after, limit: 500 });
    if (page.items.length === 0) return ids;
    for (const entry of page.items) ids.add(entry.id);
    after = page.next_after;
  }
}

/** A figure worth reading in the output of a run. */
export function note(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`  ${text}\n`));
}
