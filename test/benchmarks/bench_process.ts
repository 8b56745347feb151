import { createSystemClock, withTimeout } from "@bzzz/base";
import type { BenchCommand, BenchEvent } from "./bench_protocol.ts";
import { cpuMsOf, endChild } from "./process_facts.ts";

const clock = createSystemClock();

/** One benchmark node as a child process; kill it when the scenario is over. */
export class BenchProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #events: AsyncIterator<BenchEvent>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  /** Wall milliseconds at which the process was started. */
  readonly spawnedAtMs: number;
  readonly pid: number;
  addresses: readonly string[] = [];
  /** Milliseconds from spawn until it listened. */
  readyMs = 0;
  /** Of them, milliseconds of processor time. */
  readyCpuMs = 0;

  private constructor(child: Deno.ChildProcess, spawnedAtMs: number) {
    this.#child = child;
    this.pid = child.pid;
    this.spawnedAtMs = spawnedAtMs;
    this.#events = readEvents(child.stdout)[Symbol.asyncIterator]();
    this.#writer = child.stdin.getWriter();
  }

  /** Starts `script` (a bundle) with `args` and waits until it is ready. */
  static async start(script: string, args: readonly string[] = []): Promise<BenchProcess> {
    const spawnedAtMs = performance.timeOrigin + clock.monotonicMs();
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-config", "--no-lock", "--no-npm", "--no-remote", "-A", script, ...args],
      stdin: "piped",
      stdout: "piped",
      stderr: Deno.args.includes("--verbose") ? "inherit" : "null",
    }).spawn();
    const process = new BenchProcess(child, spawnedAtMs);
    const ready = await process.next("ready");
    process.addresses = ready.addresses;
    process.readyMs = performance.timeOrigin + clock.monotonicMs() - spawnedAtMs; // when its word is here, as the agent's
    process.readyCpuMs = await cpuMsOf(process.pid);
    return process;
  }

  async send(command: BenchCommand): Promise<void> {
    await this.#writer.write(new TextEncoder().encode(`${JSON.stringify(command)}\n`));
  }

  /** The next event, which must be of `type`. */
  async next<T extends BenchEvent["type"]>(type: T): Promise<Extract<BenchEvent, { type: T }>> {
    const result = await withTimeout(clock, this.#events.next(), { timeoutMs: 120_000, what: `"${type}" of a node` });
    if (result.done || result.value.type !== type) {
      throw new Error(`Expected "${type}", got ${result.done ? "the end of the process" : result.value.type}`);
    }
    return result.value as Extract<BenchEvent, { type: T }>; // its type was compared
  }

  async report(): Promise<Extract<BenchEvent, { type: "report" }>> {
    await this.send({ cmd: "report" });
    return await this.next("report");
  }

  /** Asks until `condition` holds. */
  async until(
    what: string,
    condition: (report: Extract<BenchEvent, { type: "report" }>) => boolean,
    timeoutMs = 60_000,
  ): Promise<Extract<BenchEvent, { type: "report" }>> {
    const untilMs = clock.monotonicMs() + timeoutMs;
    while (true) {
      const report = await this.report();
      if (condition(report)) return report;
      if (clock.monotonicMs() > untilMs) {
        throw new Error(`Waited ${timeoutMs} ms for ${what}: ${JSON.stringify({ ...report, latencies: [] })}`);
      }
      await clock.sleep(50);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endChild(this.#child);
    await this.#writer.close().catch(() => {});
    await this.#events.return?.();
  }
}

async function* readEvents(stream: ReadableStream<Uint8Array>): AsyncGenerator<BenchEvent> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)) {
    rest += text;
    for (let at = rest.indexOf("\n"); at >= 0; at = rest.indexOf("\n")) {
      yield JSON.parse(rest.slice(0, at)) as BenchEvent;
      rest = rest.slice(at + 1);
    }
  }
}

/** The value below which `fraction` of the samples lie; 0 of none. */
export function percentile(samples: readonly number[], fraction: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] ?? 0;
}
