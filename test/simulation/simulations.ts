import { CLUSTER_WORLD } from "./cluster/world.ts";
import { createSimulation, type Simulation } from "./engine/simulation.ts";
import { JOURNAL_WORLD } from "./journal/world.ts";
import { REGISTERS_WORLD } from "./registers/world.ts";

/** Every kind of cluster, with its share of a campaign's schedules. */
export const SIMULATIONS: readonly { readonly simulation: Simulation; readonly share: number }[] = [
  { simulation: createSimulation(CLUSTER_WORLD), share: 5 },
  { simulation: createSimulation(REGISTERS_WORLD), share: 3 },
  { simulation: createSimulation(JOURNAL_WORLD), share: 2 },
];

/** The names that `--only` understands. */
export const SIMULATION_NAMES: readonly string[] = SIMULATIONS.map(({ simulation }) => simulation.name);

/** The simulation of this name; undefined when there is none. */
export function simulationNamed(name: string): Simulation | undefined {
  return SIMULATIONS.find(({ simulation }) => simulation.name === name)?.simulation;
}

/** Which of the named simulations the schedule of this number runs: they take turns, each as often as its share. */
export function simulationFor(number: number, names: readonly string[]): Simulation {
  const turns = SIMULATIONS.filter(({ simulation }) => names.includes(simulation.name))
    .flatMap(({ simulation, share }) => Array.from({ length: share }, () => simulation));
  const chosen = turns[number % turns.length];
  if (!chosen) throw new RangeError("Cannot choose a simulation: none is named");
  return chosen;
}
