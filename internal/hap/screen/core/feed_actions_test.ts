import assert from "node:assert/strict";
import type { EntryView } from "@bzzz/api";
import { testSettings } from "../testing.ts";
import { view } from "../views/view.ts";
import type { Effect, ScreenEvent } from "./events.ts";
import { createModel, currentChannel, type Model } from "./model.ts";
import { update } from "./update.ts";

const AT = { nowMs: 0, monoMs: 0 };

/** A screen, and what was done to it. */
class Trial {
  model: Model;
  readonly effects: Effect[] = [];

  constructor(texts: readonly string[] = [], size = { columns: 80, rows: 15 }) {
    this.model = createModel({ settings: testSettings(), verbs: [], ...AT });
    this.take({ type: "resized", size });
    this.say(...texts);
  }

  take(event: ScreenEvent): this {
    const step = update(this.model, event, AT);
    this.model = step.model;
    this.effects.push(...step.effects);
    return this;
  }

  say(...texts: readonly string[]): this {
    return this.take({
      type: "entries",
      isOld: false,
      entries: texts.map((text): EntryView => ({
        cursor: 1,
        id: "0".repeat(64),
        kind: "message_posted",
        topic: "hmmm/meta-discussion/v1",
        author: { peer_id: "p", agent_id: "basil" },
        seq: 1,
        hlc: { ms: 0, counter: 0 },
        body: { type: "message", text },
      })),
    });
  }

  press(...names: readonly string[]): this {
    for (const name of names) {
      const text = [...name].length === 1 ? { text: name } : {};
      this.take({ type: "press", press: { type: "key", name, ...text } });
    }
    return this;
  }

  rows(): string[] {
    return view(this.model, this.model.size).lines.map((spans) => spans.map(({ text }) => text).join(""));
  }

  text(): string {
    return this.rows().join("\n");
  }

  found(): string[] {
    return view(this.model, this.model.size).lines.flat().filter(({ style }) => style === "found").map(({ text }) =>
      text
    );
  }

  get chosen(): string | undefined {
    return /▌ ?\d\d:\d\d \w+ +(.*?) *│?$/m.exec(this.text())?.[1];
  }
}

const LINES = Array.from({ length: 60 }, (_, i) => `line ${i}${i % 20 === 7 ? " with honey" : ""}.`);

Deno.test("letters are typed into the line until the channel's text has the keys, and after Esc again", () => {
  const trial = new Trial(LINES).press("/", "n", "f", "m");
  assert.equal(trial.model.input.text, "/nfm");

  trial.press("alt+f", "n", "q", "esc", "x");

  assert.equal(trial.model.input.text, "/nfmx");
  assert.deepEqual(trial.effects.filter(({ type }) => type !== "title"), []);
});

Deno.test("find goes from the newest to older matches, marks them, counts them, and says when it went around", () => {
  const trial = new Trial(LINES).press("alt+f", "/", ..."Honey", "enter");
  assert.equal(trial.chosen, "line 47 with honey.");
  assert.match(trial.text(), /"Honey": 3 of 3/);
  assert.deepEqual(trial.found(), ["honey"]);

  trial.press("n");
  assert.equal(trial.chosen, "line 27 with honey.");
  assert.match(trial.text(), /"Honey": 2 of 3 /);
  trial.press("n", "n");
  assert.equal(trial.chosen, "line 47 with honey.");
  assert.match(trial.text(), /3 of 3: past the top, from the end again/);
  trial.press("N");
  assert.equal(trial.chosen, "line 7 with honey.");
  assert.match(trial.text(), /1 of 3: past the end, from the top again/);

  trial.press("/", ..."wax", "enter");
  assert.match(trial.text(), /Nothing here has "wax"/);
  assert.equal(trial.chosen, "line 7 with honey.", "nothing found moves nothing");
  trial.press("esc");
  assert.deepEqual(trial.found(), []);
});

