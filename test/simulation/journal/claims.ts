import type { PeerId } from "@bzzz/base";
import type { Recorded } from "../engine/history.ts";
import type { Claim } from "../engine/world.ts";
import type { JournalEvent } from "./events.ts";

type Events = readonly Recorded<JournalEvent>[];
type EventOf<T extends JournalEvent["type"]> = Recorded<Extract<JournalEvent, { type: T }>>;

function only<T extends JournalEvent["type"]>(events: Events, type: T): EventOf<T>[] {
  return events.filter((event): event is EventOf<T> => event.type === type);
}

/** Authors whose own disk lost what it had acknowledged: somebody put an old copy back. */
function restoredAuthors(events: Events): Set<PeerId> {
  const nodes = new Set(only(events, "restored").map(({ node }) => node));
  return new Set(only(events, "started").filter(({ node }) => nodes.has(node)).map(({ author }) => author));
}

/** What the journal and the sync protocol promise. */
export const JOURNAL_CLAIMS: readonly Claim<JournalEvent>[] = [
  {
    name: "J1",
    text: "An acknowledged entry is on every node in the end, whatever crashed",
    check: (events) => {
      const restored = restoredAuthors(events);
      const logs = only(events, "log");
      const nodes = new Set(only(events, "started").map(({ node }) => node));
      return only(events, "acknowledged").flatMap(({ node, author, seq, id }) => {
        const holders = logs.filter((log) => log.author === author && log.ids[seq - 1] === id);
        if (holders.length === nodes.size) return [];
        // An old copy of a disk may have lost what nobody else had; nothing can bring that back.
        if (restored.has(author)) return [];
        return [`entry ${seq} of node ${node} was acknowledged and is on ${holders.length} of ${nodes.size} nodes`];
      });
    },
  },
  {
    name: "J2",
    text: "All histories agree once nothing goes wrong any more",
    check: (events) => {
      const converged = only(events, "converged")[0];
      if (converged?.afterMs !== undefined) return [];
      const logs = only(events, "log").map(({ node, author, ids, frozenAt }) =>
        `n${node} has ${ids.length} of ${author.slice(-4)}${frozenAt === undefined ? "" : ` (stopped at ${frozenAt})`}`
      );
      return [`no agreement within two minutes: ${logs.join(", ")}`];
    },
  },
  {
    name: "J3",
    text: "The log of an author who keeps to the rules never stops",
    check: (events) => {
      const suspects = restoredAuthors(events);
      for (const { author } of only(events, "forked")) suspects.add(author);
      return only(events, "fork_proved").filter(({ author }) => !suspects.has(author))
        .map(({ node, author, seq }) => `node ${node} stopped the log of ${author} at ${seq}`);
    },
  },
  {
    name: "J4",
    text: "A fork that two honest nodes saw a side of each is proved to all, and all stop that log at one place",
    check: (events) => {
      const forked = new Set(only(events, "forked").map(({ author }) => author));
      return [...forked].flatMap((author) => {
        const stops = new Set(only(events, "log").filter((log) => log.author === author).map((log) => log.frozenAt));
        if (stops.size <= 1) return [];
        return [`the log of ${author} stops at different places: ${[...stops].map((stop) => stop ?? "nowhere")}`];
      });
    },
  },
  {
    name: "J5",
    text: "No honest peer is held to have broken the sync protocol, or to have passed on what nobody may",
    check: (events) =>
      only(events, "penalised").map(({ node, peer, reason }) => `node ${node} penalised ${peer}: ${reason}`),
  },
];
