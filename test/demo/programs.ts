/**
 * The real programs as child processes: started, asked, stopped; none outlives the demo.
 *
 * @module
 */
import { ApiClient } from "@bzzz/api";
import { type Clock, createSystemRandom } from "@bzzz/base";
import { waitFor } from "@bzzz/base/testing";

export type ProgramName = "bzzz-agent" | "bzzz-hap";

const ROOT = new URL("../../", import.meta.url).pathname;
const ENTRY: Readonly<Record<ProgramName, string>> = {
  "bzzz-agent": "cmd/agent/main.ts",
  "bzzz-hap": "cmd/hap/main.ts",
};
/** Free ports, this machine only: the demo meets nobody, and nobody meets it. */
const ISOLATED: Readonly<Record<string, string>> = {
  BZZZ_PORTS_HTTP_PORT: "0",
  BZZZ_PORTS_HEALTH_PORT: "0",
  BZZZ_PORTS_UCXI_PORT: "0",
  BZZZ_NETWORK_P2P_PORT: "0",
  BZZZ_NETWORK_LISTEN_HOST: "127.0.0.1",
  BZZZ_NETWORK_MDNS: "false",
  BZZZ_LOGGING_FORMAT: "text",
};
const COMMAND_TIMEOUT_MS = 30_000;
const START_TIMEOUT_MS = 30_000;
/** A node has 25 s to go in good order; here it has nothing to finish. */
const STOP_TIMEOUT_MS = 10_000;
const LOG_CHARACTERS = 32_768;

export interface ProgramsOptions {
  /** Where every node has its data directory. */
  readonly folder: string;
  /** Run what `deno task build` made, instead of the source. */
  readonly isBuilt: boolean;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** A node ended that nobody had stopped. */
  readonly onLost: (error: CommandFailed) => void;
}

/** A command that failed; its own words are the message. */
export class CommandFailed extends Error {}

/** Starts programs and owns them: dispose ends every one that still runs. */
export class Programs implements AsyncDisposable {
  readonly nodes: Map<string, DemoNode> = new Map();
  readonly #clock: Clock;
  readonly #options: ProgramsOptions;
  readonly #children = new Set<Deno.ChildProcess>();

