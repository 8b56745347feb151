/**
 * The built programs as child processes: started, watched, asked over their HTTP API, stopped or killed.
 *
 * @module
 */
import { ApiClient } from "@bzzz/api";
import { createSystemClock, createSystemRandom } from "@bzzz/base";
import { waitFor } from "@bzzz/base/testing";
import { UcxiClient } from "@bzzz/ucxi";

/** Which of the two programs. */
export type Program = "bzzz-agent" | "bzzz-hap";

const clock = createSystemClock();
const ROOT = new URL("../../", import.meta.url).pathname;

/** Ports 0, loopback, no mDNS: what every test node gets unless it says otherwise. */
export const ISOLATED: Readonly<Record<string, string>> = {
  BZZZ_PORTS_HTTP_PORT: "0",
  BZZZ_PORTS_HEALTH_PORT: "0",
  BZZZ_PORTS_UCXI_PORT: "0",
  BZZZ_NETWORK_P2P_PORT: "0",
  BZZZ_NETWORK_LISTEN_HOST: "127.0.0.1",
  BZZZ_NETWORK_MDNS: "false",
  BZZZ_LOGGING_LEVEL: "debug",
  BZZZ_LOGGING_FORMAT: "json",
};

/** Where the programs are: `BZZZ_TEST_DIST` names another folder than dist, to test a release as it was published. */
const DIST = Deno.env.get("BZZZ_TEST_DIST") ?? `${ROOT}dist`;

/** Path of a built program; `deno task build` makes it. */
export function programPath(program: Program): string {
  const path = `${DIST}/${program}`;
  try {
    Deno.statSync(path);
  } catch (cause) {
    throw new Error(`Cannot find ${path}: run "deno task build" first`, { cause });
  }
  return path;
}

/** One shared unpack cache for all test processes, beside the built programs. */
export function programEnvironment(): Record<string, string> {
  return { PATH: Deno.env.get("PATH") ?? "", HOME: "/nonexistent", BZZZ_CACHE_DIR: `${DIST}/.cache` };
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
  /** Runs inside this network namespace (needs root). */
  readonly netns?: string;
  readonly cwd?: string;
  readonly timeoutMs?: number;
}

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function command(program: Program, args: readonly string[], options: RunOptions): [string, string[]] {
  const path = programPath(program);
  return options.netns ? ["ip", ["netns", "exec", options.netns, path, ...args]] : [path, [...args]];
}

