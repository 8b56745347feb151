import type { AgentView, EntryView, PeerView } from "@bzzz/api";
import { describeEntry, relativeTime, sanitiseLine } from "@bzzz/cli";
import { type Html, Said } from "@bzzz/web";
import type { Moment } from "./request.tsx";
import { At, Live } from "./words.tsx";

/** The rooms there are, the talk of members first. */
export const ROOMS = ["hmmm", "coordination", "context", "election", "agents"] as const;
/** One of `ROOMS`. */
export type Room = (typeof ROOMS)[number];

/** The rooms, as links. */
export function RoomList(): Html {
  return (
    <ul class="list">
      {ROOMS.map((room) => (
        <li>
          <a class="title" href={`/rooms/${room}`}>#{room}</a>
        </li>
      ))}
    </ul>
  );
}

/** What is sent into a room, and what became of it. */
export interface Sending {
  /** Undefined = nothing can be sent. */
  readonly form: string | undefined;
  readonly text?: string;
  readonly problem?: string | undefined;
}

/** One room: the newest at the end, and a place to write. */
export function RoomPage({ room, entries, at, sending }: {
  readonly room: Room;
  readonly entries: readonly EntryView[];
  readonly at: Moment;
  readonly sending: Sending;
}): Html {
  return (
    <>
      {sending.problem === undefined ? "" : <p class="problem" role="alert">{sanitiseLine(sending.problem)}</p>}
      <Live name="rooms" href={`/rooms/${room}?part=1`}>
        <EntryList entries={entries} at={at} />
      </Live>
      {sending.form === undefined ? "" : (
        <form method="post" action={`/rooms/${room}`}>
          <input type="hidden" name="form" value={sending.form} />
          <label for="text">Say something in #{room}</label>
          <textarea id="text" name="text" rows={2} required>{sending.text ?? ""}</textarea>
          <label for="to">To (names or roles with commas; empty is everyone)</label>
          <input id="to" name="to" autocapitalize="none" />
          <button type="submit">Send</button>
        </form>
      )}
    </>
  );
}

/** Entries as lines. */
export function EntryList({ entries, at }: { readonly entries: readonly EntryView[]; readonly at: Moment }): Html {
  if (entries.length === 0) return <p class="quiet">Nothing has been said here.</p>;
  return (
    <ol class="list">
      {entries.map((entry) => (
        <li>
          <span class="quiet">
            <At ms={entry.hlc.ms} format={at.format} />
          </span>{" "}
          <Said text={describeEntry(entry)} />
        </li>
      ))}
    </ol>
  );
}

/** Everybody this node knows, with how they do. */
export function PeerTable({ agents, peers, at }: {
  readonly agents: readonly AgentView[];
  readonly peers: readonly PeerView[];
  readonly at: Moment;
}): Html {
  const byPeer = new Map(peers.map((peer) => [peer.peer_id, peer]));
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Role</th>
          <th scope="col">State</th>
          <th scope="col">Tasks</th>
          <th scope="col">Delay</th>
        </tr>
      </thead>
      <tbody>
        {agents.map((agent) => {
          const latency = byPeer.get(agent.peer_id)?.latency_ms;
          return (
            <tr>
              <th scope="row">
                <Said text={agent.agent_id} /> <span class="quiet">…{sanitiseLine(agent.peer_id.slice(-8))}</span>
              </th>
              <td>
                <Said text={agent.role} />, {agent.binary_type === "hap" ? "person" : "agent"}
              </td>
              <td>
                {agent.person ?? agent.presence}
                {agent.last_seen_at_ms === undefined ? "" : `, ${relativeTime(agent.last_seen_at_ms, at.nowMs)}`}
              </td>
              <td>{agent.active_tasks} of {agent.max_tasks}</td>
              <td>{latency === undefined ? "–" : `${Math.round(latency)} ms`}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
