import { createSystemClock, withTimeout } from "@bzzz/base";
import { cpuMsOf, endChild } from "./process_facts.ts";

const clock = createSystemClock();

/** The built `bzzz-agent`, run as a user runs it: its own unpack cache, its own permissions, loopback and free ports. */
export class AgentProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #stderr: ReadableStreamDefaultReader<string>;
  readonly pid: number;
  /** Milliseconds from spawn to the line that says it has started. */
  readonly readyMs: number;
  /** Of them, milliseconds of processor time. */
  readonly readyCpuMs: number;

  private constructor(
    child: Deno.ChildProcess,
    stderr: ReadableStreamDefaultReader<string>,
    { readyMs, readyCpuMs }: { readonly readyMs: number; readonly readyCpuMs: number },
  ) {
    this.#child = child;
    this.#stderr = stderr;
    this.pid = child.pid;
    this.readyMs = readyMs;
    this.readyCpuMs = readyCpuMs;
  }

  static async start(
    path: string,
    options: { readonly home: string; readonly cache: string; readonly bootstrap?: string; readonly isMdns: boolean },
  ): Promise<AgentProcess> {
    const startedAtMs = clock.monotonicMs();
    const child = new Deno.Command(path, {
      args: ["run", "--home", options.home],
      clearEnv: true,
      env: {
        PATH: Deno.env.get("PATH") ?? "",
        HOME: options.home,
        BZZZ_CACHE_DIR: options.cache,
        BZZZ_PORTS_HTTP_PORT: "0",
        BZZZ_PORTS_HEALTH_PORT: "0",
        BZZZ_PORTS_UCXI_PORT: "0",
        BZZZ_NETWORK_P2P_PORT: "0",
        BZZZ_NETWORK_LISTEN_HOST: "127.0.0.1",
        BZZZ_NETWORK_MDNS: String(options.isMdns),
        ...(options.bootstrap === undefined ? {} : { BZZZ_NETWORK_BOOTSTRAP: options.bootstrap }),
      },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const text = child.stderr.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>);
    const stderr = text.getReader();
    try {
      await withTimeout(clock, untilStarted(stderr), { timeoutMs: 30_000, what: "the start of the agent" });
      const readyMs = clock.monotonicMs() - startedAtMs;
      return new AgentProcess(child, stderr, { readyMs, readyCpuMs: await cpuMsOf(child.pid) });
    } catch (error) {
      await stderr.cancel();
      await endChild(child);
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stderr.cancel();
    await endChild(this.#child);
  }
}

async function untilStarted(stderr: ReadableStreamDefaultReader<string>): Promise<void> {
  let text = "";
  while (!text.includes("started\n")) {
    const { done, value } = await stderr.read();
    if (done) throw new Error(`The agent ended before it had started: ${text}`);
    text += value;
  }
}
