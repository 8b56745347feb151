import type { Claim } from "../engine/world.ts";
import { type ClusterEvent, type EventOf, only } from "../cluster/events.ts";
import { decidedOf, type Events, keysOf } from "./decided.ts";
import { staysOf } from "./safety.ts";

const LEADER = "leader";
/** The slowest clock of a run; times are promised in the time of the nodes. */
const SLOWEST_CLOCK = 0.95;
/** Beyond 1.25 leases (issue 3, L2). */
const RECLAIM_SLACK_MS = 1_000;

/** Issue 3, L3. */
const QUORUM_KNOWN_MS = 5_000;

function quietOf(events: Events): EventOf<"quiet"> | undefined {
  return only(events, "quiet")[0];
}

/** L1: a leader soon. */
const LEADER_SOON: Claim<ClusterEvent> = {
  name: "L1",
  text: "There is a leader within 3 election timeouts of healing, and it stays",
  check: (events) => {
    const quiet = quietOf(events);
    const canLead = only(events, "member").filter(({ mayLead, node }) => mayLead && !quiet?.gone.includes(node));
    if (!quiet || canLead.length === 0) return [];
    const dueMs = quiet.atMs + 3 * quiet.electionMs / SLOWEST_CLOCK;
    const endMs = events.at(-1)?.atMs ?? 0;
    const stays = staysOf(events, LEADER);
    const isLed = (atMs: number): boolean => stays.some(({ fromMs, untilMs }) => fromMs <= atMs && atMs < untilMs);
    const faults: string[] = [];
    if (!isLed(dueMs)) faults.push(`nobody leads at ${Math.round(dueMs)} ms, 3 timeouts after ${quiet.atMs} ms`);
    if (endMs > dueMs && !isLed(endMs - 1)) faults.push(`nobody leads at the end`);
    return faults;
  },
};

/** L2: an orphan is not left alone. */
const ORPHAN_RECLAIMED: Claim<ClusterEvent> = {
  name: "L2",
  text:
    "A task whose holder is gone, and which waits for no deadline and no person, is reclaimed within 1.25 leases and a second",
  check: (events) => {
    const quiet = quietOf(events);
    const workers = only(events, "member").filter(({ mayHold, node }) => mayHold && !quiet?.gone.includes(node));
    if (!quiet || workers.length === 0) return [];
    const dueMs = quiet.atMs + 1.25 * quiet.leaseMs / SLOWEST_CLOCK + RECLAIM_SLACK_MS;
    const dated = new Set(
      only(events, "posted").flatMap(({ key, deadlineMs }) => deadlineMs === undefined ? [] : [key]),
    );
    return keysOf(events).filter((key) => key !== LEADER).flatMap((key) => {
      const values = decidedOf(events).filter((decided) => decided.key === key);
      const last = values.findLast(({ atMs }) => atMs <= dueMs);
      const { holder, state } = last?.view ?? {};
      if (holder === undefined || !quiet.gone.includes(holder)) return [];
      // while people are asked nobody takes it, and voters whose clocks differ may not agree on a deadline
      if (state === "blocked" || dated.has(key)) return [];
      return [`${key} is still held by node ${holder}, which is gone, at ${Math.round(dueMs)} ms`];
    });
  },
};

/** L4: everybody gets an answer. */
const ANSWERS_AGAIN: Claim<ClusterEvent> = {
  name: "L4",
  text: "Once a majority is back, every node gets an answer to its reads",
  check: (events) => {
    const returned = new Map(only(events, "returned").map((event) => [event.operation, event.outcome]));
    const asked = new Map<string, boolean>();
    for (const { what, operation, node, key } of only(events, "invoked")) {
      if (what !== "last_read") continue;
      const name = `node ${node} about ${key}`;
      asked.set(name, asked.get(name) === true || returned.get(operation)?.type === "read");
    }
    return [...asked].filter(([, isAnswered]) => !isAnswered).map(([name]) => `no read is answered to ${name}`);
  },
};

/** L3: a node knows whether it can reach a majority. */
const QUORUM_KNOWN: Claim<ClusterEvent> = {
  name: "L3",
  text: "Degraded mode is entered and left within 5 s of losing and regaining a majority of the voters",
  check: (events) => {
    const endMs = events.at(-1)?.atMs ?? 0;
    const nodes = [...new Set(only(events, "reach").map(({ node }) => node))];
    return nodes.flatMap((node) => degradedFaults(events, node, endMs));
  },
};

/** Times of 5 s in which nothing changed for a node, and at whose end it says something else than what is so. */
function degradedFaults(events: Events, node: number, endMs: number): string[] {
  const reach = only(events, "reach").filter((event) => event.node === node);
  // a process that starts knows of no majority
  const said = events.flatMap((event): { readonly atMs: number; readonly hasQuorum: boolean }[] => {
    if (event.type === "quorum" && event.node === node) return [event];
    return event.type === "started" && event.node === node ? [{ atMs: event.atMs, hasQuorum: false }] : [];
  });
  return reach.flatMap(({ atMs, canReach }, index) => {
    const dueMs = atMs + QUORUM_KNOWN_MS / SLOWEST_CLOCK;
    const untilMs = reach[index + 1]?.atMs ?? endMs;
    if (canReach === undefined || untilMs < dueMs) return [];
    const word = said.findLast((event) => event.atMs <= dueMs)?.hasQuorum ?? false;
    if (word === canReach) return [];
    const what = word ? "says that there is a quorum" : "says that there is no quorum";
    return [`node ${node} still ${what} at ${Math.round(dueMs)} ms, though it is not so since ${Math.round(atMs)} ms`];
  });
}

/** What must happen sooner or later. */
export const LIVENESS_CLAIMS: readonly Claim<ClusterEvent>[] = [
  LEADER_SOON,
  ORPHAN_RECLAIMED,
  QUORUM_KNOWN,
  ANSWERS_AGAIN,
];
