import { nameOf } from "@bzzz/cli";
import { waiting } from "../core/asks.ts";
import { clip, fit, type Line, line, span } from "../core/cells.ts";
import type { Frame, Size } from "../core/frame.ts";
import { currentChannel, type Model } from "../core/model.ts";
import { feedRows } from "./feed.ts";
import { beside, bottomBar, edge, framed, inputPart, keyHelp, pad, topBar } from "./parts.ts";

/** From this many columns on there is room for channels and peers beside the text. */
const WIDE_COLUMNS = 100;
const SIDE_COLUMNS = 20;

/** Channels, peers, what happens, and the line (design, portal C.3.1 and C.3.6). */
export function mainView(model: Model, size: Size): Frame {
  const { glyphs } = model.settings;
  const { columns, rows } = size;
  const channel = currentChannel(model);
  const isWide = columns >= WIDE_COLUMNS;
  const feedSize = { columns: columns - 2 - (isWide ? SIDE_COLUMNS + 1 : 0), rows: rows - 5 };
  const connected = model.peers.filter((peer) => peer.is_connected).length;
  const who = model.me === "" ? "" : `${model.me} ${glyphs.dot} `;
  const title = isWide
    ? `BZZZ ${glyphs.dot} ${who}mesh ${model.mesh}, ${connected} ${connected === 1 ? "peer" : "peers"}, ${
      model.leader === undefined ? "nobody leads" : `leader ${model.leader}`
    } ${glyphs.dot} #${channel.name}`
    : `#${channel.name}${unreadElsewhere(model)}`;
  const feed = feedRows(model, channel, feedSize);
  const body = isWide ? beside(glyphs, sidebar(model, feedSize.rows), feed) : feed;
  const input = inputPart(model.input, columns - 6);
  const separator = edge(model, {
    left: glyphs.teeLeft,
    title: suggestions(model),
    right: [span(glyphs.horizontal + glyphs.teeRight, "border")],
    columns,
    style: "dim",
  });
  return {
    lines: [
      topBar(model, title, columns),
      ...body.map((content) => framed(glyphs, content, columns)),
      separator,
      framed(glyphs, [span(" > ", "strong"), span(input.text)], columns),
      framed(glyphs, line(`   ${below(model)}`, "dim"), columns),
      bottomBar(
        model,
        keyHelp(model, [
          ["inbox", "asks"],
          ["next_activity", "next"],
          ["next_channel", "channel"],
          ["palette", "palette"],
          ["complete", "complete"],
          ["keys", "keys"],
        ], columns),
        columns,
      ),
    ].slice(0, rows),
    cursor: { row: rows - 3, column: 4 + input.column },
  };
}

function unreadElsewhere(model: Model): string {
  const count = model.channels.reduce(
    (sum, one, i) => sum + (i === model.current || one.notify === "none" ? 0 : one.unread),
    0,
  );
  return count === 0 ? "" : ` (${count} elsewhere)`;
}

function sidebar(model: Model, rows: number): Line[] {
  const { glyphs } = model.settings;
  const columns = SIDE_COLUMNS;
  const asks = waiting(model).length;
  const channels = model.channels.map((channel, i): Line => {
    const isHere = i === model.current;
    const count = channel.unread === 0 ? "" : channel.mentions > 0 ? `${channel.unread} @` : String(channel.unread);
    const name = clip(`#${channel.name}`, columns - count.length - 3, glyphs.more);
    return fit([
      span(isHere ? glyphs.pointer : " ", "accent"),
      span(name, isHere ? "strong" : channel.unread > 0 ? "plain" : "dim"),
      ...fit([], Math.max(1, columns - name.length - count.length - 2)),
      span(count, channel.mentions > 0 ? "danger" : "accent"),
    ], columns);
  });
  const peers = [...model.peers].sort((a, b) =>
    Number(b.is_connected) - Number(a.is_connected) || (nameOf(a) < nameOf(b) ? -1 : 1)
  )
    .map((peer): Line =>
      fit(
        [
          span(` ${peer.is_connected ? glyphs.here : glyphs.away} `, peer.is_connected ? "good" : "dim"),
          span(`${nameOf(peer)}${peer.is_connected ? "" : " away"}`, peer.is_connected ? "plain" : "dim"),
        ],
        columns,
        { mark: glyphs.more },
      )
    );
  const heading = (text: string): Line => fit(line(` ${text}`, "dim"), columns);
  const lines = [
    heading("ASKS"),
    fit(asks === 0 ? line(" nobody waits", "dim") : line(` ! ${asks} waiting`, "danger"), columns),
    heading("CHANNELS"),
    ...channels,
    heading("PEERS"),
    ...peers,
  ];
  const shown = lines.slice(0, rows);
  if (lines.length > rows) {
    shown[rows - 1] = fit(line(` ${glyphs.more} ${lines.length - rows + 1} more`, "dim"), columns);
  }
  return pad(shown, rows, columns);
}

/** What Tab would offer, the chosen one in brackets. */
function suggestions(model: Model): string {
  const { completion } = model;
  if (!completion) return "";
  return completion.candidates.map((one, i) => i === completion.chosen ? `[${one}]` : one).join("  ");
}

/** The line under the input: the verb that is typed, or what runs. */
function below(model: Model): string {
  if (model.isRunning) return "a command runs; Ctrl+C ends it";
  if (!model.input.text.startsWith("/") || model.input.text.startsWith("//")) return "";
  const words = model.input.text.slice(1).trimStart();
  const verb =
    model.verbs.filter(({ name }) =>
      words === name || words.startsWith(`${name} `) || (words !== "" && name.startsWith(words))
    )
      .sort((a, b) => b.name.length - a.name.length).sort((a, b) =>
        Number(words.startsWith(b.name)) - Number(words.startsWith(a.name))
      )[0];
  return verb ? `/${verb.name}: ${verb.summary}` : "";
}
