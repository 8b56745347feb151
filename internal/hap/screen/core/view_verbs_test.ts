import assert from "node:assert/strict";
import type { AgentView, EntryView } from "@bzzz/api";
import { testSettings } from "../testing.ts";
import { view } from "../views/view.ts";
import type { Effect, ScreenEvent } from "./events.ts";
import { createModel, currentChannel, labelOf, listedChannels, type Model, type Verb } from "./model.ts";
import { allVerbs, LOCAL_VERBS } from "./local_verbs.ts";
import { update } from "./update.ts";

const AT = { nowMs: 0, monoMs: 0 };
const STOP: Verb = { name: "task stop", summary: "Interrupt an agent", argument: "agent" };
const PROMPTS: Verb = { name: "prompts show", summary: "One wording", argument: "prompt" };

class Trial {
  model: Model = createModel({ settings: testSettings(), verbs: [STOP, PROMPTS], ...AT });
  effects: Effect[] = [];
  #cursor = 0;

  constructor() {
    this.take({ type: "resized", size: { columns: 110, rows: 24 } });
    this.model = {
      ...this.model,
      me: "ana",
      agents: [{ agent_id: "basil" } as AgentView], // the name is all that is looked at
    };
  }

  take(event: ScreenEvent): this {
    const step = update(this.model, event, AT);
    this.model = step.model;
    this.effects.push(...step.effects.filter(({ type }) => type !== "title"));
    return this;
  }

  hear(text: string, topic = "hmmm/meta-discussion/v1", isOld = false): this {
    const entry: EntryView = {
      cursor: ++this.#cursor,
      id: this.#cursor.toString(16).padStart(64, "0"),
      kind: "message_posted",
      topic,
      author: { peer_id: "p", agent_id: "basil" },
      seq: this.#cursor,
      hlc: { ms: 0, counter: 0 },
      body: { type: "message", text },
    };
    return this.take({ type: "entries", entries: [entry], isOld });
  }

  press(...names: readonly string[]): this {
    for (const name of names) this.take({ type: "press", press: { type: "key", name } });
    return this;
  }

  type(text: string): this {
    return this.take({ type: "press", press: { type: "paste", text } });
  }

  say(text: string): this {
    return this.type(text).press("enter");
  }

  done(): Effect[] {
    const { effects } = this;
    this.effects = [];
    return effects;
  }

  text(): string {
    return view(this.model, this.model.size).lines.map((spans) => spans.map(({ text }) => text).join("")).join("\n");
  }

  get listed(): string[] {
    return listedChannels(this.model).flatMap((i) => {
      const channel = this.model.channels[i];
      return channel ? [labelOf(channel)] : [];
    });
  }
}

const CONTEXT = "bzzz/context/v1";

