import assert from "node:assert/strict";
import type { RequestView } from "@bzzz/api";
import { testSettings } from "../testing.ts";
import { view } from "../views/view.ts";
import type { Effect, ScreenEvent } from "./events.ts";
import { createModel, GUARD_MS, type Model } from "./model.ts";
import { update } from "./update.ts";

const ACTION = {
  verb: "repo.push",
  target: "origin",
  args: [
    { name: "message", value: "first\nsecond\u200b" },
    { name: "commits", value: 3 },
    { name: "force", value: true },
  ],
  effect: "3 commits reach everybody",
};

function request(change: Partial<RequestView> = {}): RequestView {
  return {
    request_id: "01M826SY7WST894P2ZSZR5MV3R",
    short_id: "MV3R",
    digest: "768f8de3f3271a498664e8db87e8477eedadcb55e8f8d7002ac01a15e9459643",
    kind: "approval",
    state: "pending",
    stakes: "high",
    from: { peer_id: "p", agent_id: "atlas" },
    to: {},
    title: "push",
    body: "",
    allow: ["approve", "deny", "edit"],
    action: ACTION,
    is_addressed_to_me: true,
    opened_at_ms: 0,
    ...change,
  } as RequestView; // what no box looks at is left out
}

class Trial {
  model: Model = createModel({ settings: testSettings(), verbs: [], nowMs: 0, monoMs: 0 });
  effects: Effect[] = [];
  nowMs = 0;

  constructor(change: Partial<RequestView> = {}) {
    this.take({ type: "resized", size: { columns: 90, rows: 40 } });
    this.take({ type: "pending", requests: [request(change)] });
    this.done();
  }

  take(event: ScreenEvent): this {
    const step = update(this.model, event, { nowMs: this.nowMs, monoMs: this.nowMs });
    this.model = step.model;
    this.effects.push(...step.effects.filter(({ type }) => type === "decide"));
    return this;
  }

  press(...names: readonly string[]): this {
    for (const name of names) {
      const text = [...name].length === 1 ? { text: name } : name === "space" ? { text: " " } : {};
      this.take({ type: "press", press: { type: "key", name, ...text } });
    }
    return this;
  }

  paste(text: string): this {
    return this.take({ type: "press", press: { type: "paste", text } });
  }

  /** The first moments of a box are over. */
  wait(): this {
    this.nowMs += GUARD_MS;
    return this;
  }

  done(): Effect[] {
    const { effects } = this;
    this.effects = [];
    return effects;
  }

  edited(): RequestView["action"] | undefined {
    const [effect] = this.done();
    if (effect?.type !== "decide") return undefined;
    assert.equal(effect.input.decision, "approve");
    assert.equal(effect.input.request_digest, request().digest);
    return effect.input.edited_action as RequestView["action"]; // it came from one
  }

  text(): string {
    return view(this.model, this.model.size).lines.map((spans) => spans.map(({ text }) => text).join("")).join("\n");
  }
}

Deno.test("/edit: a field is changed, the approval shows the changed action, and its confirmation alone sends it", () => {
  const trial = new Trial().paste("/edit MV3R").press("enter");
  assert.match(trial.text(), /Change the action of MV3R - 2\/5/);

  trial.press("tab", "ctrl+u", "1", "tab", "space", "enter");
  assert.match(trial.text(), /Approve MV3R, changed\? HIGH/);
  assert.match(trial.text(), /commits: 1/);
  assert.match(trial.text(), /force: false/);
  trial.press("9", "6", "4", "3");
  assert.equal(trial.edited(), undefined, "keys of the first moments are meant for the fields");
  trial.wait().press("enter").press("9", "6", "4", "3");

  assert.deepEqual(trial.edited(), {
    ...ACTION,
    args: [ACTION.args[0], { name: "commits", value: 1 }, { name: "force", value: false }],
  });
});

Deno.test("what is not touched stays to the letter; lines of a text are typed with a break; a text may be emptied", () => {
  const trial = new Trial().paste("/edit MV3R").press("enter", "ctrl+u").paste("one\ntwo").press("shift+tab", "ctrl+u");
  trial.press("enter").wait().press("9", "6", "4", "3");

  assert.deepEqual(trial.edited(), {
    ...ACTION,
    target: "",
    args: [{ name: "message", value: "one\ntwo" }, ...ACTION.args.slice(1)],
  });
});

Deno.test("a number that is none gets the keys; nothing changed sends nothing", () => {
  const trial = new Trial().paste("/edit MV3R").press("enter", "enter");
  assert.match(trial.text(), /nothing is changed: \/approve MV3R/);

  trial.press("tab", "x", "shift+tab", "enter");

  assert.match(trial.text(), /commits: expected a number, found "3x"/);
  assert.match(trial.text(), /Change the action of MV3R - 3\/5/);
});

Deno.test("Esc in the approval leads back to the fields as they were, and from there nothing is sent", () => {
  const trial = new Trial().press("alt+r", "e", "tab", "4", "enter").wait().press("esc");
  assert.match(trial.text(), /Change the action of MV3R/);
  assert.match(trial.text(), /commits +\* +> 34/);

  trial.press("esc");

  assert.equal(trial.model.modal, undefined);
  assert.match(trial.text(), /Nothing was sent/);
  assert.deepEqual(trial.done(), []);
});

Deno.test("an ask that offers no change, is closed, or has no action opens no form", () => {
  assert.match(new Trial({ allow: ["approve"] }).paste("/edit MV3R").press("enter").text(), /Cannot edit ask MV3R/);
  const { action: _, ...without } = request();
  const bare = new Trial();
  bare.model = { ...bare.model, requests: new Map([[without.request_id, without]]) };
  assert.match(bare.paste("/edit MV3R").press("enter").text(), /it has no action to approve/);

  const trial = new Trial().paste("/edit MV3R").press("enter", "tab", "4", "enter").wait();
  trial.take({ type: "request", request: request({ state: "withdrawn" }) }).press("9", "6", "4", "3");

  assert.deepEqual(trial.done(), []);
  assert.match(trial.text(), /it is withdrawn already/);
});
