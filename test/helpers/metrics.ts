/**
 * What a node counts, from its health port.
 *
 * @module
 */
import type { RunningNode } from "./programs.ts";

/** Counters and gauges of one reading. */
export class Metrics {
  readonly #values: ReadonlyMap<string, number>;

  constructor(text: string) {
    const values = new Map<string, number>();
    for (const line of text.split("\n")) {
      const at = line.lastIndexOf(" ");
      if (line.startsWith("#") || at < 1) continue;
      values.set(line.slice(0, at), Number(line.slice(at + 1)));
    }
    this.#values = values;
  }

  /** The value of a metric, by its name and, for one with events, the event; 0 when it is not there. */
  get(name: string, event?: string): number {
    return this.#values.get(event === undefined ? name : `${name}{event="${event}"}`) ?? 0;
  }

  /** What the node did with frames of peers: `bzzz_journal_events_total`. */
  journal(event: string): number {
    return this.get("bzzz_journal_events_total", event);
  }

  /** `bzzz_p2p_events_total`. */
  p2p(event: string): number {
    return this.get("bzzz_p2p_events_total", event);
  }

  /** Everything that is not zero, for messages of failed assertions. */
  toString(): string {
    return [...this.#values].filter(([name, value]) => value !== 0 && /journal|p2p|gossip|sync|peers/.test(name))
      .map(([name, value]) => `${name} ${value}`).join("\n");
  }
}

/** Reads them now. */
export async function metricsOf(node: RunningNode, options: { readonly fetch?: typeof fetch } = {}): Promise<Metrics> {
  const token = (await Deno.readTextFile(`${node.home}/run/api.token`)).trim();
  const send = options.fetch ?? fetch;
  const response = await send(`${node.endpoints.health_url}/metrics`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`metrics of ${node.home}: ${response.status} ${text.slice(0, 200)}`);
  return new Metrics(text);
}

/** Resident memory of a process now, in MiB. */
export async function rssMiB(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024;
}
