// Services that write down what happens to them: for the tests of the service manager.
import { ManualClock } from "@bzzz/base/testing";
import { createTestLogger } from "@bzzz/logging";
import type { ServiceManagerDeps } from "../manager.ts";
import { RuntimeError } from "../errors.ts";
import { serviceDefiner, type ServiceDefinition } from "../service.ts";

export interface Services {
  readonly store: { readonly path: string };
  readonly p2p: { readonly port: number };
  readonly journal: { readonly store: Services["store"] };
  readonly monitor: object;
}

export const defineService = serviceDefiner<Services>();

/** What a service manager stands on, with the log it writes. */
export function createHarness(): {
  readonly clock: ManualClock;
  readonly deps: ServiceManagerDeps;
  readonly records: ReturnType<typeof createTestLogger>["records"];
} {
  const clock = new ManualClock();
  const { logger, records } = createTestLogger();
  const deps: ServiceManagerDeps = { clock, logger, binaryType: "agent" };
  return { clock, deps, records };
}

/** Four services that write down what happens to them. */
export function createFourServices(
  log: string[],
  overrides: Partial<Record<string, () => void | Promise<void>>> = {},
): readonly ServiceDefinition<Services>[] {
  const note = async (step: string) => {
    log.push(step);
    await overrides[step]?.();
  };
  const steps = (name: string) => ({ start: () => note(`start ${name}`), stop: () => note(`stop ${name}`) });
  const make = async <T>(name: string, value: T): Promise<T> => {
    await note(`create ${name}`);
    return value;
  };
  return [
    defineService({
      name: "monitor",
      dependsOn: ["journal"],
      phase: "monitoring",
      create: () => make("monitor", {}),
      ...steps("monitor"),
    }),
    defineService({
      name: "journal",
      dependsOn: ["store", "p2p"],
      create: ({ store }) => make("journal", { store }),
      ...steps("journal"),
    }),
    defineService({
      name: "p2p",
      dependsOn: ["store"],
      phase: "p2p",
      create: () => make("p2p", { port: 9000 }),
      ...steps("p2p"),
    }),
    defineService({
      name: "store",
      dependsOn: [],
      phase: "p2p",
      create: () => make("store", { path: "x" }),
      ...steps("store"),
    }),
  ];
}

export function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof RuntimeError && error.code === code;
}

export const NAMES = ["store", "p2p", "journal", "monitor"];
