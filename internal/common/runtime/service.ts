import type { CheckOutcome } from "@bzzz/health";
import type { RuntimeErrorCode } from "./errors.ts";
import type { RuntimePhase } from "./topology.ts";

/** Deadlines of a service that names none. */
export const SERVICE_DEFAULTS = { startTimeoutMs: 10_000, stopTimeoutMs: 5_000 } as const;

/** What every step of a service is given. `signal` aborts at the step's deadline, or when the whole is called off. */
export interface ServiceContext {
  readonly signal: AbortSignal;
}

/** A service as its author writes it. `Services` maps every service's name to its type. */
export interface ServiceSpec<
  Services extends object,
  Name extends keyof Services & string,
  Dependencies extends readonly (keyof Services & string)[],
> {
  readonly name: Name;
  /** The only services that `create` is given, and those that are started before this one and stopped after it. */
  readonly dependsOn: Dependencies;
  /** "core" unless told. */
  readonly phase?: RuntimePhase;
  /** The code of the error when `create` or `start` fails: `service_start_failed` unless told. */
  readonly failureCode?: RuntimeErrorCode;
  /** Whether a failing `health` makes the node unhealthy (true unless told) or only degraded. */
  readonly isCritical?: boolean;
  /** Deadline of `create`, and of `start`, each. */
  readonly startTimeoutMs?: number;
  readonly stopTimeoutMs?: number;
  /**
   * Makes the service of services that are created but not started. What it opens, `stop` closes, also when `start` was never
   * called. A result that comes after the deadline is stopped at once.
   */
  create(
    dependencies: Readonly<Pick<Services, Dependencies[number]>>,
    context: ServiceContext,
  ): Services[Name] | Promise<Services[Name]>;
  start?(service: Services[Name], context: ServiceContext): void | Promise<void>;
  /** Called once; may come while a `start` that missed its deadline is still running. Unless given, the service is disposed. */
  stop?(service: Services[Name], context: ServiceContext): void | Promise<void>;
  /** How it is, without waiting. Healthy while it runs unless given. */
  health?(service: Services[Name]): CheckOutcome;
}

/** A created service with its type closed over. */
export interface ServiceInstance {
  readonly value: unknown;
  /** Missing where there is nothing to start. */
  start?(context: ServiceContext): void | Promise<void>;
  stop(context: ServiceContext): Promise<void>;
  health(): CheckOutcome;
}

/** A service as the manager holds it. Made by `defineService`. */
export interface ServiceDefinition<Services extends object> {
  readonly name: keyof Services & string;
  readonly dependencies: readonly (keyof Services & string)[];
  readonly phase: RuntimePhase;
  readonly failureCode: RuntimeErrorCode;
  readonly isCritical: boolean;
  readonly startTimeoutMs: number;
  readonly stopTimeoutMs: number;
  /** At once where the service's author does it at once. */
  create(available: Readonly<Partial<Services>>, context: ServiceContext): ServiceInstance | Promise<ServiceInstance>;
}

/**
 * The `defineService` of one set of services. With it, a dependency that is not declared, or is misspelt, does not compile.
 *
 * @example
 * ```ts
 * import { serviceDefiner } from "@bzzz/runtime";
 *
 * interface Services { readonly store: Map<string, string>; readonly reader: () => number }
 * const defineService = serviceDefiner<Services>();
 * const store = defineService({ name: "store", dependsOn: [], create: () => new Map() });
 * const reader = defineService({ name: "reader", dependsOn: ["store"], create: ({ store }) => () => store.size });
 * ```
 */
export function serviceDefiner<Services extends object>(): <
  const Name extends keyof Services & string,
  const Dependencies extends readonly (keyof Services & string)[],
>(spec: ServiceSpec<Services, Name, Dependencies>) => ServiceDefinition<Services> {
  return (spec) => ({
    name: spec.name,
    dependencies: spec.dependsOn,
    phase: spec.phase ?? "core",
    failureCode: spec.failureCode ?? "service_start_failed",
    isCritical: spec.isCritical ?? true,
    startTimeoutMs: spec.startTimeoutMs ?? SERVICE_DEFAULTS.startTimeoutMs,
    stopTimeoutMs: spec.stopTimeoutMs ?? SERVICE_DEFAULTS.stopTimeoutMs,
    create: (available, context) => {
      const picked = Object.fromEntries(spec.dependsOn.map((name) => [name, available[name]]));
      // The manager creates in topological order, so that every declared dependency is there.
      const made = spec.create(picked as Pick<Services, (typeof spec.dependsOn)[number]>, context);
      return made instanceof Promise ? made.then((value) => instanceOf(spec, value)) : instanceOf(spec, made);
    },
  });
}

function instanceOf<
  Services extends object,
  Name extends keyof Services & string,
  Dependencies extends readonly (keyof Services & string)[],
>(spec: ServiceSpec<Services, Name, Dependencies>, value: Services[Name]): ServiceInstance {
  return {
    value,
    ...(spec.start ? { start: (context) => spec.start?.(value, context) } : {}),
    stop: async (context) => await (spec.stop ? spec.stop(value, context) : dispose(value)),
    health: () => spec.health?.(value) ?? { ok: true },
  };
}

async function dispose(value: unknown): Promise<void> {
  if (typeof value !== "object" || value === null) return;
  const disposable = value as Partial<AsyncDisposable & Disposable>; // each member is looked for before it is called
  if (disposable[Symbol.asyncDispose]) await disposable[Symbol.asyncDispose]?.();
  else disposable[Symbol.dispose]?.();
}
