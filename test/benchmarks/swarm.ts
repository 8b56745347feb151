import { BenchMesh } from "./bench_mesh.ts";
import { BenchProcess } from "./bench_process.ts";
import type { Bench } from "./row.ts";

/** What a swarm is made of. */
export interface SwarmOptions {
  readonly kind: "bare" | "bzzz";
  readonly nodes: number;
  readonly args?: readonly string[];
  /** Which earlier nodes node `n` dials; all of them unless told. The same for both kinds. */
  readonly dials?: (n: number) => readonly number[];
  /** Subscribers each node must see before the swarm is ready; all others unless told. */
  readonly minPeers?: number;
}

/** Connected node processes of one kind. Dispose it: it kills them and deletes their data. */
export class Swarm implements AsyncDisposable {
  readonly nodes: readonly BenchProcess[];
  readonly #stack: AsyncDisposableStack;

  private constructor(nodes: readonly BenchProcess[], stack: AsyncDisposableStack) {
    this.nodes = nodes;
    this.#stack = stack;
  }

  static async start(bench: Bench, options: SwarmOptions): Promise<Swarm> {
    await using stack = new AsyncDisposableStack();
    const mesh = stack.use(await BenchMesh.create());
    const homes = options.kind === "bzzz" ? await mesh.addHomes(options.nodes) : [];
    const nodes: BenchProcess[] = [];
    for (let n = 0; n < options.nodes; n++) {
      const args = options.kind === "bzzz" ? [`--home=${homes[n]}`] : [];
      nodes.push(stack.use(await BenchProcess.start(bench.bundles[options.kind], [...args, ...options.args ?? []])));
    }
    const dials = options.dials ?? ((n) => nodes.slice(0, n).keys().toArray());
    for (const [n, node] of nodes.entries()) {
      for (const other of dials(n)) await node.send({ cmd: "dial", address: nodes[other]?.addresses[0] ?? "" });
    }
    const minPeers = options.minPeers ?? options.nodes - 1;
    for (const node of nodes) await node.until("the others' subscriptions", ({ peers }) => peers >= minPeers);
    return new Swarm(nodes, stack.move());
  }

  /** Every node publishes (or the first alone) and forgets what it measured before. Resolves when all have published. */
  async publish(
    options: { count: number; bytes: number; perSecond: number; publishers?: number },
  ): Promise<{ readonly startedAtMs: number }> {
    const { count, bytes, perSecond } = options;
    for (const node of this.nodes) await node.send({ cmd: "reset" });
    for (const node of this.nodes) await node.report(); // commands are obeyed in order: all have forgotten
    const startedAtMs = performance.timeOrigin + performance.now();
    const publishers = this.nodes.slice(0, options.publishers ?? this.nodes.length);
    for (const node of publishers) await node.send({ cmd: "publish", count, bytes, perSecond });
    await Promise.all(publishers.map((node) => node.next("published")));
    return { startedAtMs };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
