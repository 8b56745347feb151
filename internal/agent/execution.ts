import type { AgentRunner } from "./runner.ts";

/**
 * What makes `bzzz-agent` an agent, on top of the shared services: it runs its tasks until it is told to stop. The
 * specification's `AgentExecution`, an `ExecutionMode`.
 */
export class AgentExecution<Services extends object> {
  readonly #runnerOf: (services: Readonly<Services>) => AgentRunner;
  readonly #stopped = Promise.withResolvers<void>();
  #runner: AgentRunner | undefined;
  #isStopping = false;

  /** `runnerOf` takes the runner out of the services, or makes it from them; it is started and stopped here. */
  constructor(deps: { runnerOf: (services: Readonly<Services>) => AgentRunner }) {
    this.#runnerOf = deps.runnerOf;
  }

  /** Runs until `signal` aborts or `stop` is called; the agent has drained when it resolves. */
  async run(services: Readonly<Services>, options: { readonly signal: AbortSignal }): Promise<void> {
    if (this.#isStopping || options.signal.aborted) return;
    const runner = this.#runnerOf(services);
    this.#runner = runner;
    const onAbort = (): void => this.#stopped.resolve();
    options.signal.addEventListener("abort", onAbort, { once: true });
    try {
      await runner.start();
      await this.#stopped.promise;
    } finally {
      options.signal.removeEventListener("abort", onAbort);
      await runner.stop();
    }
  }

  /** Drains and ends `run`. Idempotent. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#stopped.resolve();
    await this.#runner?.stop();
  }

  /** The binary type of this program. */
  getType(): "agent" {
    return "agent";
  }
}
