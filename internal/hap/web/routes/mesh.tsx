import type { ApiClient, EntryView } from "@bzzz/api";
import { ApiError } from "@bzzz/http";
import { type PageApp, refusalOf, typed, USED_FORM, type Visit } from "@bzzz/web";
import { fullPage, momentOf, type PageParts, part, readForm, wantsPart } from "../page.tsx";
import { EntryList, PeerTable, type Room, RoomList, RoomPage, ROOMS, type Sending } from "../views/mesh.tsx";
import { Live } from "../views/words.tsx";

/** Entries a room shows; older ones are in the terminal's `tail` and in the journal. */
const SHOWN_ENTRIES = 100;
/** How far back they are looked for. */
const LOOK_BACK_ENTRIES = 2_000;
/** A page of the journal has at most so many. */
const PAGE_ENTRIES = 1_000;

/** Rooms and who is there. */
export function addMeshRoutes(app: PageApp, parts: PageParts): void {
  const { client } = parts;

  app.get("/rooms", async (visit) => await fullPage(visit, parts, { title: "Rooms", section: "Rooms" }, <RoomList />));

  app.get("/rooms/:room", async (visit) => {
    const room = roomOf(visit);
    if (!wantsPart(visit)) return await roomPage(visit, parts, room, {});
    const entries = await entriesOf(client, room, visit.req.raw.signal);
    return part(<EntryList entries={entries} at={momentOf(parts)} />);
  });

  app.post("/rooms/:room", async (visit) => {
    const room = roomOf(visit);
    const form = await readForm(visit.req.raw, parts);
    const text = typed(form, "text");
    const again = (problem: string, status: number) =>
      roomPage(visit, parts, room, { problem, status, ...(text === undefined ? {} : { text }) });
    if (visit.var.session.forms.take(form.get("form") ?? "", `room ${room}`) !== "fresh") {
      return await again(USED_FORM, 409);
    }
    if (text === undefined) return await again("Nothing was sent: the message is empty.", 422);
    const to = (typed(form, "to") ?? "").split(",").map((name) => name.trim().replace(/^@/, "")).filter(Boolean);
    try {
      await client.postMessage({ text, topic: room, to }, { signal: visit.req.raw.signal });
    } catch (error) {
      const { message, status } = refusalOf(error);
      return await again(message, status);
    }
    return visit.redirect(`/rooms/${room}`, 303);
  });

  app.get("/peers", async (visit) => {
    const options = { signal: visit.req.raw.signal };
    const [agents, peers] = await Promise.all([client.agents(options), client.peers(options)]);
    const table = <PeerTable agents={agents} peers={peers} at={momentOf(parts)} />;
    if (wantsPart(visit)) return part(table);
    return await fullPage(
      visit,
      parts,
      { title: "Peers", section: "Peers" },
      <Live name="peers" href="/peers?part=1">{table}</Live>,
    );
  });
}

/** @throws ApiError "not_found" */
function roomOf(visit: Visit): Room {
  const room = ROOMS.find((one) => one === visit.req.param("room"));
  if (room) return room;
  throw new ApiError("not_found", `Cannot show that room: the rooms are ${ROOMS.join(", ")}`);
}

async function roomPage(
  visit: Visit,
  parts: PageParts,
  room: Room,
  options: { readonly problem?: string; readonly status?: number; readonly text?: string },
): Promise<Response> {
  const { status, ...rest } = options;
  const entries = await entriesOf(parts.client, room, visit.req.raw.signal);
  const sending: Sending = {
    ...rest,
    form: parts.isObserver ? undefined : visit.var.session.forms.issue(`room ${room}`),
  };
  return await fullPage(
    visit,
    parts,
    { title: `#${room}`, section: "Rooms", ...(status === undefined ? {} : { status }) },
    <RoomPage room={room} entries={entries} at={momentOf(parts)} sending={sending} />,
  );
}

/** The newest entries of a room among the last ones of the journal. */
async function entriesOf(client: ApiClient, room: Room, signal: AbortSignal): Promise<readonly EntryView[]> {
  const { latest } = await client.journal({ after: Number.MAX_SAFE_INTEGER, limit: 1 }, { signal });
  let after = Math.max(0, latest - LOOK_BACK_ENTRIES);
  let found: readonly EntryView[] = [];
  while (true) {
    const page = await client.journal({ after, limit: PAGE_ENTRIES, topic: room }, { signal });
    found = [...found, ...page.items].slice(-SHOWN_ENTRIES);
    if (page.items.length === 0) return found; // of long entries a page has fewer than it was asked for
    after = page.next_after;
  }
}
