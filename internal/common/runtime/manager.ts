import { type Clock, errorMessage, TypedEventTarget } from "@bzzz/base";
import type { HealthCheck } from "@bzzz/health";
import type { Logger } from "@bzzz/logging";
import type { BinaryType } from "@bzzz/agentid";
import { createRuntimeError, RuntimeError, type RuntimeErrorCode } from "./errors.ts";
import type { ServiceManager, ServiceView } from "./interfaces.ts";
import { isTimeout, ManagedService } from "./managed_service.ts";
import type { ServiceDefinition } from "./service.ts";
import { findCycle, orderServices, RUNTIME_PHASES, type RuntimePhase } from "./topology.ts";

/** All stops together, when the caller names no limit: within the 25 s of a shutdown (design section 9). */
const DEFAULT_STOP_TIMEOUT_MS = 15_000;

/** What a manager tells, after the fact. */
export interface ServiceEvents {
  "phase:initialized": { readonly phase: RuntimePhase; readonly durationMs: number };
  "service:created": { readonly name: string; readonly durationMs: number };
  "service:started": { readonly name: string; readonly durationMs: number };
  "service:stopped": { readonly name: string; readonly durationMs: number };
  "service:failed": { readonly name: string; readonly step: "create" | "start" | "stop"; readonly error: unknown };
}

/** What a manager is made of. */
export interface ServiceManagerDeps {
  readonly clock: Pick<Clock, "nowMs" | "monotonicMs" | "setTimer">;
  readonly logger: Logger;
  /** For errors. */
  readonly binaryType?: BinaryType;
}

type Lifecycle = "building" | "initializing" | "initialized" | "starting" | "running" | "stopping" | "stopped";

/**
 * A manager of these services; more may be registered. The list is checked now.
 * @throws RuntimeError `service_duplicate`, `service_unknown`, `service_cycle`, `lifecycle_misused` (dependency on a later phase)
 */
export function createServiceManager<Services extends object>(
  deps: ServiceManagerDeps,
  definitions: readonly ServiceDefinition<Services>[] = [],
): StandardServiceManager<Services> {
  return new StandardServiceManager<Services>(deps, definitions);
}

/** The one implementation of `ServiceManager`; see `createServiceManager`. */
export class StandardServiceManager<Services extends object> implements ServiceManager<Services> {
  readonly events = new TypedEventTarget<ServiceEvents>();
  readonly #deps: ServiceManagerDeps;
  readonly #registered = new Map<string, ManagedService<Services>>();
  readonly #created: ManagedService<Services>[] = [];
  readonly #services: Partial<Services> = {};
  readonly #calledOff = new AbortController();
  #order: readonly ManagedService<Services>[] = [];
  #phasesDone = 0;
  #lifecycle: Lifecycle = "building";
  #underway: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;

  /** @throws RuntimeError as `createServiceManager` does */
  constructor(deps: ServiceManagerDeps, definitions: readonly ServiceDefinition<Services>[] = []) {
    this.#deps = deps;
    orderServices(definitions, deps.clock.nowMs()); // judges the list at once: one by one costs the square of its length
    for (const definition of definitions) this.#add(this.#manage(definition));
  }

  /** Every property throws until its service is created. */
  get services(): Readonly<Services> {
    // Each getter gives the value of the definition with that name, whose type is Services[name].
    return this.#services as Services;
  }

  register(definition: ServiceDefinition<Services>): void {
    const { name } = definition;
    if (this.#lifecycle !== "building") throw this.#misused(`register service "${name}"`);
    if (this.#registered.has(name)) {
      throw this.#error("service_duplicate", `register service "${name}"`, {
        why: "the name is taken",
        serviceName: name,
      });
    }
    const service = this.#manage(definition);
    const cycle = findCycle([...this.#registered.values(), service], name); // without it there was none
    if (cycle) {
      const why = `the services depend on each other, ${cycle.join(" → ")}`;
      throw this.#error("service_cycle", `register service "${name}"`, { why, serviceName: name });
    }
    this.#add(service);
  }

  #manage(definition: ServiceDefinition<Services>): ManagedService<Services> {
    const { clock, logger } = this.#deps;
    return new ManagedService<Services>({ clock, logger, available: () => this.#services }, definition);
  }

  #add(service: ManagedService<Services>): void {
    const { name } = service;
    this.#registered.set(name, service);
    Object.defineProperty(this.#services, name, {
      enumerable: true,
      get: () => this.getService(name as keyof Services & string), // a definition's name is one of these
    });
  }

