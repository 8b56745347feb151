/** One call of a client on one object, as its history shows it. */
export interface Operation {
  readonly id: number;
  readonly invokedAtMs: number;
  /** Infinity when its outcome is not known: then it may have happened at any time since, or never. */
  readonly returnedAtMs: number;
  /** `finds`: it saw this state and changed nothing. `makes`: the states it may have left behind, none if it does not fit. */
  readonly effect:
    | { readonly type: "finds"; readonly state: string }
    | { readonly type: "makes"; readonly next: (state: string) => readonly string[] };
}

/** What the checker found. `stuck`: the operation at whose return no order of the operations explained all outcomes. */
export type Linearizability =
  | { readonly type: "linearizable" }
  | { readonly type: "violated"; readonly stuck: Operation; readonly states: readonly string[] }
  /** Too many orders to try. */
  | { readonly type: "unknown"; readonly stuck: Operation };

/** A way to explain what has returned so far: the state, and which of the open operations have been done. */
interface Configuration {
  readonly state: string;
  readonly done: ReadonlySet<number>;
}

/** More configurations than this are not looked at. */
const MAX_CONFIGURATIONS = 50_000;

/**
 * Whether there is an order of the operations, each done at one moment between its call and its return, that gives all
 * their outcomes: Wing and Gong's search (1993) in the form of Lowe's just-in-time linearization (2017), which orders
 * operations no earlier than a return asks for it, and remembers configurations instead of orders. Of one object; objects
 * are independent (Herlihy, Wing 1990), so a history of many is checked one by one.
 */
export function checkLinearizable(initial: string, operations: readonly Operation[]): Linearizability {
  const events = operations.flatMap((operation) => {
    const call = { atMs: operation.invokedAtMs, isReturn: false, operation };
    const isOpen = operation.returnedAtMs === Infinity;
    return isOpen ? [call] : [call, { atMs: operation.returnedAtMs, isReturn: true, operation }];
  });
  // A call at the moment of a return counts as concurrent: the clock is not fine enough to tell.
  events.sort((a, b) => a.atMs - b.atMs || Number(a.isReturn) - Number(b.isReturn));
  const open = new Map<number, Operation>();
  let configurations: Configuration[] = [{ state: initial, done: new Set() }];
  for (const { isReturn, operation } of events) {
    if (!isReturn) {
      open.set(operation.id, operation);
      configurations = configurations.map((configuration) => observe(configuration, open.values()));
      continue;
    }
    const next = settle(configurations, operation, open);
    if (next === undefined) return { type: "unknown", stuck: operation };
    if (next.length === 0) {
      const states = [...new Set(configurations.map(({ state }) => state))];
      return { type: "violated", stuck: operation, states };
    }
    open.delete(operation.id);
    configurations = next;
  }
  return { type: "linearizable" };
}

/** All configurations in which `returning` has been done; it is closed in them. Undefined: too many. */
function settle(
  from: readonly Configuration[],
  returning: Operation,
  open: ReadonlyMap<number, Operation>,
): Configuration[] | undefined {
  const reached = new Map<string, Configuration>();
  const visited = new Set<string>();
  const pending = [...from];
  while (pending.length > 0) {
    const configuration = pending.pop();
    if (!configuration) break;
    const key = keyOf(configuration);
    if (visited.has(key)) continue;
    visited.add(key);
    if (visited.size > MAX_CONFIGURATIONS) return undefined;
    if (configuration.done.has(returning.id)) {
      const closed = { state: configuration.state, done: without(configuration.done, returning.id) };
      reached.set(keyOf(closed), closed);
      continue;
    }
    for (const { id, effect } of open.values()) {
      if (configuration.done.has(id) || effect.type === "finds") continue;
      for (const state of effect.next(configuration.state)) {
        pending.push(observe({ state, done: new Set(configuration.done).add(id) }, open.values()));
      }
    }
  }
  return [...reached.values()];
}

/** Who only looks has looked as soon as the state is what it saw: waiting could not make more orders possible. */
function observe({ state, done }: Configuration, open: Iterable<Operation>): Configuration {
  const seen = new Set(done);
  for (const { id, effect } of open) if (effect.type === "finds" && effect.state === state) seen.add(id);
  return { state, done: seen };
}

function without(done: ReadonlySet<number>, id: number): ReadonlySet<number> {
  const rest = new Set(done);
  rest.delete(id);
  return rest;
}

function keyOf({ state, done }: Configuration): string {
  return `${state} ${[...done].sort((a, b) => a - b).join(",")}`;
}