Deno.test("a match that is in sight moves nothing, and what arrives does not either", () => {
  const trial = new Trial(LINES).press("alt+f", "up", "up");
  const before = trial.rows().slice(1, 10).map((row) => row.replace("▌", " "));

  trial.press("/", ..."line 56", "enter").say("later", "with honey, too");

  assert.deepEqual(trial.rows().slice(1, 10).map((row) => row.replace("▌", " ")), before);
  assert.match(trial.text(), /↓ 2 new/);
  trial.press("esc", "esc");
  assert.match(trial.text(), /with honey, too/, "a view that was not moved follows again");
  assert.equal(currentChannel(trial.model).unread, 0);
});

Deno.test("a filter leaves out, stands in the frame, and is undone by Esc; what it may hide is not read", () => {
  const trial = new Trial(LINES).press("alt+f", "f", ..."honey");
  assert.match(trial.text(), /filter: honey/);
  assert.deepEqual(trial.text().match(/line \d+/g), ["line 7", "line 27", "line 47"]);

  trial.press("enter", "up", "esc");
  assert.equal(trial.chosen, "line 27 with honey.", "what was chosen is seen among its neighbours");
  assert.match(trial.text(), /line 26\.[^]*line 28\./);
  trial.press("alt+end", "alt+f");
  trial.press("f", ..."!honey", "enter");
  assert.ok(!trial.text().includes("honey."), trial.text());
  trial.press("alt+end");
  trial.press("alt+f", "f", ..."!honey", "enter", "alt+f");
  assert.match(trial.text(), /├ filter: !honey \(Esc\)/, "in sight also where the line has the keys");
  trial.say("some honey");
  assert.equal(currentChannel(trial.model).unread, 1);

  trial.press("esc");
  assert.match(trial.text(), /some honey/);
  assert.equal(currentChannel(trial.model).unread, 0);
  trial.press("alt+f", "f", ..."zzz", "enter");
  assert.match(trial.text(), /Nothing here has these letters\./);
  trial.press("up", "n", "y", "enter", "m");
});

Deno.test("another channel has no filter of this one; an empty one gives the keys to the line", () => {
  const trial = new Trial(LINES).press("alt+f", "f", ..."honey", "enter", "alt+down");

  assert.equal(trial.model.feed.filter, undefined);
  assert.equal(trial.model.feed.chosen, undefined);
  assert.match(trial.text(), /Nothing was said here yet/);
});

Deno.test("m makes it unread from the chosen line on, until the end is gone to; Alt+U goes to the mark", () => {
  const trial = new Trial(LINES).press("alt+f", "pgup", "pgup", "pgup", "m");
  const marked = trial.chosen ?? "";
  const unread = 60 - Number(/\d+/.exec(marked)?.[0]);
  assert.match(trial.text(), new RegExp(`Unread from here on: ${unread} lines`));
  assert.equal(currentChannel(trial.model).unread, unread);
  const isUnderMark = () => {
    const at = trial.rows().findIndex((row) => row.includes("─ unread ─"));
    assert.ok(at > 0 && trial.rows()[at + 1]?.includes(marked), trial.text());
  };
  isUnderMark();

  trial.press("esc", "pgup", "pgup", "pgup", "pgup");
  assert.ok(!trial.text().includes(marked));
  trial.press("alt+u");
  isUnderMark();
  assert.equal(currentChannel(trial.model).unread, unread, "being there is not having read it");
  trial.press("alt+down", "alt+up");
  isUnderMark();
  trial.press("alt+end");
  assert.equal(currentChannel(trial.model).unread, 0);
  assert.match(trial.text(), /line 59/);
});

Deno.test("m on the newest line leaves it unread though it is in sight", () => {
  const trial = new Trial(LINES).press("alt+f", "m", "esc");

  assert.equal(currentChannel(trial.model).unread, 1);
  assert.match(trial.text(), /↓ 1 unread \(Alt\+End\)/);
});

