import assert from "node:assert/strict";
import type { EntryView } from "@bzzz/api";
import { testSettings } from "../testing.ts";
import { view } from "../views/view.ts";
import type { Effect, ScreenEvent } from "./events.ts";
import { createModel, currentChannel, labelOf, type Model } from "./model.ts";
import { MAX_THREADS } from "./threads.ts";
import { update } from "./update.ts";

const AT = { nowMs: 0, monoMs: 0 };
const TASK = "01M8AYV9M57W1S30FH26V4C31E";

function idOf(n: number): string {
  return n.toString(16).padStart(64, "0");
}

function entry(n: number, text: string, more: Partial<EntryView> = {}): EntryView {
  return {
    cursor: n,
    id: idOf(n),
    kind: "message_posted",
    topic: "hmmm/meta-discussion/v1",
    author: { peer_id: "p", agent_id: "basil" },
    seq: n,
    hlc: { ms: 0, counter: 0 },
    body: { type: "message", text },
    ...more,
  };
}

/** A screen, and what was done to it. */
class Trial {
  model: Model = createModel({ settings: testSettings(), verbs: [], ...AT });
  effects: Effect[] = [];

  constructor() {
    this.take({ type: "resized", size: { columns: 80, rows: 15 } });
  }

  take(event: ScreenEvent): this {
    const step = update(this.model, event, AT);
    this.model = step.model;
    this.effects.push(...step.effects.filter(({ type }) => type !== "title"));
    return this;
  }

  hear(...entries: readonly EntryView[]): this {
    return this.take({ type: "entries", entries, isOld: false });
  }

  read(thread: string, ...entries: readonly EntryView[]): this {
    return this.take({ type: "thread_read", thread, entries });
  }

  press(...names: readonly string[]): this {
    for (const name of names) {
      const text = [...name].length === 1 ? { text: name } : name === "space" ? { text: " " } : {};
      this.take({ type: "press", press: { type: "key", name, ...text } });
    }
    return this;
  }

  say(text: string): this {
    return this.take({ type: "press", press: { type: "paste", text } }).press("enter");
  }

  done(): Effect[] {
    const { effects } = this;
    this.effects = [];
    return effects;
  }

  text(): string {
    return view(this.model, this.model.size).lines.map((spans) => spans.map(({ text }) => text).join("")).join("\n");
  }

  get labels(): string[] {
    return this.model.channels.map(labelOf);
  }
}

Deno.test("Alt+T opens the thread of the last message: of its own, of its task, or one that it begins", () => {
  const trial = new Trial();
  assert.deepEqual(trial.press("alt+t").done(), []);
  assert.match(trial.text(), /Nothing that has a thread/);

  trial.hear(entry(1, "one"));
  assert.deepEqual(trial.press("alt+t").done(), [{ type: "read_thread", reference: `message/${idOf(1)}` }]);
  trial.hear(entry(2, "two", { task_id: TASK }));
  assert.deepEqual(trial.press("alt+t").done(), [{ type: "read_thread", reference: `task/${TASK}` }]);
  trial.hear(entry(3, "three", { thread: "help/abc", task_id: TASK }));
  assert.deepEqual(trial.press("alt+t").done(), [{ type: "read_thread", reference: "help/abc" }]);
});

Deno.test("Alt+T in the channel's text opens the thread of the chosen line, and the line has the keys then", () => {
  const trial = new Trial().hear(entry(1, "the root"), entry(2, "the other"));

  trial.press("alt+f", "up", "alt+t");
  assert.deepEqual(trial.done(), [{ type: "read_thread", reference: `message/${idOf(1)}` }]);
  trial.read(`message/${idOf(1)}`, entry(1, "the root"));

  assert.equal(trial.model.feed.chosen, undefined);
  assert.match(trial.text(), />message\/000000/);
  assert.match(trial.text(), /the root/);
  assert.doesNotMatch(trial.text(), /the other/);
});

Deno.test("what is typed in a thread belongs to it, in the channel it began in; outside it does not", () => {
  const topic = "bzzz/coordination/v1";
  const trial = new Trial().read("help/abc", entry(1, "who can?", { topic, thread: "help/abc" }));

  trial.say("me").say("/join #hmmm").say("hello");

  assert.deepEqual(trial.done(), [
    { type: "send", channel: "coordination", text: "me", thread: "help/abc" },
    { type: "send", channel: "hmmm", text: "hello" },
  ]);
});

