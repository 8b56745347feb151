import { setImmediate } from "node:timers";

/**
 * Resolves when no promise can settle any more without time passing: the host drains its microtasks before it takes the
 * next macrotask, however long their chains are.
 */
export function everythingSettled(): Promise<void> {
  // Order, not time: the simulated clocks stand still meanwhile.
  // deno-lint-ignore bzzz/no-hidden-effects
  return new Promise((resolve) => void setImmediate(resolve));
}
