/**
 * A real mesh of built programs in temporary data directories.
 *
 * @module
 */
import { waitFor } from "@bzzz/base/testing";
import { PATIENCE_MS } from "./patience.ts";
import {
  type Finished,
  type Program,
  run,
  RunningNode,
  runOk,
  type RunOptions,
  type Spawned,
  spawnNode,
} from "./programs.ts";

export interface NodeOptions {
  readonly program?: Program;
  readonly role?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly netns?: string;
}

/** Creates a mesh with its first node, and lets more join. Dispose stops all nodes and removes their folders. */
export class TestMesh implements AsyncDisposable {
  readonly folder: string;
  readonly nodes: Map<string, RunningNode> = new Map();
  readonly #options: Map<string, NodeOptions> = new Map();
  readonly #homes: Map<string, string> = new Map();

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** `init` of the first node, an admin, and its start. */
  static async create(first: string, options: NodeOptions = {}): Promise<TestMesh> {
    const mesh = new TestMesh(await Deno.makeTempDir({ prefix: "bzzz-test-" }));
    try {
      const program = options.program ?? "bzzz-agent";
      await runOk(
        program,
        ["init", "--home", mesh.home(first), "--mesh", "test", "--agent-id", first],
        runOptions(options),
      );
      mesh.#options.set(first, options);
      await mesh.start(first);
      return mesh;
    } catch (error) {
      await mesh[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A mesh whose first node was made by `init` elsewhere; it is not started. */
  static async adopt(first: string, home: string, options: NodeOptions = {}): Promise<TestMesh> {
    const mesh = new TestMesh(await Deno.makeTempDir({ prefix: "bzzz-test-" }));
    mesh.#homes.set(first, home);
    mesh.#options.set(first, options);
    return mesh;
  }

  home(name: string): string {
    return this.#homes.get(name) ?? `${this.folder}/${name}`;
  }

  node(name: string): RunningNode {
    const node = this.nodes.get(name);
    if (!node) throw new Error(`No node ${name} runs`);
    return node;
  }

  /** Invites through a running admin and joins; the node is not started. */
  async join(name: string, options: NodeOptions & { readonly through: string }): Promise<void> {
    const program = options.program ?? "bzzz-agent";
    const token = await this.invite(options.through, { role: options.role ?? "developer", program });
    await runOk(program, ["join", "--home", this.home(name), "--agent-id", name, "-"], {
      ...runOptions(options),
      stdin: token,
    });
    this.#options.set(name, options);
  }

  /** A token for one more node. */
  async invite(through: string, options: { readonly role: string; readonly program: Program }): Promise<string> {
    const binary = options.program === "bzzz-hap" ? "hap" : "agent";
    const inviter = this.node(through);
    const { code, stdout, stderr } = await run(
      inviter.program,
      ["invite", "--home", inviter.home, "--role", options.role, "--binary", binary, "--json"],
      runOptions(this.#options.get(through) ?? {}),
    );
    if (code !== 0) throw new Error(`invite ended with ${code}: ${stderr}`);
    return (JSON.parse(stdout) as { token: string }).token;
  }

  async start(name: string, extra: RunOptions & { readonly args?: readonly string[] } = {}): Promise<RunningNode> {
    const options = this.#options.get(name) ?? {};
    const node = await RunningNode.start(options.program ?? "bzzz-agent", this.home(name), {
      ...runOptions(options),
      ...extra,
      env: { ...this.#samePort(name), ...options.env, ...extra.env },
    });
    this.nodes.set(name, node);
    return node;
  }

  /** Resolves when every named node is connected to every other, and returns how long that took. */
  async connected(...names: readonly string[]): Promise<number> {
    const began = performance.now();
    const clients = await Promise.all(names.map(async (name) => await this.node(name).api()));
    await waitFor(async () => {
      const states = await Promise.all(clients.map((client) => client.status()));
      return states.every((state) => state.peers.connected >= names.length - 1);
    }, { timeoutMs: PATIENCE_MS, what: `${names.join(", ")} to be connected` });
    return performance.now() - began;
  }

  /** Runs a command of a running node's own program on it, to its end. */
  command(name: string, args: readonly string[], stdin?: string): Promise<Finished> {
    const { program, home } = this.node(name);
    return run(program, [...args, "--home", home], stdin === undefined ? {} : { stdin });
  }

  /** What such a command prints when it succeeds; fails when it does not. */
  async commandOk(name: string, args: readonly string[], stdin?: string): Promise<string> {
    const { code, stdout, stderr } = await this.command(name, args, stdin);
    if (code !== 0) throw new Error(`${args.join(" ")} on ${name} ended with ${code}: ${stderr}`);
    return stdout;
  }

  /** Checks every signature and chain of a stopped node's journal with its own `audit verify`. */
  async verify(name: string): Promise<{ readonly entries: number; readonly authors: number }> {
    const program = this.#options.get(name)?.program ?? "bzzz-agent";
    const report = JSON.parse(await runOk(program, ["audit", "verify", "--json", "--home", this.home(name)]));
    if (report.problems.length > 0) throw new Error(`The journal of ${name} is broken: ${JSON.stringify(report)}`);
    return report;
  }

  /** A node that starts again listens where it did, as installed ones do: the others know it by that address. */
  #samePort(name: string): Record<string, string> {
    const port = /\/tcp\/(\d+)/.exec(this.nodes.get(name)?.endpoints.p2p_addresses[0] ?? "")?.[1];
    return port === undefined ? {} : { BZZZ_NETWORK_P2P_PORT: port };
  }

  /** Starts a joined node and waits for nothing. */
  spawn(name: string): Spawned {
    const options = this.#options.get(name) ?? {};
    return spawnNode(options.program ?? "bzzz-agent", this.home(name), runOptions(options));
  }

  /** `join` and `start`. */
  async add(name: string, options: NodeOptions & { readonly through: string }): Promise<RunningNode> {
    await this.join(name, options);
    return await this.start(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.nodes.values()].map((node) => node[Symbol.asyncDispose]()));
    await Deno.remove(this.folder, { recursive: true });
  }
}

function runOptions(options: NodeOptions): RunOptions {
  return { ...(options.env ? { env: options.env } : {}), ...(options.netns ? { netns: options.netns } : {}) };
}