Deno.test("what comes stands in the thread and in its channel, once; what came while it was read is there", () => {
  const thread = "help/abc";
  const trial = new Trial().hear(entry(1, "first", { thread }), entry(2, "meanwhile", { thread }), entry(3, "else"));

  trial.read(thread, entry(1, "first", { thread }));
  trial.hear(entry(2, "meanwhile", { thread }), entry(4, "fourth", { thread }), entry(5, "elsewhere"));

  const said = currentChannel(trial.model).items.pieces.flat().map(({ text }) => text);
  assert.deepEqual(said, ["first", "meanwhile", "fourth"]);
  assert.equal(trial.model.channels[0]?.items.pieces.flat().filter(({ text }) => text === "fourth").length, 1);
  assert.equal(currentChannel(trial.model).unread, 0, "it is looked at");
});

Deno.test("an answer has a sign in its channel and none in its thread", () => {
  const trial = new Trial().hear(entry(1, "yes", { thread: "help/abc" }));
  assert.match(trial.text(), /basil +> yes/);

  trial.read("help/abc", entry(1, "yes", { thread: "help/abc" }));

  assert.match(trial.text(), /basil +yes/);
});

Deno.test("/reply answers the last message of somebody else in its thread, and says whose it was", () => {
  const mine = { author: { peer_id: "me", agent_id: "ana" } };
  const trial = new Trial();
  trial.model = { ...trial.model, me: "ana" };
  trial.say("/reply too early");
  assert.match(trial.text(), /nobody else said anything here/);

  trial.hear(entry(1, "which tea?"), entry(2, "hm", mine)).say("/reply green tea");

  assert.deepEqual(trial.done(), [
    { type: "send", channel: "hmmm", text: "green tea", thread: `message/${idOf(1)}` },
  ]);
  assert.match(trial.text(), /Answered basil: "which tea\?"/);
});

Deno.test("/thread takes an id, /thread alone the last message; one that is open is gone to without reading", () => {
  const trial = new Trial().hear(entry(1, "root"));
  assert.deepEqual(trial.say("/thread 9ZXQWK").say("/thread").done(), [
    { type: "read_thread", reference: "9ZXQWK" },
    { type: "read_thread", reference: `message/${idOf(1)}` },
  ]);

  trial.read(`task/${TASK}`).say("/join #hmmm");
  assert.equal(trial.model.current, 0);
  trial.say(`/thread task/${TASK}`);

  assert.deepEqual(trial.done(), []);
  assert.equal(labelOf(currentChannel(trial.model)), ">task/V4C31E");
});

Deno.test("an observer opens threads and says nothing in them", () => {
  const trial = new Trial().hear(entry(1, "root"));
  trial.model = { ...trial.model, settings: { ...trial.model.settings, isObserver: true } };

  assert.deepEqual(trial.say("/reply words").done(), []);
  assert.match(trial.text(), /only observes/);
  assert.equal(trial.model.input.text, "/reply words", "what was typed stays");
  assert.deepEqual(trial.press("ctrl+u", "alt+t").done(), [
    { type: "read_thread", reference: `message/${idOf(1)}` },
  ]);
});

Deno.test("so many threads are open and no more: the oldest goes, and the one that is looked at stays", () => {
  const trial = new Trial();
  for (let i = 0; i <= MAX_THREADS; i++) trial.read(`help/${i}`, entry(i, "x", { thread: `help/${i}` }));

  assert.deepEqual(trial.labels.slice(5), Array.from({ length: MAX_THREADS }, (_, i) => `>help/${i + 1}`));
  assert.equal(labelOf(currentChannel(trial.model)), `>help/${MAX_THREADS}`);
});

Deno.test("Tab completes threads of the channel and tasks; a name that would do something to a terminal is not offered", () => {
  const trial = new Trial().hear(entry(1, "a", { thread: "help/abc" }), entry(2, "b", { thread: "help/\x1b[31m" }));

  trial.take({ type: "press", press: { type: "paste", text: "/thread he" } }).press("tab");

  assert.equal(trial.model.input.text, "/thread help/abc ");
});
