// What the core and the painter cost: a key, and what 200 messages a second need for one frame.
import type { EntryView } from "@bzzz/api";
import { Painter } from "../engine/painter.ts";
import { themeOf } from "../engine/theme.ts";
import { testSettings } from "../testing.ts";
import { view } from "../views/view.ts";
import type { ScreenEvent } from "./events.ts";
import { createModel, type Model } from "./model.ts";
import { update } from "./update.ts";

const SIZE = { columns: 120, rows: 40 };
const AT = { nowMs: 0, monoMs: 0 };

function entries(from: number, count: number): readonly EntryView[] {
  return Array.from({ length: count }, (_, i) => ({
    cursor: from + i,
    id: "0".repeat(64),
    kind: "message_posted",
    topic: "hmmm/meta-discussion/v1",
    author: { peer_id: "p", agent_id: "agent-7f3a" },
    seq: from + i,
    hlc: { ms: (from + i) * 5, counter: 0 },
    body: { type: "message", text: `message number ${from + i} of a busy mesh` },
  }));
}

function busyScreen(): { play(event: ScreenEvent): void } {
  const painter = new Painter(themeOf("dark", { hasColour: true }));
  let model: Model = createModel({ settings: testSettings(), verbs: [], ...AT });
  const play = (event: ScreenEvent) => {
    model = update(model, event, AT).model;
    painter.paint(view(model, SIZE), SIZE);
  };
  play({ type: "resized", size: SIZE });
  play({ type: "entries", entries: entries(0, 2_000), isOld: true });
  return { play };
}

const typing = busyScreen();
Deno.bench("a key, on a full screen of 120 by 40", () => {
  typing.play({ type: "press", press: { type: "key", name: "q", text: "q" } });
  typing.play({ type: "press", press: { type: "key", name: "backspace" } });
});

const listening = busyScreen();
let said = 2_000;
Deno.bench("a frame of a tenth of a second: 20 messages", () => {
  listening.play({ type: "entries", entries: entries(said, 20), isOld: false });
  said += 20;
});