/** Runs a program to its end. Fails when it takes longer than `timeoutMs` (30 s). */
export async function run(program: Program, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const [path, argv] = command(program, args, options);
  const child = new Deno.Command(path, {
    args: argv,
    env: { ...programEnvironment(), ...options.env },
    clearEnv: true,
    ...(options.cwd ? { cwd: options.cwd } : {}),
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const written = options.stdin === undefined ? undefined : feed(child.stdin, options.stdin);
  const timer = clock.setTimer(options.timeoutMs ?? 30_000, () => child.kill("SIGKILL"));
  try {
    const { code, stdout, stderr, signal } = await child.output();
    await written;
    const finished = { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
    if (signal === "SIGKILL") {
      throw new Error(`${program} ${args.join(" ")} did not end: ${finished.stderr.slice(-2000)}`);
    }
    return finished;
  } finally {
    timer.cancel();
  }
}

/** Writes all of `input`, unless the program has heard enough. */
async function feed(stdin: WritableStream<Uint8Array>, input: string | Uint8Array): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(typeof input === "string" ? new TextEncoder().encode(input) : input);
    await writer.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    await writer.abort().catch(() => {}); // it is broken already
  }
}

/** A child whose end is the point: nothing waits for it to be ready. */
export interface Spawned {
  readonly finished: Promise<Finished>;
  kill(signal: Deno.Signal): void;
}

/** The process of `run`, with its output piped and without an input. */
function startRun(
  program: Program,
  home: string,
  options: RunOptions,
  args: readonly string[] = [],
): Deno.ChildProcess {
  const [path, argv] = command(program, ["run", "--home", home, ...args], options);
  return new Deno.Command(path, {
    args: argv,
    env: { ...programEnvironment(), ...ISOLATED, ...options.env },
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Starts `run` without waiting for anything. Whoever calls this waits for `finished`. */
export function spawnNode(program: Program, home: string, options: RunOptions = {}): Spawned {
  const child = startRun(program, home, options);
  const timer = clock.setTimer(options.timeoutMs ?? 30_000, () => child.kill("SIGKILL"));
  const finished = child.output().then(({ code, stdout, stderr }) => {
    timer.cancel();
    return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
  });
  return { finished, kill: (signal) => child.kill(signal) };
}

/** Runs a program that must succeed, and returns what it printed. */
export async function runOk(program: Program, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await run(program, args, options);
  if (code !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${code}: ${stderr}${stdout}`);
  return stdout;
}

/** What a running node writes to `<home>/run/endpoints.json`. */
export interface Endpoints {
  readonly pid: number;
  readonly api_url: string;
  readonly health_url: string;
  readonly ucxi_url: string;
  readonly p2p_addresses: readonly string[];
}

/** What `/readyz`, `/health` and `/health/checks` answer, as far as tests look. */
export interface HealthPage {
  readonly status: number;
  readonly body: {
    readonly status?: string;
    readonly reasons?: readonly { readonly check: string; readonly code: string; readonly message?: string }[];
    readonly checks?: readonly { readonly name: string; readonly state: string; readonly code?: string }[];
  };
}

/** A running program. Dispose stops it in order; `kill` does not. */
export class RunningNode implements AsyncDisposable {
  readonly program: Program;
  readonly home: string;
  readonly endpoints: Endpoints;
  readonly #child: Deno.ChildProcess;
  readonly #log: { text: string };
  readonly #drained: Promise<unknown>;
  #isOver = false;

  private constructor(
    program: Program,
    home: string,
    child: Deno.ChildProcess,
    endpoints: Endpoints,
    log: { text: string },
    drained: Promise<unknown>,
  ) {
    this.program = program;
    this.home = home;
    this.#child = child;
    this.endpoints = endpoints;
    this.#log = log;
    this.#drained = drained;
  }

  /** Starts `run` and waits until the node answers on its API. */
  static async start(
    program: Program,
    home: string,
    options: RunOptions & { readonly args?: readonly string[] } = {},
  ): Promise<RunningNode> {
    const child = startRun(program, home, options, options.args);
    const log = { text: "" };
    const drained = Promise.all([collect(child.stdout, log), collect(child.stderr, log)]);
    let exit: Deno.CommandStatus | undefined;
    const exited = child.status.then((status) => {
      exit = status;
    });
    try {
      const endpoints = await waitFor(async () => {
        if (exit) throw new Error(`${program} ended with ${exit.code} before it was ready:\n${log.text.slice(-4000)}`);
        return await readEndpoints(home, child.pid);
      }, {
        timeoutMs: options.timeoutMs ?? 20_000,
        what: `${program} to be ready`,
        state: () => log.text.slice(-4000),
      });
      return new RunningNode(program, home, child, endpoints, log, drained);
    } catch (error) {
      if (!exit) child.kill("SIGKILL");
      await exited;
      await drained;
      throw error;
    }
  }

  get pid(): number {
    return this.endpoints.pid;
  }

  /** Everything it wrote to stdout and stderr (at most the last 4 MB). */
  get log(): string {
    return this.#log.text;
  }

  /** A client of its API, with its token. */
  async api(): Promise<ApiClient> {
    const token = await this.token();
    const deps = { fetch: (request: Request) => fetch(request), clock, random: createSystemRandom() };
    return new ApiClient(deps, { baseUrl: this.endpoints.api_url, token });
  }

  /** A client of its context server, with its token. */
  async context(): Promise<UcxiClient> {
    const deps = { fetch: (request: Request) => fetch(request), clock, random: createSystemRandom() };
    return new UcxiClient(deps, { baseUrl: this.endpoints.ucxi_url, token: await this.token() });
  }

  /** The bearer token of that scope, as its owner finds it on disk. */
  async token(scope: "read" | "write" = "write"): Promise<string> {
    const file = scope === "write" ? "api.token" : "api-read.token";
    return (await Deno.readTextFile(`${this.home}/run/${file}`)).trim();
  }

  /** A page of the health port, with the token that may see everything. */
  async healthPage(path: string): Promise<HealthPage> {
    const headers = { authorization: `Bearer ${await this.token("read")}` };
    const response = await fetch(this.endpoints.health_url + path, { headers, signal: AbortSignal.timeout(5_000) });
    return { status: response.status, body: await response.json() as HealthPage["body"] };
  }

  signal(signal: Deno.Signal): void {
    Deno.kill(this.pid, signal);
  }

  /** Its exit status, once it ends; fails after `timeoutMs`. */
  async ended(timeoutMs = 30_000): Promise<Deno.CommandStatus> {
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = clock.setTimer(
      timeoutMs,
      () => reject(new Error(`${this.program} did not end within ${timeoutMs} ms:\n${this.log.slice(-4000)}`)),
    );
    try {
      const status = await Promise.race([this.#child.status, promise]);
      this.#isOver = true;
      await this.#drained;
      return status;
    } finally {
      timer.cancel();
    }
  }

  /** SIGTERM, and its exit status. */
  async stop(): Promise<Deno.CommandStatus> {
    if (!this.#isOver) this.signal("SIGTERM");
    return await this.ended();
  }

  /** SIGKILL: nothing is flushed, nobody is told. */
  async kill(): Promise<void> {
    if (!this.#isOver) this.signal("SIGKILL");
    await this.ended();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isOver) return;
    try {
      this.signal("SIGCONT");
      this.signal("SIGTERM");
      await this.ended(26_000);
    } catch {
      // It ended in between, or would not: the second is what kill is for, and the test has its own verdict.
      await this.kill().catch(() => {});
    }
  }
}

const MAX_LOG_CHARACTERS = 4_000_000;

async function collect(stream: ReadableStream<Uint8Array>, log: { text: string }): Promise<void> {
  for await (const text of stream.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)) {
    log.text = (log.text + text).slice(-MAX_LOG_CHARACTERS);
  }
}

async function readEndpoints(home: string, pid: number): Promise<Endpoints | undefined> {
  try {
    const endpoints = JSON.parse(await Deno.readTextFile(`${home}/run/endpoints.json`)) as Endpoints;
    // `ip netns exec` and the self-extracting header exec in place, so the pid is the child's
    return endpoints.pid === pid ? endpoints : undefined;
  } catch {
    return undefined; // not written yet
  }
}
