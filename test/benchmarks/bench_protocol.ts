/**
 * What a benchmark's node processes and the orchestrator say to each other: JSON lines on stdin and stdout. The bare and
 * the BZZZ process speak the same, so that a scenario runs on both unchanged.
 *
 * @module
 */

import { createSystemClock } from "@bzzz/base";

const clock = createSystemClock();

export type BenchCommand =
  | { readonly cmd: "dial"; readonly address: string }
  /** Publishes `count` messages of `bytes` at `perSecond`; 0 = as fast as they are accepted. */
  | { readonly cmd: "publish"; readonly count: number; readonly bytes: number; readonly perSecond: number }
  /** Forgets what was measured so far. */
  | { readonly cmd: "reset" }
  | { readonly cmd: "report" }
  /** Makes a content of so many bytes that others can fetch. */
  | { readonly cmd: "keep"; readonly bytes: number }
  /** Fetches it from the one other node. */
  | { readonly cmd: "fetch"; readonly name: string }
  | { readonly cmd: "quit" };

export type BenchEvent =
  | { readonly type: "ready"; readonly addresses: readonly string[] }
  | { readonly type: "published"; readonly count: number; readonly elapsedMs: number }
  | { readonly type: "kept"; readonly name: string }
  | { readonly type: "fetched"; readonly bytes: number; readonly elapsedMs: number }
  | {
    readonly type: "report";
    readonly peers: number;
    readonly received: number;
    /** Milliseconds from publish to received (bare) or stored (BZZZ). */
    readonly latencies: readonly number[];
    readonly firstAtMs: number;
    readonly lastAtMs: number;
    readonly rssBytes: number;
  };

/** Wall milliseconds with a fraction, comparable between processes of one host. */
export function wallMs(): number {
  return performance.timeOrigin + performance.now();
}

/** The publish time is the payload's first 18 characters; what follows tells it from all others, then it is padded. */
export function payloadText(bytes: number, number: number, atMs: number = wallMs()): string {
  return `${atMs.toFixed(3).padEnd(18, " ")}${Deno.pid}/${number} `.padEnd(bytes, "x");
}

export function publishedAtMs(text: string): number {
  return Number(text.slice(0, 18));
}

/** Collects latencies; the report holds at most `MAX_SAMPLES`. */
export class LatencyRecorder {
  #latencies: number[] = [];
  #received = 0;
  #firstAtMs = 0;
  #lastAtMs = 0;

  record(publishedMs: number): void {
    const nowMs = wallMs();
    if (this.#received++ === 0) this.#firstAtMs = nowMs;
    this.#lastAtMs = nowMs;
    if (this.#latencies.length < MAX_SAMPLES) this.#latencies.push(nowMs - publishedMs);
  }

  reset(): void {
    this.#latencies = [];
    this.#received = 0;
  }

  report(peers: number): BenchEvent {
    return {
      type: "report",
      peers,
      received: this.#received,
      latencies: this.#latencies.map((ms) => Math.round(ms * 1000) / 1000),
      firstAtMs: this.#firstAtMs,
      lastAtMs: this.#lastAtMs,
      rssBytes: Deno.memoryUsage().rss,
    };
  }
}

const MAX_SAMPLES = 50_000;

/** What a process offers to the commands. */
export interface BenchNode {
  readonly addresses: readonly string[];
  dial(address: string): Promise<void>;
  publish(text: string): Promise<void>;
  peers(): number;
  /** Makes a content, and the name by which the other node asks for it. */
  keep(bytes: number): Promise<string>;
  /** Bytes that came. */
  fetch(name: string): Promise<number>;
  readonly recorder: LatencyRecorder;
}

function say(event: BenchEvent): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(event)}\n`));
}

function complain(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
}

/** Serves the commands until "quit" or the end of stdin. */
export async function serveCommands(node: BenchNode): Promise<void> {
  say({ type: "ready", addresses: node.addresses });
  const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>);
  let rest = "";
  for await (const chunk of lines) {
    rest += chunk;
    for (let at = rest.indexOf("\n"); at >= 0; at = rest.indexOf("\n")) {
      const command = JSON.parse(rest.slice(0, at)) as BenchCommand;
      rest = rest.slice(at + 1);
      if (command.cmd === "quit") return;
      await obey(node, command);
    }
  }
}

async function obey(node: BenchNode, command: Exclude<BenchCommand, { cmd: "quit" }>): Promise<void> {
  switch (command.cmd) {
    case "dial":
      // two that dial each other at once lose one connection; the swarm waits for subscriptions, not for dials
      return await node.dial(command.address).catch((error: unknown) => complain(`dial: ${error}`));
    case "keep":
      return say({ type: "kept", name: await node.keep(command.bytes) });
    case "fetch": {
      const startMs = wallMs();
      const bytes = await node.fetch(command.name);
      return say({ type: "fetched", bytes, elapsedMs: wallMs() - startMs });
    }
    case "reset":
      return node.recorder.reset();
    case "report":
      return say(node.recorder.report(node.peers()));
    case "publish": {
      const startMs = wallMs();
      if (command.perSecond === 0) await publishAll(node, command.count, command.bytes);
      else await publishAtRate(node, command.count, command.bytes, command.perSecond);
      return say({ type: "published", count: command.count, elapsedMs: wallMs() - startMs });
    }
  }
}

/** At most this many publishes are under way at once, on both sides of a comparison. */
const WINDOW = 64;

async function publishAll(node: BenchNode, count: number, bytes: number): Promise<void> {
  let left = count;
  await Promise.all(Array.from({ length: WINDOW }, async () => {
    while (left > 0) await node.publish(payloadText(bytes, left--));
  }));
}

/**
 * One that had to wait for a free place in the window counts from when it was due: a node that cannot keep up shows as latency, and
 * not as a pile of work that runs into time-outs.
 */
async function publishAtRate(node: BenchNode, count: number, bytes: number, perSecond: number): Promise<void> {
  const startMs = wallMs();
  let next = 0;
  await Promise.all(Array.from({ length: WINDOW }, async () => {
    while (next < count) {
      const number = next++;
      const dueMs = startMs + number * 1000 / perSecond;
      const waitMs = dueMs - wallMs();
      if (waitMs > 0) await clock.sleep(waitMs);
      await node.publish(payloadText(bytes, number, waitMs > 0 ? wallMs() : dueMs));
    }
  }));
}
