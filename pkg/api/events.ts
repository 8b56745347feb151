import { assertNever } from "@bzzz/base";
import type { EventSource, StreamQuery } from "@bzzz/http";
import type { MeshEvent, MeshFacade } from "./facade.ts";
import type { EventsQuery } from "./inputs.ts";
import type { EntryView } from "./views.ts";

/** The journal as a source of events: `entry` for what is stored, `peer` for connections, `leader` for elections. */
export function eventSource(mesh: Pick<MeshFacade, "latestCursor" | "watch">): EventSource<EntryView> {
  return {
    itemName: "entry",
    latestCursor: () => mesh.latestCursor(),
    watch: (listener) => mesh.watch((event) => listener(streamItem(event))),
  };
}

function streamItem(event: MeshEvent): Parameters<Parameters<EventSource<EntryView>["watch"]>[0]>[0] {
  switch (event.type) {
    case "entry":
      return { type: "item", item: event.entry };
    case "peer":
      return { type: "other", name: "peer", data: { change: event.change, peer: event.peer } };
    case "leader":
      return { type: "other", name: "leader", data: event.election };
    default:
      return assertNever(event);
  }
}

/** What one stream shows. Several kinds are filtered here, so that the cursor moves on over what is not wanted. */
export function streamQuery(mesh: Pick<MeshFacade, "journal">, query: EventsQuery): StreamQuery<EntryView> {
  const { after, topic } = query;
  const kinds = query.kind === undefined ? undefined : new Set(query.kind.split(","));
  return {
    after,
    page: (cursor, limit) => mesh.journal({ after: cursor, limit, ...(topic === undefined ? {} : { topic }) }),
    wants: (entry) =>
      (kinds === undefined || kinds.has(entry.kind)) && (topic === undefined || topicMatches(entry.topic, topic)),
  };
}

/** A filter is a full topic or its short name: "coordination" is "bzzz/coordination/v1", "hmmm" is "hmmm/meta-discussion/v1". */
function topicMatches(topic: string, filter: string): boolean {
  return topic === filter || topic.split("/").includes(filter);
}
