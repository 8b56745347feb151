import assert from "node:assert/strict";
import type { RequestView } from "@bzzz/api";
import { testSettings } from "../testing.ts";
import type { Effect } from "./events.ts";
import { createModel, type Model } from "./model.ts";
import { update } from "./update.ts";

const OPENED_MS = 1_000_000;

function ask(id: string, fields: Partial<RequestView> = {}): RequestView {
  return {
    request_id: `01M826SYACC7ZVYWANC7C9${id}`,
    short_id: id,
    digest: "0".repeat(64),
    kind: "approval",
    state: "pending",
    stakes: "normal",
    title: "push",
    body: "",
    allow: ["approve", "deny"],
    from: { peer_id: "p", agent_id: "agent-7f3a" },
    to: { human: "ana" },
    is_addressed_to_me: true,
    opened_at_ms: OPENED_MS,
    on_timeout: "hold",
    ...fields,
  };
}

/** A screen that events are played to; what it does outside is collected. */
class Player {
  model: Model;
  effects: Effect[] = [];
  atMs = 0;

  constructor(settings: Parameters<typeof testSettings>[0] = {}) {
    this.model = createModel({ settings: testSettings(settings), verbs: [], nowMs: OPENED_MS, monoMs: 0 });
  }

  play(event: Parameters<typeof update>[1], afterMs = 0): this {
    this.atMs += afterMs;
    const step = update(this.model, event, { nowMs: OPENED_MS + this.atMs, monoMs: this.atMs });
    this.model = step.model;
    this.effects.push(...step.effects);
    return this;
  }

  type(text: string): this {
    for (const letter of text) this.play({ type: "press", press: { type: "key", name: letter, text: letter } });
    return this.play({ type: "press", press: { type: "key", name: "enter" } });
  }

  count(type: Effect["type"]): number {
    return this.effects.filter((effect) => effect.type === type).length;
  }
}

Deno.test("each ask calls once, and a flood of them rings once in ten seconds", () => {
  const player = new Player();

  for (let i = 0; i < 20; i++) player.play({ type: "request", request: ask(`A${100 + i}`) }, 100);
  player.play({ type: "pending", requests: [ask("A100"), ask("A101")] });
  assert.equal(player.count("bell"), 1);

  player.play({ type: "request", request: ask("A100") }, 20_000);
  assert.equal(player.count("bell"), 1, "it has called already");
  player.play({ type: "request", request: ask("B200") });
  assert.equal(player.count("bell"), 2);
});

Deno.test("deadlines remind at half and at nine tenths, once each, and not of what was late already", () => {
  const player = new Player();
  const deadline = { deadline_ms: OPENED_MS + 100_000 };
  player.play({ type: "request", request: ask("A100", deadline) });
  const at = () => player.count("bell");

  for (let second = 1; second <= 49; second++) player.play({ type: "tick" }, 1_000);
  assert.equal(at(), 1);
  for (let second = 50; second <= 89; second++) player.play({ type: "tick" }, 1_000);
  assert.equal(at(), 2);
  for (let second = 90; second <= 120; second++) player.play({ type: "tick" }, 1_000);
  assert.equal(at(), 3);

  const late = new Player();
  late.play({ type: "request", request: ask("A100", deadline) }, 60_000);
  for (let second = 1; second <= 20; second++) late.play({ type: "tick" }, 1_000);
  assert.equal(late.count("bell"), 1);
});

Deno.test("who is away is called for high stakes alone; who looks at the ask is not called for it", () => {
  const away = new Player().type("/away");
  away.play({ type: "request", request: ask("A100") }, 20_000);
  assert.equal(away.count("bell"), 0);
  away.play({ type: "request", request: ask("A101", { stakes: "high" }) }, 20_000);
  assert.equal(away.count("bell"), 1);

  const looking = new Player();
  looking.play({ type: "request", request: ask("A100", { is_addressed_to_me: false }) });
  looking.model = {
    ...looking.model,
    place: "inbox",
    lists: { ...looking.model.lists, inbox: { ...looking.model.lists.inbox, selectedId: ask("A102").request_id } },
  };
  looking.play({ type: "request", request: ask("A102") }, 20_000);
  assert.equal(looking.count("bell"), 0);
});

Deno.test("desktop notifications are off by default, and say what it is about only when told to", () => {
  const texts = (settings: Parameters<typeof testSettings>[0]) =>
    new Player(settings).play({ type: "request", request: ask("A100") }).effects
      .flatMap((effect) => effect.type === "notify" ? [effect.text] : []);

  assert.deepEqual(texts({}), []);
  assert.deepEqual(texts({ hasOsc9: true }), ["Somebody waits for you"]);
  assert.deepEqual(texts({ hasOsc9: true, showsText: true }), ["ask A100, normal, from agent-7f3a: push"]);
});

Deno.test("the title counts who waits, and is told only when it changes", () => {
  const player = new Player();
  player.play({ type: "request", request: ask("A100") }).play({ type: "tick" }, 1_000);
  player.play({ type: "request", request: ask("A100", { state: "withdrawn" }) });

  assert.deepEqual(player.effects.flatMap((effect) => effect.type === "title" ? [effect.text] : []), [
    "(1!) bzzz",
    "bzzz",
  ]);
});

Deno.test("an ask that was put off comes back with a call at its time, once; one that was taken back by hand does not call", () => {
  const player = new Player();
  player.play({ type: "request", request: ask("A100") });
  const putOff = ask("A100", { state: "snoozed", snoozed_until_ms: OPENED_MS + 60_000 });
  player.play({ type: "request", request: putOff }, 20_000);
  assert.match(player.effects.flatMap((one) => one.type === "title" ? [one.text] : []).at(-1) ?? "", /^bzzz/);

  for (let second = 0; second < 39; second++) player.play({ type: "tick" }, 1_000);
  assert.equal(player.count("bell"), 1);
  for (let second = 0; second < 20; second++) player.play({ type: "tick" }, 1_000);
  assert.equal(player.count("bell"), 2);
  assert.match(JSON.stringify(player.model.channels[0]?.items), /back: ask A100, normal, from agent-7f3a: push/);

  const early = new Player();
  early.play({ type: "request", request: ask("A100") });
  early.play({ type: "request", request: { ...putOff, snoozed_until_ms: OPENED_MS + 3_600_000 } }, 20_000);
  early.play({ type: "tick" }, 1_000).play({ type: "request", request: ask("A100") }, 1_000).play(
    { type: "tick" },
    20_000,
  );
  assert.equal(early.count("bell"), 1);

  const closed = new Player();
  closed.play({ type: "request", request: putOff }).play({ type: "tick" }, 1_000);
  closed.play({ type: "request", request: { ...putOff, state: "answered" } }).play({ type: "tick" }, 90_000);
  assert.equal(closed.count("bell"), 1, "when it was first heard of");
});
