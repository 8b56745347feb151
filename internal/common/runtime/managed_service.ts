import { abortable, type Clock, createDeadline, errorMessage, once, TimeoutError } from "@bzzz/base";
import type { CheckOutcome } from "@bzzz/health";
import type { Logger } from "@bzzz/logging";
import type { RuntimeService } from "./interfaces.ts";
import type { ServiceContext, ServiceDefinition, ServiceInstance } from "./service.ts";

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
    const what = { what: `creation of service "${this.name}"`, timeoutMs: this.definition.startTimeoutMs };
    await this.#step(what, options.signal, (context) => {
      const made = this.definition.create(this.#available(), context);
      if (!(made instanceof Promise)) {
        this.#instance = made;
        return;
      }
      return made.then(async (instance) => {
        if (context.signal.aborted) await this.#stopLate(instance);
        else this.#instance = instance;
      });
    });
    this.#state = "created";
  }

  async start(options: { readonly signal: AbortSignal }): Promise<void> {
    const instance = this.#instance;
    if (!instance) throw new TypeError(`Service "${this.name}" is started before it is created`);
    this.#state = "starting";
    if (instance.start) {
      const what = { what: `start of service "${this.name}"`, timeoutMs: this.definition.startTimeoutMs };
      await this.#step(what, options.signal, (context) => instance.start?.(context));
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
    const what = { what: `stop of service "${this.name}"`, timeoutMs };
    await this.#step(what, options.signal, (context) => instance.stop(context));
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

  /** Most steps are done at once and look at no signal: for those no deadline is set. */
  async #step(
    options: { readonly what: string; readonly timeoutMs: number },
    parent: AbortSignal,
    work: (context: ServiceContext) => void | Promise<void>,
  ): Promise<void> {
    using set = new DisposableStack();
    const deadline = once(() => set.use(createDeadline(this.#clock, { ...options, parent })));
    try {
      parent.throwIfAborted();
      const working = work({
        get signal(): AbortSignal {
          return deadline().signal;
        },
      });
      if (working instanceof Promise) await abortable(working, deadline().signal);
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