Deno.test("Alt+U shows the first unread line whatever the length of what follows, and says when there is none", () => {
  const trial = new Trial(LINES).press("alt+u");
  assert.match(trial.text(), /Nothing is unread here/);
  trial.press("alt+r").say(...Array.from({ length: 30 }, (_, i) => `unread ${i} ${"long words ".repeat(30)}`));

  trial.press("alt+u");

  const at = trial.rows().findIndex((row) => row.includes("─ unread ─"));
  assert.ok(trial.rows()[at + 1]?.includes("unread 0 "), trial.text());
});

Deno.test("Alt+U with little unread shows all of it, and that is read", () => {
  const trial = new Trial(LINES).press("alt+r").say("first", "second").press("alt+u");

  assert.match(trial.text(), /─ unread ─[^]*first[^]*second/);
  assert.equal(currentChannel(trial.model).unread, 0);
});

Deno.test("a view that was left stays with what is kept when its lines are forgotten", () => {
  const trial = new Trial(LINES).press("alt+f", "home", "esc");
  trial.say(...Array.from({ length: 2_500 }, (_, i) => `flood ${i}`));

  assert.match(trial.text(), /flood \d+/);
  trial.press("alt+f", "up", "down", "n");
});

Deno.test("y copies the text, Y the first address in it, Enter opens what the line is about", () => {
  const address = "ucxl://basil:developer@shop:pay/*^/docs/plan.md";
  const trial = new Trial(["会議 notes", `see ${address}, and ucxl://a:b@c:d/*^/e.`]).press("alt+f", "Y");
  assert.deepEqual(trial.effects.at(-1), { type: "copy", text: address });
  assert.match(trial.text(), /the first of 2 addresses/);

  trial.press("up", "Y");
  assert.match(trial.text(), /Nothing here has an address/);
  trial.press("y");
  assert.deepEqual(trial.effects.at(-1), { type: "copy", text: "会議 notes" });
  trial.press("enter");
  assert.match(trial.text(), /Message/);

  trial.press("esc", "down", "enter");
  assert.equal(trial.model.place, "browser");
  assert.deepEqual(trial.effects.findLast(({ type }) => type === "read_context"), { type: "read_context", address });
  trial.press("alt+m", "a");
  assert.equal(trial.model.input.text, "a", "elsewhere the text of the channel loses the keys");
});

Deno.test("in every list / finds and f filters, with n and N and the words marked", () => {
  const trial = new Trial();
  const peer = (name: string) => ({
    peer_id: `peer-${name}`,
    agent_id: name,
    role: "developer",
    is_connected: true,
    presence: "ready" as const,
    addresses: [`/ip4/10.0.0.1/tcp/1/p2p/${name}`],
  });
  const peers = ["anton", "berta", "anna", "carl"].map(peer);
  trial.take({ type: "peers", peers, agents: [] }).press("alt+p", "/", ..."an", "enter");
  assert.match(trial.text(), /▌. anna/);
  assert.deepEqual(trial.found(), ["an", "an"]);
  trial.press("n");
  assert.match(trial.text(), /▌. anton[^]*2 of 2/);
  trial.press("n");
  assert.match(trial.text(), /▌. anna[^]*1 of 2: past the end, from the top again/);
  assert.match(trial.text(), / berta/, "finding leaves nothing out");
  trial.press("Y");
  assert.deepEqual(trial.effects.at(-1), { type: "copy", text: "/ip4/10.0.0.1/tcp/1/p2p/anna" });

  trial.press("f", ..."!an", "enter");
  assert.ok(!trial.text().includes("anton"));
  assert.match(trial.text(), / berta[^]* carl/);
  assert.match(trial.text(), /filter: !an/);
  trial.press("esc");
  assert.match(trial.text(), / anton/);
  assert.equal(trial.model.place, "peers", "Esc undoes the filter before it leaves");
  trial.press("esc");
  assert.equal(trial.model.place, "main");
});