  constructor(clock: Clock, options: ProgramsOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  /** Has the libraries of the source at hand, so that no node waits for a download. */
  async prepare(): Promise<void> {
    const { isBuilt, signal } = this.#options;
    if (isBuilt) {
      for (const name of Object.keys(ENTRY)) {
        await Deno.stat(`${ROOT}dist/${name}`).catch((cause) => {
          throw new CommandFailed(`There is no dist/${name}: run "deno task build" first`, { cause });
        });
      }
      return;
    }
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["cache", "--quiet", ...Object.values(ENTRY).map((entry) => `${ROOT}${entry}`)],
      cwd: ROOT,
      stdin: "null",
      signal,
    }).output();
    if (!success) throw new CommandFailed(`The libraries cannot be had: ${new TextDecoder().decode(stderr).trim()}`);
  }

  home(name: string): string {
    return `${this.#options.folder}/${name}`;
  }

  /** Runs a command of `name` to its end. */
  async run(
    name: string,
    program: ProgramName,
    args: readonly string[],
    input?: string,
  ): Promise<{ code: number; stdout: string; stderr: string }> {
    const child = this.#spawn(name, program, args, {}, input === undefined ? "null" : "piped");
    const timer = this.#clock.setTimer(COMMAND_TIMEOUT_MS, () => child.kill("SIGKILL"));
    try {
      if (input !== undefined) {
        const writer = child.stdin.getWriter();
        await writer.write(new TextEncoder().encode(input));
        await writer.close();
      }
      const { code, stdout, stderr } = await child.output();
      this.#options.signal.throwIfAborted();
      return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
    } finally {
      timer.cancel();
      this.#children.delete(child);
    }
  }

  /** The same for a command that must succeed; gives what it printed. */
  async runOk(name: string, program: ProgramName, args: readonly string[], input?: string): Promise<string> {
    const { code, stdout, stderr } = await this.run(name, program, args, input);
    if (code === 0) return stdout;
    throw new CommandFailed(`${program} ${args.join(" ")} (${name}) ended with status ${code}: ${stderr || stdout}`);
  }

  /** Starts the node of `name` and waits until it answers. */
  async start(name: string, program: ProgramName, env: Readonly<Record<string, string>> = {}): Promise<DemoNode> {
    const child = this.#spawn(name, program, ["run"], env, "null");
    const node = new DemoNode({ name, program, home: this.home(name), child, clock: this.#clock });
    this.nodes.set(name, node);
    void node.ended.then((status) => { // never rejects
      if (!node.isStopping) this.#options.onLost(lossOf(name, status));
    });
    await waitFor(() => {
      this.#options.signal.throwIfAborted();
      return node.readEndpoints();
    }, { timeoutMs: START_TIMEOUT_MS, what: `${name} to be ready` });
    return node;
  }

  /** Waits up to `timeoutMs` for a node that ends without having been stopped, and says which. */
  async lostWithin(timeoutMs: number): Promise<CommandFailed | undefined> {
    const { promise: patience, resolve } = Promise.withResolvers<undefined>();
    const timer = this.#clock.setTimer(timeoutMs, () => resolve(undefined));
    const lost = [...this.nodes.values()].filter((node) => !node.isStopping)
      .map(async (node) => lossOf(node.name, await node.ended));
    try {
      return await Promise.race([patience, ...lost]);
    } finally {
      timer.cancel();
    }
  }

  /** Every child that still runs is told to end, and ended when it does not. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const node of this.nodes.values()) node.isStopping = true;
    await Promise.all([...this.#children].map(async (child) => {
      // who is held still hears nothing else
      signalTo(child, "SIGCONT");
      signalTo(child, "SIGTERM");
      const timer = this.#clock.setTimer(STOP_TIMEOUT_MS, () => signalTo(child, "SIGKILL"));
      await child.status;
      timer.cancel();
    }));
    await Promise.all([...this.nodes.values()].map((node) => node.ended));
  }

  #spawn(
    name: string,
    program: ProgramName,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
    stdin: "null" | "piped",
  ): Deno.ChildProcess {
    this.#options.signal.throwIfAborted();
    const source = ["run", "--quiet", "-A", "--cached-only", `${ROOT}${ENTRY[program]}`];
    const child = new Deno.Command(this.#options.isBuilt ? `${ROOT}dist/${program}` : Deno.execPath(), {
      args: [...(this.#options.isBuilt ? [] : source), ...args],
      // the folder a person would be in; nothing depends on it
      cwd: this.#options.folder,
      env: { ...this.#options.env, ...ISOLATED, ...env, BZZZ_HOME: this.home(name) },
      clearEnv: true,
      // Ctrl-C reaches the demo alone, which then ends its children in order
      detached: true,
      stdin,
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#children.add(child);
    void child.status.then(() => this.#children.delete(child)); // status never rejects
    return child;
  }
}

/** What a running node says of itself in `run/endpoints.json`. */
interface Endpoints {
  readonly pid: number;
  readonly api_url: string;
  readonly p2p_addresses: readonly string[];
}

/** A node that was started. */
export class DemoNode {
  readonly name: string;
  readonly program: ProgramName;
  /** Its exit status, once it has ended and its log is complete. */
  readonly ended: Promise<Deno.CommandStatus>;
  status: Deno.CommandStatus | undefined;
  endpoints: Endpoints | undefined;
  /** It was told to end. */
  isStopping = false;
  readonly #home: string;
  readonly #clock: Clock;
  readonly #child: Deno.ChildProcess;
  #log = "";

  constructor(
    parts: { name: string; program: ProgramName; home: string; child: Deno.ChildProcess; clock: Clock },
  ) {
    this.name = parts.name;
    this.program = parts.program;
    this.#home = parts.home;
    this.#child = parts.child;
    this.#clock = parts.clock;
    const drained = Promise.all([this.#collect(parts.child.stdout), this.#collect(parts.child.stderr)]);
    this.ended = parts.child.status.then(async (status) => {
      this.status = status;
      await drained;
      return status;
    });
  }

  /** The end of what it wrote. */
  get log(): string {
    return this.#log;
  }

  /** Where it answers, or undefined as long as it does not. */
  async readEndpoints(): Promise<Endpoints | undefined> {
    try {
      const endpoints = JSON.parse(await Deno.readTextFile(`${this.#home}/run/endpoints.json`)) as Endpoints;
      if (endpoints.pid === this.#child.pid) this.endpoints = endpoints;
    } catch {
      return undefined; // not written yet
    }
    return this.endpoints;
  }

  /** A client of its HTTP API, with its own token. */
  async api(): Promise<ApiClient> {
    const token = (await Deno.readTextFile(`${this.#home}/run/api.token`)).trim();
    const deps = { fetch: (request: Request) => fetch(request), clock: this.#clock, random: createSystemRandom() };
    return new ApiClient(deps, { baseUrl: this.endpoints?.api_url ?? "", token });
  }

  /** Asks it to end in good order, and gives its status. */
  async stop(): Promise<Deno.CommandStatus> {
    this.isStopping = true;
    signalTo(this.#child, "SIGTERM");
    const timer = this.#clock.setTimer(STOP_TIMEOUT_MS, () => signalTo(this.#child, "SIGKILL"));
    const status = await this.ended;
    timer.cancel();
    return status;
  }

  /** Ends it as a power cut does; who killed it is not surprised. */
  async kill(): Promise<Deno.CommandStatus> {
    this.isStopping = true;
    signalTo(this.#child, "SIGKILL");
    return await this.ended;
  }

  /** Holds it still, as a machine that sleeps; to the others it is as silent as behind a cut cable. */
  freeze(): void {
    signalTo(this.#child, "SIGSTOP");
  }

  /** Lets it go on where it was held. */
  thaw(): void {
    signalTo(this.#child, "SIGCONT");
  }

  async #collect(stream: ReadableStream<Uint8Array>): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)) {
      this.#log = (this.#log + text).slice(-LOG_CHARACTERS);
    }
  }
}

function lossOf(name: string, { code }: Deno.CommandStatus): CommandFailed {
  return new CommandFailed(`${name} ended by itself with status ${code}`);
}

function signalTo(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // it has ended: that is what was wanted
  }
}
