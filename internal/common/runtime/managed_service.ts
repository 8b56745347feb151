import { abortable, type Clock, createDeadline, errorMessage, TimeoutError } from "@bzzz/base";
import type { CheckOutcome } from "@bzzz/health";
import type { Logger } from "@bzzz/logging";
import type { RuntimeService } from "./interfaces.ts";
import type { ServiceDefinition, ServiceInstance } from "./service.ts";

/** Where one service is in its life. */
export type ServiceState =
  | "registered"
  | "creating"
  | "created"
  | "starting"
  | "running"
  | "stopping"
  | "stopped"
  | "failed";

/** One service under a manager: each step has its deadline, and nothing it made is lost. */
export class ManagedService<Services extends object> implements RuntimeService {
  readonly definition: ServiceDefinition<Services>;
  readonly #clock: Pick<Clock, "setTimer">;
  readonly #logger: Logger;
  readonly #available: () => Readonly<Partial<Services>>;
  #state: ServiceState = "registered";
  #instance: ServiceInstance | undefined;

  constructor(
    deps: {
      readonly clock: Pick<Clock, "setTimer">;
      readonly logger: Logger;
      readonly available: () => Readonly<Partial<Services>>;
    },
    definition: ServiceDefinition<Services>,
  ) {
    this.#clock = deps.clock;
    this.#logger = deps.logger;
    this.#available = deps.available;
    this.definition = definition;
  }

  get name(): string {
    return this.definition.name;
  }

  get dependencies(): readonly string[] {
    return this.definition.dependencies;
  }

  get state(): ServiceState {
    return this.#state;
  }

  /** The created service; undefined before `initialize` and after `stop`. */
  get value(): unknown {
    return this.#instance?.value;
  }

  get isCreated(): boolean {
    return this.#instance !== undefined;
  }

  async initialize(options: { readonly signal: AbortSignal }): Promise<void> {
    this.#state = "creating";
    const timeoutMs = this.definition.startTimeoutMs;
    await this.#step(`creation of service "${this.name}"`, timeoutMs, options.signal, async (signal) => {
      const instance = await this.definition.create(this.#available(), { signal });
      if (signal.aborted) await this.#stopLate(instance);
      else this.#instance = instance;
    });
    this.#state = "created";
  }

  async start(options: { readonly signal: AbortSignal }): Promise<void> {
    const instance = this.#instance;
    if (!instance) throw new TypeError(`Service "${this.name}" is started before it is created`);
    this.#state = "starting";
    const { start } = instance;
    if (start) {
      const timeoutMs = this.definition.startTimeoutMs;
      await this.#step(
        `start of service "${this.name}"`,
        timeoutMs,
        options.signal,
        (signal) => start({ signal }),
      );
    }
    this.#state = "running";
  }

  /** Stops what was created, at most once. `timeoutMs` shortens the service's own deadline. */
  async stop(options: { readonly signal: AbortSignal; readonly timeoutMs?: number }): Promise<void> {
    const instance = this.#instance;
    if (!instance) return;
    this.#instance = undefined;
    this.#state = "stopping";
    const timeoutMs = Math.min(this.definition.stopTimeoutMs, options.timeoutMs ?? Infinity);
    await this.#step(
      `stop of service "${this.name}"`,
      timeoutMs,
      options.signal,
      (signal) => instance.stop({ signal }),
    );
    this.#state = "stopped";
  }

  health(): CheckOutcome {
    if (this.#state !== "running" || !this.#instance) {
      return { ok: false, code: "service_not_running", message: `Service "${this.name}" is ${this.#state}` };
    }
    try {
      return this.#instance.health();
    } catch (error) {
      return { ok: false, code: "service_health_failed", message: errorMessage(error) };
    }
  }

  isHealthy(): boolean {
    return this.health().ok;
  }

  async #step(
    what: string,
    timeoutMs: number,
    parent: AbortSignal,
    work: (signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    try {
      using deadline = createDeadline(this.#clock, { timeoutMs, what, parent });
      deadline.signal.throwIfAborted();
      const working = work(deadline.signal);
      await abortable(working, deadline.signal);
    } catch (error) {
      this.#state = "failed";
      throw error;
    }
  }

  async #stopLate(instance: ServiceInstance): Promise<void> {
    this.#logger.warn("A service was created after its deadline and is stopped", { service: this.name });
    const timeoutMs = this.definition.stopTimeoutMs;
    using deadline = createDeadline(this.#clock, { timeoutMs, what: `stop of service "${this.name}"` });
    try {
      await abortable(instance.stop({ signal: deadline.signal }), deadline.signal);
    } catch (error) {
      this.#logger.error("A service that came too late did not stop", { service: this.name }, error);
    }
  }
}

/** True when `error` says that a step missed its deadline. */
export function isTimeout(error: unknown): boolean {
  return error instanceof TimeoutError;
}
