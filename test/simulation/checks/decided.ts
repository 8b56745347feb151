import { majorityOf } from "@bzzz/register";
import type { Recorded } from "../engine/history.ts";
import { type ClusterEvent, type EventOf, only, type ValueView } from "../cluster/events.ts";

/** The history of a cluster. */
export type Events = readonly Recorded<ClusterEvent>[];

/** A value that a majority of the voters of one epoch has accepted at one ballot, whether anybody was told or not. */
export interface Decided {
  readonly key: string;
  readonly view: ValueView;
  /** When the majority was complete. */
  readonly atMs: number;
  /** Whose command made it; absent when only writes of the value as it was are known to be decided. */
  readonly command: { readonly actor: number; readonly type: string; readonly approval?: string } | undefined;
}

const cache = new WeakMap<Events, readonly Decided[]>();

/** Everything decided, each value once, in order of time. */
export function decidedOf(events: Events): readonly Decided[] {
  const known = cache.get(events);
  if (known) return known;
  const decided = findDecided(events);
  cache.set(events, decided);
  return decided;
}

/** The decided values of one key by version. More than one at a version breaks a claim. */
export function chainOf(events: Events, key: string): Map<number, Decided[]> {
  const chain = new Map<number, Decided[]>();
  for (const decided of decidedOf(events)) {
    if (decided.key !== key) continue;
    chain.set(decided.view.version, [...chain.get(decided.view.version) ?? [], decided]);
  }
  return chain;
}

/** Keys with decided values. */
export function keysOf(events: Events): string[] {
  return [...new Set(decidedOf(events).map(({ key }) => key))].sort();
}

function findDecided(events: Events): Decided[] {
  const voters = new Map(only(events, "voters").map((roster) => [roster.epoch, roster.voters]));
  const accepts = new Map<string, Set<number>>();
  const origins = new Map<string, EventOf<"accepted">>();
  const decided = new Map<string, Decided>();
  const decide = (key: string, view: ValueView, atMs: number): void => {
    const name = `${key} ${view.id}`;
    if (decided.has(name)) return;
    const origin = origins.get(name);
    decided.set(name, { key, view, atMs, command: origin?.command });
    // What it was made of counts as well: a proposer that finds a value with too few voters may go on from it.
    if (origin?.previous) decide(key, origin.previous, atMs);
  };
  for (const event of only(events, "accepted")) {
    const { key, epoch, ballot, view, voter, command, atMs } = event;
    if (command && !origins.has(`${key} ${view.id}`)) origins.set(`${key} ${view.id}`, event);
    const among = voters.get(epoch) ?? [];
    if (!among.includes(voter)) continue;
    const place = `${key} ${view.id} ${epoch} ${ballot}`;
    const having = accepts.get(place) ?? new Set();
    accepts.set(place, having.add(voter));
    if (having.size === majorityOf(among.length)) decide(key, view, atMs);
  }
  return [...decided.values()];
}
