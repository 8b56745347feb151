import { RuntimeError, type RuntimeErrorCode } from "./errors.ts";

/** What ordering needs to know of a service. */
export interface ServiceNode {
  readonly name: string;
  readonly dependencies: readonly string[];
  readonly phase: RuntimePhase;
}

/**
 * The specification's five phases (section 3.3). Services come to life in this order; a service depends only on services of
 * its own phase or an earlier one.
 */
export const RUNTIME_PHASES = ["configuration", "p2p", "core", "binary", "monitoring"] as const;
/** One of the five phases. */
export type RuntimePhase = (typeof RUNTIME_PHASES)[number];

/**
 * The services in the order in which they start: by phase, then dependencies first, then as given. Pure.
 * @throws RuntimeError `service_duplicate`, `service_unknown`, `service_cycle` (the cycle is named), `lifecycle_misused` (a
 * dependency on a later phase)
 */
export function orderServices(services: readonly ServiceNode[], timestampMs: number): ServiceNode[] {
  const refuse = (code: RuntimeErrorCode, serviceName: string, message: string): never => {
    throw new RuntimeError(code, message, { serviceName, timestampMs });
  };
  const byName = new Map<string, ServiceNode>();
  for (const service of services) {
    if (byName.has(service.name)) {
      refuse("service_duplicate", service.name, `Cannot register service "${service.name}": the name is taken`);
    }
    byName.set(service.name, service);
  }
  for (const service of services) {
    for (const name of service.dependencies) {
      const dependency = byName.get(name);
      if (!dependency) {
        refuse(
          "service_unknown",
          service.name,
          `Cannot order service "${service.name}": it depends on "${name}", which is not registered`,
        );
      } else if (RUNTIME_PHASES.indexOf(dependency.phase) > RUNTIME_PHASES.indexOf(service.phase)) {
        refuse(
          "lifecycle_misused",
          service.name,
          `Cannot order service "${service.name}": phase "${service.phase}" comes before phase "${dependency.phase}" of "${name}"`,
        );
      }
    }
  }
  const cycle = findCycle(services);
  if (cycle) {
    refuse(
      "service_cycle",
      cycle[0] ?? "",
      `Cannot order the services: they depend on each other, ${cycle.join(" → ")}`,
    );
  }
  const ordered: ServiceNode[] = [];
  const placed = new Set<string>();
  const place = (service: ServiceNode) => {
    if (placed.has(service.name)) return;
    placed.add(service.name);
    for (const name of service.dependencies) {
      const dependency = byName.get(name);
      if (dependency) place(dependency);
    }
    ordered.push(service);
  };
  for (const phase of RUNTIME_PHASES) services.filter((service) => service.phase === phase).forEach(place);
  return ordered;
}

/**
 * A chain of names that ends where it began, or undefined. Names without a service are ignored. With `from`, only what can
 * be reached from that service is looked at. Pure.
 */
export function findCycle(
  services: readonly Pick<ServiceNode, "name" | "dependencies">[],
  from?: string,
): string[] | undefined {
  const byName = new Map(services.map((service) => [service.name, service]));
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (name: string): string[] | undefined => {
    const at = path.indexOf(name);
    if (at >= 0) return [...path.slice(at), name];
    const service = byName.get(name);
    if (!service || done.has(name)) return undefined;
    path.push(name);
    for (const dependency of service.dependencies) {
      const cycle = visit(dependency);
      if (cycle) return cycle;
    }
    path.pop();
    done.add(name);
    return undefined;
  };
  for (const name of from === undefined ? byName.keys() : [from]) {
    const cycle = visit(name);
    if (cycle) return cycle;
  }
  return undefined;
}
