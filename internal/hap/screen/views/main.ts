import { nameOf } from "@bzzz/cli";
import { waiting } from "../core/asks.ts";
import { clip, fit, type Line, line, span } from "../core/cells.ts";
import { feedSize, SIDE_COLUMNS, WIDE_COLUMNS } from "../core/feed_layout.ts";
import type { Frame, Size } from "../core/frame.ts";
import { currentChannel, labelOf, listedChannels, type Model } from "../core/model.ts";
import { allVerbs } from "../core/local_verbs.ts";
import type { ActionName } from "../keymap/actions.ts";
import { feedRows } from "./feed.ts";
import { lookingWords } from "./filter.ts";
import { lineOfInput } from "./input.ts";
import { beside, bottomBar, edge, framed, keyHelp, keyOf, pad, topBar } from "./parts.ts";

/** Channels, peers, what happens, and the line (design, portal C.3.1 and C.3.6). */
export function mainView(model: Model, size: Size): Frame {
  const { glyphs } = model.settings;
  const { columns, rows } = size;
  const channel = currentChannel(model);
  const isWide = columns >= WIDE_COLUMNS;
  const room = feedSize(model, size);
  const connected = model.peers.filter((peer) => peer.is_connected).length;
  const who = model.me === "" ? "" : `${model.me} ${glyphs.dot} `;
  const title = isWide
    ? `BZZZ ${glyphs.dot} ${who}mesh ${model.mesh}, ${connected} ${connected === 1 ? "peer" : "peers"}, ${
      model.leader === undefined ? "nobody leads" : `leader ${model.leader}`
    } ${glyphs.dot} ${labelOf(channel)}`
    : `${labelOf(channel)}${unreadElsewhere(model)}`;
  const feed = feedRows(model, channel, room);
  const body = isWide ? beside(glyphs, sidebar(model, room.rows), feed.lines) : feed.lines;
  const input = lineOfInput(model, columns - 2, " ");
  const isInFeed = model.feed.chosen !== undefined;
  const looking = lookingWords(model.feed, glyphs.dot);
  const back = keyOf(model, "back");
  const separator = edge(model, {
    left: glyphs.teeLeft,
    title: suggestions(model) || (looking === "" ? "" : `${looking}${back === undefined ? "" : ` (${back})`}`),
    right: [span(glyphs.horizontal + glyphs.teeRight, "border")],
    columns,
    style: model.completion ? "dim" : "warning",
  });
  const cursor = feed.chosenRow !== undefined && !model.feed.typing
    ? { row: 1 + feed.chosenRow, column: isWide ? SIDE_COLUMNS + 2 : 1 }
    : { row: rows - 3, column: 1 + input.column };
  return {
    lines: [
      topBar(model, title, columns),
      ...body.map((content) => framed(glyphs, content, columns)),
      separator,
      framed(glyphs, input.line, columns),
      framed(glyphs, line(`   ${below(model)}`, "dim"), columns),
      bottomBar(
        model,
        keyHelp(model, isInFeed ? FEED_KEYS : LINE_KEYS, columns),
        columns,
      ),
    ].slice(0, rows),
    cursor,
  };
}

const LINE_KEYS: readonly (readonly [ActionName, string])[] = [
  ["inbox", "asks"],
  ["next_activity", "next"],
  ["next_channel", "channel"],
  ["palette", "palette"],
  ["feed", "find"],
  ["complete", "complete"],
  ["keys", "keys"],
];

const FEED_KEYS: readonly (readonly [ActionName, string])[] = [
  ["find", "find"],
  ["find_next", "older match"],
  ["filter", "filter"],
  ["mark", "unread from here"],
  ["copy", "copy"],
  ["open", "open"],
  ["help", "keys"],
  ["back", "line"],
];

function unreadElsewhere(model: Model): string {
  const count = model.channels.reduce(
    (sum, one, i) => sum + (i === model.current || one.isParted || one.notify === "none" ? 0 : one.unread),
    0,
  );
  return count === 0 ? "" : ` (${count} elsewhere)`;
}

function sidebar(model: Model, rows: number): Line[] {
  const { glyphs } = model.settings;
  const columns = SIDE_COLUMNS;
  const asks = waiting(model).length;
  const channels = listedChannels(model).flatMap((i): Line[] => {
    const channel = model.channels[i];
    if (!channel) return [];
    const isHere = i === model.current;
    const count = channel.unread === 0 ? "" : channel.mentions > 0 ? `${channel.unread} @` : String(channel.unread);
    const name = clip(labelOf(channel), columns - count.length - 3, glyphs.more);
    return [fit([
      span(isHere ? glyphs.pointer : " ", "accent"),
      span(name, isHere ? "strong" : channel.unread > 0 ? "plain" : "dim"),
      ...fit([], Math.max(1, columns - name.length - count.length - 2)),
      span(count, channel.mentions > 0 ? "danger" : "accent"),
    ], columns)];
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
    allVerbs(model).filter(({ name }) =>
      words === name || words.startsWith(`${name} `) || (words !== "" && name.startsWith(words))
    )
      .sort((a, b) => b.name.length - a.name.length).sort((a, b) =>
        Number(words.startsWith(b.name)) - Number(words.startsWith(a.name))
      )[0];
  return verb ? `/${verb.name}: ${verb.summary}` : "";
}