Deno.test("/part takes a channel out of the list, of the keys that go there and of what is counted", () => {
  const trial = new Trial().say("/part #context").hear("quiet", CONTEXT);

  assert.deepEqual(trial.listed, ["#hmmm", "#coordination", "#election", "#agents"]);
  assert.doesNotMatch(trial.text(), /#context +1/);
  trial.press("alt+3");
  assert.equal(labelOf(currentChannel(trial.model)), "#election");
  trial.press("alt+up");
  assert.equal(labelOf(currentChannel(trial.model)), "#coordination");
});

Deno.test("a channel that was left comes back when a message calls there, not when an old or a quiet one comes, or by /join", () => {
  const trial = new Trial().say("/part #context");
  trial.hear("@ana old", CONTEXT, true).hear("nothing for you", CONTEXT);
  assert.ok(!trial.listed.includes("#context"));
  trial.hear("@ana look", CONTEXT);
  assert.ok(trial.listed.includes("#context"));

  trial.say("/part context").say("/join #context");

  assert.equal(labelOf(currentChannel(trial.model)), "#context");
  trial.say("/join #hmmm");
  assert.ok(trial.listed.includes("#context"), "it is joined, not only looked at");
});

Deno.test("/part leaves where the person is, closes a thread, and leaves the last channel open", () => {
  const trial = new Trial().take({ type: "thread_read", thread: "help/abc", entries: [] });
  assert.equal(labelOf(currentChannel(trial.model)), ">help/abc");

  trial.say("/part");
  assert.ok(!trial.model.channels.some(({ thread }) => thread !== undefined));
  for (let i = 0; i < 6; i++) trial.say("/part");

  assert.equal(trial.listed.length, 1);
  assert.match(trial.text(), /it is the only one/);
  trial.say("/part #nowhere");
  assert.match(trial.text(), /Cannot leave "#nowhere": the channels are #/);
});

Deno.test("/mute: messages of that member ring no more and are no mentions; again, they do", () => {
  const trial = new Trial().say("/join #context");
  trial.say("/mute @basil").hear("@ana look here");
  assert.deepEqual(trial.done(), []);
  assert.equal(trial.model.channels[0]?.mentions, 0);
  assert.equal(trial.model.channels[0]?.unread, 1, "what they say is there");
  trial.say("/mute");
  assert.match(trial.text(), /Muted: @basil/);

  trial.say("/mute @basil").hear("@ana look again");

  assert.deepEqual(trial.done(), [{ type: "bell" }]);
  assert.equal(trial.model.channels[0]?.mentions, 1);
  trial.say("/mute @nobody");
  assert.match(trial.text(), /no other member has that name/);
});

Deno.test("/mute holds where a channel calls for all, too", () => {
  const trial = new Trial().say("/notify all").say("/join #context").say("/mute @basil").hear("anything");

  assert.deepEqual(trial.done(), []);
});

Deno.test("/theme changes the colours and says which there are", () => {
  const trial = new Trial().say("/theme contrast");
  assert.deepEqual(trial.done(), [{ type: "theme", name: "contrast" }]);
  assert.equal(trial.model.settings.theme, "contrast");

  trial.say("/theme pink");

  assert.deepEqual(trial.done(), []);
  assert.match(trial.text(), /The themes are dark, light, contrast, mono; now: contrast/);
});

Deno.test("/set changes a setting of this screen at once, shows them all, and refuses others and wrong values", () => {
  const trial = new Trial();
  trial.say("/set ascii true");
  assert.doesNotMatch(trial.text(), /[│─]/);
  trial.say("/set ascii false");
  assert.match(trial.text(), /│/);

  trial.say("/set bell false").say("/join #context").hear("@ana look");
  assert.deepEqual(trial.done(), []);
  trial.say("/set bell perhaps");
  assert.match(trial.text(), /Cannot set bell to "perhaps": expected true or false/);
  trial.say("/set data_dir true");
  assert.match(
    trial.text(),
    /Cannot set "data_dir": of this screen there are theme, bell, desktop_notifications, show/,
  );
  trial.say("/set theme light");
  assert.deepEqual(trial.done(), [{ type: "theme", name: "light" }]);
  trial.say("/set");

  assert.match(trial.text(), /Settings of this screen/);
  assert.match(trial.text(), /theme +light/);
  assert.match(trial.text(), /bell +false/);
});

Deno.test("/reload reads anew, and the keys that come of it count at once", () => {
  const trial = new Trial().say("/reload");
  assert.deepEqual(trial.done(), [{ type: "reload" }]);
  const { keymap } = trial.model.settings;

  trial.take({
    type: "keymap",
    keymap: { ...keymap, actionOf: (key, scopes) => key === "alt+x" ? "keys" : keymap.actionOf(key, scopes) },
  });
  trial.press("alt+x");

  assert.match(trial.text(), /Keys - 1 of/);
});

Deno.test("/cite puts an address into the line, and nothing that is none", () => {
  const trial = new Trial().say("/cite ucxl://any:any@bzzz:main/*^/docs/a.md");
  assert.equal(trial.model.input.text, "ucxl://any:any@bzzz:main/*^/docs/a.md ");

  trial.press("ctrl+u").say("/cite nonsense");
  assert.equal(trial.model.input.text, "");
  trial.say("/cite");

  assert.match(trial.text(), /Nothing to cite here/);
});

Deno.test("/stop and /prompt are verbs of the program under the names of the screen; an observer stops nobody", () => {
  const trial = new Trial().say("/stop @basil dry well").take({ type: "command_ended" }).say("/prompt approve-push");
  assert.deepEqual(trial.done(), [
    { type: "run", line: "task stop @basil dry well" },
    { type: "run", line: "prompts show approve-push" },
  ]);

  trial.take({ type: "command_ended" });
  trial.model = { ...trial.model, settings: { ...trial.model.settings, isObserver: true } };
  trial.say("/stop @basil");

  assert.deepEqual(trial.done(), []);
  assert.match(trial.text(), /only observes/);
});

Deno.test("/away takes no words, since they would reach nobody: what was typed stays", () => {
  const trial = new Trial().say("/away back at nine");

  assert.deepEqual(trial.done(), []);
  assert.equal(trial.model.input.text, "/away back at nine");
  assert.match(trial.text(), /Cannot say more with \/away/);
  assert.deepEqual(trial.press("ctrl+u").say("/away").done(), [{ type: "person", person: "away" }]);
});

Deno.test("every verb of the screen completes, is explained under the line, and stands in the list of keys", () => {
  for (const { name, summary } of allVerbs(new Trial().model)) {
    const trial = new Trial().type(`/${name}`);
    assert.match(trial.text(), new RegExp(`/${name}: ${summary.slice(0, 20).replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`));
  }
  const keys = new Trial().press("f1").model.modal;
  const lines = keys?.type === "text" ? keys.lines.join("\n") : "";
  for (const { name, summary } of LOCAL_VERBS) assert.ok(lines.includes(`/${name}`) && lines.includes(summary), name);
  const trial = new Trial().type("/par").press("tab");
  assert.equal(trial.model.input.text, "/part ");
  trial.type("#con").press("tab");
  assert.equal(trial.model.input.text, "/part #context ");
  trial.press("ctrl+u").type("/theme co").press("tab");
  assert.equal(trial.model.input.text, "/theme contrast ");
  trial.press("ctrl+u").type("/set des").press("tab");
  assert.equal(trial.model.input.text, "/set desktop_notifications ");
  trial.press("ctrl+u").type("/prompt a").press("tab").take({ type: "prompts", ids: ["approve-push"] }).press("tab");
  assert.deepEqual(trial.done(), [{ type: "read_prompts" }, { type: "read_prompts" }]);
  assert.equal(trial.model.input.text, "/prompt approve-push ");
  trial.press("ctrl+u").type("/mute @b").press("tab");
  assert.equal(trial.model.input.text, "/mute @basil ");
});
