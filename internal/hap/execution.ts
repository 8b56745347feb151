import type { ExitStatus } from "@bzzz/cli";

/** A way for a person to work with a node: the portal in lines now, a full screen later. The specification's `TerminalInterface`. */
export interface TerminalInterface {
  /** Resolves when the person can begin; it goes on by itself. */
  start(): Promise<void>;
  /** Resolves when it has ended: the person quit, the input ended, or `stop`. Never rejects. */
  readonly done: Promise<ExitStatus>;
  /** Ends it and gives the terminal back. Idempotent. */
  stop(): Promise<void>;
}

/** What works beside the interface for as long as it runs. */
export interface Companion {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * What makes `bzzz-hap` the portal, on top of the shared services: its interface runs until the person quits or the node stops. The
 * specification's `HAPExecution`, an `ExecutionMode` (section 5.2).
 */
export class HAPExecution<Services extends object> {
  readonly #interfaceOf: (services: Readonly<Services>) => TerminalInterface;
  readonly #companions: readonly Companion[];
  readonly #stopped = Promise.withResolvers<void>();
  #interface: TerminalInterface | undefined;

  /** `interfaceOf` makes the interface from the services; it and the companions are started and stopped here. */
  constructor(
    deps: { interfaceOf: (services: Readonly<Services>) => TerminalInterface; companions?: readonly Companion[] },
  ) {
    this.#interfaceOf = deps.interfaceOf;
    this.#companions = deps.companions ?? [];
  }

  /** Runs until the person quits, `signal` aborts, or `stop`; the terminal is given back when it resolves. */
  async run(services: Readonly<Services>, options: { readonly signal: AbortSignal }): Promise<void> {
    const onAbort = () => this.#stopped.resolve();
    if (options.signal.aborted) onAbort();
    options.signal.addEventListener("abort", onAbort, { once: true });
    const portal = this.#interfaceOf(services);
    this.#interface = portal;
    try {
      for (const companion of this.#companions) await companion.start();
      await portal.start();
      await Promise.race([portal.done, this.#stopped.promise]);
    } finally {
      options.signal.removeEventListener("abort", onAbort);
      await portal.stop();
      for (const companion of this.#companions.toReversed()) await companion.stop();
    }
  }

  /** Ends `run`. Idempotent. */
  async stop(): Promise<void> {
    this.#stopped.resolve();
    await this.#interface?.stop();
  }

  /** The binary type of this program. */
  getType(): "hap" {
    return "hap";
  }
}
