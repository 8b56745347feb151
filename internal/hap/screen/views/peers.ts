import { formatDuration, nameOf, relativeTime, sanitiseLine } from "@bzzz/cli";
import { fit, span } from "../core/cells.ts";
import type { Frame, Size } from "../core/frame.ts";
import { peerRows, selectedIndex } from "../core/lists.ts";
import { wordsOf } from "../core/looking.ts";
import type { Model } from "../core/model.ts";
import { filterCursor, filterLine } from "./filter.ts";
import { bottomBar, cells, framed, keyHelp, listRows, topBar } from "./parts.ts";

/** Who is here, how far away, and what they are. */
export function peersView(model: Model, size: Size): Frame {
  const { glyphs } = model.settings;
  const { columns, rows } = size;
  const peers = peerRows(model);
  const list = listRows(model, {
    items: peers,
    selected: selectedIndex(model, "peers"),
    rows: rows - 4,
    columns: columns - 2,
    render: (peer) => {
      const agent = model.agents.find((one) => one.peer_id === peer.peer_id);
      return cells(glyphs, [
        { text: peer.is_connected ? glyphs.here : glyphs.away, columns: 1, style: peer.is_connected ? "good" : "dim" },
        { text: nameOf(peer), columns: 16 },
        { text: sanitiseLine(peer.role ?? "-"), columns: 10 },
        { text: peer.is_connected ? agent?.person ?? peer.presence : "not here", columns: 9 },
        { text: peer.latency_ms === undefined ? "-" : formatDuration(peer.latency_ms), columns: 7 },
        {
          text: peer.last_seen_at_ms === undefined ? "-" : relativeTime(peer.last_seen_at_ms, model.nowMs),
          columns: 11,
        },
        {
          text: agent
            ? `${agent.active_tasks}/${agent.max_tasks} tasks, ${
              sanitiseLine([...agent.capabilities, ...agent.models].join(", "))
            }`
            : "",
        },
      ]);
    },
    empty: "No peers yet.",
    words: wordsOf(model.lists.peers),
  });
  const heading = fit([
    span(" "),
    ...cells(glyphs, [
      { text: "", columns: 1 },
      { text: "name", columns: 16, style: "dim" },
      { text: "role", columns: 10, style: "dim" },
      { text: "presence", columns: 9, style: "dim" },
      { text: "delay", columns: 7, style: "dim" },
      { text: "seen", columns: 11, style: "dim" },
      { text: "work", style: "dim" },
    ]),
  ], columns - 2);
  const connected = peers.filter((peer) => peer.is_connected).length;
  return {
    lines: [
      topBar(model, `Peers ${glyphs.dot} ${connected} connected of ${peers.length}`, columns),
      ...[heading, ...list, filterLine(model, "peers")].map((content) => framed(glyphs, content, columns)),
      bottomBar(
        model,
        keyHelp(model, [["open", "details"], ["find", "find"], ["copy", "copy id"], ["help", "keys"], [
          "back",
          "back",
        ]], columns),
        columns,
      ),
    ],
    ...filterCursor(model, "peers", rows),
  };
}