  async initialize(options: { phase?: RuntimePhase; signal?: AbortSignal } = {}): Promise<void> {
    await this.#run("initializing", "initialized", "initialize the services", options.signal, async (signal) => {
      await this.#initialize(signal, options.phase ?? "monitoring");
    });
  }

  async start(options: { signal?: AbortSignal } = {}): Promise<void> {
    await this.#run("starting", "running", "start the services", options.signal, async (signal) => {
      await this.#initialize(signal, "monitoring");
      for (const service of this.#order) {
        const durationMs = await this.#step(service, "start", signal, () => service.start({ signal }));
        this.events.emit("service:started", { name: service.name, durationMs });
      }
    });
  }

  stop(options: { timeoutMs?: number } = {}): Promise<void> {
    return this.#stopped ??= this.#stop(options.timeoutMs ?? DEFAULT_STOP_TIMEOUT_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  getService<Name extends keyof Services & string>(name: Name): Services[Name] {
    const service = this.#registered.get(name);
    if (!service) {
      throw this.#error("service_unknown", `get service "${name}"`, { why: "it is not registered", serviceName: name });
    }
    if (!service.isCreated) {
      throw this.#error("service_not_ready", `get service "${name}"`, {
        why: `it is ${service.state}`,
        serviceName: name,
      });
    }
    return service.value as Services[Name]; // made by the definition of this name
  }

  views(): readonly ServiceView[] {
    return this.#order.length > 0 ? this.#order : [...this.#registered.values()];
  }

  getHealthStatus(): ReadonlyMap<string, boolean> {
    return new Map(this.views().map((service) => [service.name, service.isHealthy()]));
  }

  healthChecks(): readonly HealthCheck[] {
    return [...this.#registered.values()].map((service) => ({
      name: `service.${service.name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`,
      critical: service.definition.isCritical,
      intervalMs: 2_500,
      failureThreshold: 2,
      run: () => service.health(),
    }));
  }

  /** Runs one step of the whole life; when it fails, everything that was created is stopped before it rejects. */
  async #run(
    during: "initializing" | "starting",
    after: "initialized" | "running",
    what: string,
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    if (this.#lifecycle !== "building" && this.#lifecycle !== "initialized") throw this.#misused(what);
    this.#lifecycle = during;
    const calledOff = this.#calledOff.signal;
    const combined = signal ? AbortSignal.any([signal, calledOff]) : calledOff;
    const running = work(combined);
    this.#underway = running.catch(() => {}); // the caller has the rejection; stop() only waits for the end
    try {
      await running;
      combined.throwIfAborted();
      this.#lifecycle = after;
    } catch (error) {
      await this.#rollBack();
      throw error;
    }
  }

  async #initialize(signal: AbortSignal, through: RuntimePhase): Promise<void> {
    if (this.#order.length === 0) {
      const nodes = [...this.#registered.values()].map(({ definition }) => definition);
      this.#order = orderServices(nodes, this.#deps.clock.nowMs())
        .flatMap(({ name }) => this.#registered.get(name) ?? []);
    }
    for (; this.#phasesDone <= RUNTIME_PHASES.indexOf(through); this.#phasesDone++) {
      const phase = RUNTIME_PHASES[this.#phasesDone];
      if (phase === undefined) return;
      const beganMs = this.#deps.clock.monotonicMs();
      for (const service of this.#order) {
        if (service.definition.phase !== phase) continue;
        // Listed first: whatever the creation leaves behind when it is called off, a rollback finds.
        this.#created.push(service);
        const durationMs = await this.#step(service, "create", signal, () => service.initialize({ signal }));
        this.events.emit("service:created", { name: service.name, durationMs });
      }
      this.events.emit("phase:initialized", { phase, durationMs: this.#deps.clock.monotonicMs() - beganMs });
    }
  }

  async #step(
    service: ManagedService<Services>,
    step: "create" | "start",
    signal: AbortSignal,
    work: () => Promise<void>,
  ): Promise<number> {
    const beganMs = this.#deps.clock.monotonicMs();
    try {
      await work();
      return this.#deps.clock.monotonicMs() - beganMs;
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      this.events.emit("service:failed", { name: service.name, step, error: cause });
      const { failureCode, phase } = service.definition;
      const what = `${step} service "${service.name}" (phase "${phase}")`;
      throw this.#error(failureCode, what, { cause, serviceName: service.name });
    }
  }

  async #rollBack(): Promise<void> {
    this.#stopped ??= this.#stopCreated(DEFAULT_STOP_TIMEOUT_MS);
    try {
      await this.#stopped;
    } catch (error) {
      this.#deps.logger.error("Rolling back left something open", {}, error);
    }
  }

  async #stop(timeoutMs: number): Promise<void> {
    if (this.#underway && this.#lifecycle !== "running" && this.#lifecycle !== "initialized") {
      this.#calledOff.abort(new DOMException("The services are stopped", "AbortError"));
      await this.#underway;
    }
    await this.#stopCreated(timeoutMs);
  }

  async #stopCreated(timeoutMs: number): Promise<void> {
    this.#lifecycle = "stopping";
    const { clock, logger } = this.#deps;
    const untilMs = clock.monotonicMs() + timeoutMs;
    const failures: RuntimeError[] = [];
    const signal = new AbortController().signal; // nothing calls a stop off but its deadline
    for (let service = this.#created.pop(); service; service = this.#created.pop()) {
      const { name } = service;
      const beganMs = clock.monotonicMs();
      try {
        await service.stop({ signal, timeoutMs: Math.max(0, untilMs - beganMs) });
        this.events.emit("service:stopped", { name, durationMs: clock.monotonicMs() - beganMs });
      } catch (cause) {
        logger.warn("A service did not stop", { service: name, isTimeout: isTimeout(cause) }, cause);
        this.events.emit("service:failed", { name, step: "stop", error: cause });
        failures.push(this.#error("service_stop_failed", `stop service "${name}"`, { cause, serviceName: name }));
      }
    }
    this.#lifecycle = "stopped";
    if (failures.length === 0) return;
    const cause = new AggregateError(failures, failures.map(errorMessage).join("; "));
    throw this.#error("service_stop_failed", `stop ${failures.length} of the services`, { cause });
  }

  #misused(what: string): RuntimeError {
    const why = {
      building: "they are not initialized",
      initializing: "they are being initialized",
      initialized: "they are initialized",
      starting: "they are starting",
      running: "they are already running",
      stopping: "they are stopping",
      stopped: "they have stopped; make a new manager",
    }[this.#lifecycle];
    return this.#error("lifecycle_misused", what, { why });
  }

  #error(
    code: RuntimeErrorCode,
    what: string,
    options: { cause?: unknown; why?: string; serviceName?: string },
  ): RuntimeError {
    return createRuntimeError(this.#deps.clock, code, what, { ...options, binaryType: this.#deps.binaryType });
  }
}
