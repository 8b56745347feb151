import assert from "node:assert/strict";
import fc from "fast-check";
import type { DecisionItemView, VersionView } from "@bzzz/ucxi";
import { VOTES } from "@bzzz/wire";
import { testSettings } from "../testing.ts";
import { type BrowserRow, parentOf, patternOf, ROOT, rowsOf } from "./browser_rows.ts";
import type { Effect, ScreenEvent } from "./events.ts";
import { createModel, type Model } from "./model.ts";
import { update } from "./update.ts";

function version(address: string, n = 1, total = 1): VersionView {
  return {
    address,
    n,
    total,
    citation: `${address}?rev=${"0".repeat(64)}`,
    is_deleted: false,
    author: { peer_id: "p", agent_id: "basil" },
    written_at_ms: n,
    entry_id: "0".repeat(64),
    cursor: n,
  };
}

/** Plays events one second apart, and keeps what they want done. */
class Player {
  model: Model = createModel({ settings: testSettings(), verbs: [], nowMs: 0, monoMs: 0 });
  effects: readonly Effect[] = [];
  #at = 0;

  play(...events: readonly ScreenEvent[]): this {
    for (const event of events) {
      this.#at += 1_000;
      const step = update(this.model, event, { nowMs: this.#at, monoMs: this.#at });
      this.model = step.model;
      this.effects = step.effects;
    }
    return this;
  }

  press(...names: readonly string[]): this {
    return this.play(...names.map((name): ScreenEvent => ({
      type: "press",
      press: { type: "key", name, ...(name.length === 1 ? { text: name } : {}) },
    })));
  }
}

const PLAN = "ucxl://basil:developer@shop:pay/*^/plan.md";

function at(n: number): string {
  return `ucxl://basil:developer@shop:pay/*~${n}/plan.md`;
}

/** Looking at version 3 of 5 of the plan, which has many lines. */
function reading(): Player {
  const rows = rowsOf({ type: "pattern", pattern: PLAN }, [version(PLAN, 5, 5)]);
  return new Player().press("alt+b").play({ type: "context_listed", query: ROOT, answer: { rows, note: "" } })
    .press("enter").play(answer(PLAN, 3));
}

function answer(asked: string, n: number): ScreenEvent {
  const lines = Array.from({ length: 100 }, (_, i) => `line ${i} of ${n}`);
  return { type: "context_read", answer: { asked, address: at(n), version: version(PLAN, n, 5), lines } };
}

Deno.test("whatever is stored: going down every folder shows every thing once, and up leads back", () => {
  const segment = fc.constantFrom("docs", "plan.md", "a", "b", "%E6%9D%B1");
  const stored = fc.uniqueArray(
    fc.record({
      owner: fc.constantFrom("basil:developer@shop:pay", "ana:admin@shop:pay", "ana:admin@shop:list"),
      path: fc.array(segment, { maxLength: 4 }),
    }).map(({ owner, path }) => [`ucxl://${owner}/*^`, ...path].join("/")),
    { maxLength: 30 },
  );
  fc.assert(fc.property(stored, (addresses) => {
    const seen: string[] = [];
    const visit = (row: BrowserRow): number => {
      if (row.type === "thing") return seen.push(row.id) && 1;
      const query = { type: "folder", folder: row.folder } as const;
      const below = addresses.filter((address) => isIn(patternOf(query) ?? "", address));
      const rows = rowsOf(query, below.map((address) => version(address)));
      assert.equal(rows.reduce((sum, one) => sum + visit(one), 0), row.count);
      let up = parentOf(query);
      for (let i = 0; up && i < 10; i++) up = parentOf(up);
      assert.equal(up, undefined, "up ends at the top");
      return row.count;
    };
    rowsOf(ROOT, addresses.map((address) => version(address))).forEach(visit);
    assert.deepEqual(seen.sort(), addresses.toSorted());
  }));
});

/** As the node matches the patterns of folders. */
function isIn(pattern: string, address: string): boolean {
  return pattern.endsWith("/**") ? address.startsWith(pattern.slice(0, -2)) : address.startsWith(`${pattern}/`);
}

Deno.test("an answer to what is not looked at any more changes nothing", () => {
  const player = reading();
  const { browser } = player.model;

  player.play(answer(at(1), 1), { type: "context_read", answer: { asked: at(9), problem: "gone" } });
  player.play({ type: "context_listed", query: { type: "words", words: "x" }, answer: { rows: [], note: "" } });
  player.play({ type: "versions", address: PLAN, items: [], total: 0 });

  assert.deepEqual(player.model.browser, browser);
  assert.equal(player.model.modal, undefined);
});

Deno.test("quick steps in time add up, and what is shown stays under its own number until the other one is there", () => {
  const player = reading().press("down", "down", "]", "]");

  assert.deepEqual(player.effects, [{ type: "read_context", address: at(5) }]);
  const { thing } = player.model.browser;
  assert.equal(thing?.version?.n, 3);
  assert.equal(thing?.lines[0], "line 0 of 3");

  player.play(answer(at(4), 4));
  assert.equal(player.model.browser.thing?.version?.n, 3, "the answer to the first step came too late");
  player.play(answer(at(5), 5)).press("]");
  assert.equal(player.model.browser.thing?.version?.n, 5);
  assert.equal(player.model.browser.thing?.top, 2, "the place in the text stays");
  assert.match(player.model.hint, /latest version/);
});

Deno.test("entries of others are read anew only where they are seen", () => {
  const entry = (kind: string): ScreenEvent => ({
    type: "entries",
    isOld: false,
    entries: [{
      cursor: 1,
      id: "0".repeat(64),
      kind,
      topic: "bzzz/context/v1",
      author: { peer_id: "p" },
      seq: 1,
      hlc: { ms: 0, counter: 0 },
      body: {},
    }],
  });
  const wanted = (player: Player) => player.effects.flatMap((one) => one.type === "refresh" ? [one.what] : []);

  assert.deepEqual(wanted(new Player().play(entry("context_put"))), []);
  assert.deepEqual(wanted(reading().play(entry("context_put"))), ["listing", "thing"]);
  assert.deepEqual(wanted(reading().press("esc").play(entry("context_deleted"))), ["listing"]);
  assert.deepEqual(wanted(new Player().press("alt+d").play(entry("decision_voted"))), ["decisions"]);
});

function proposal(address: string, fields: Partial<DecisionItemView> = {}): DecisionItemView {
  return {
    version: version(address),
    state: "open",
    counts: { approve: 0, reject: 0, abstain: 0, defer: 0 },
    record: { type: "policy", title: address, summary: "", options: [], outcome: "info", citations: [] },
    ...fields,
  };
}

Deno.test("the votes of a decision are asked for once when it is selected, and anew when the log is", () => {
  const items = [proposal(`${PLAN}/a`), proposal(`${PLAN}/b`)];
  const read = (player: Player) => player.effects.flatMap((one) => one.type === "read_decision" ? [one.address] : []);
  const player = new Player().press("alt+d").play({ type: "decisions", items });

  assert.deepEqual(read(player), [`${PLAN}/a`]);
  assert.deepEqual(read(player.press("f1", "esc")), []);
  assert.deepEqual(read(player.press("down")), [`${PLAN}/b`]);
  assert.deepEqual(read(player.play({ type: "decisions", items })), [`${PLAN}/b`]);
  player.play({ type: "decision", decision: { ...proposal(`${PLAN}/a`), votes: [] } });
  assert.equal(player.model.decisions.detail, undefined, "it came too late");
});

Deno.test("no keys but a vote's whole word vote, and it votes on what the box was opened for", () => {
  const key = fc.constantFrom(..."aprovejx ", "enter", "tab", "backspace", "esc", "v", "y", "ctrl+u").map((
    one,
  ) => [one]);
  const word = fc.constantFrom(...VOTES).map((one) => [...one]);
  const keys = fc.array(fc.oneof(key, word), { maxLength: 20 }).map((parts) => parts.flat());
  let votes = 0;
  fc.assert(fc.property(keys, (names) => {
    const player = new Player().press("alt+d").play({ type: "decisions", items: [proposal(PLAN)] }).press("v");
    for (const name of names) {
      const before = player.model.modal;
      player.press(name);
      const vote = player.effects.find((effect) => effect.type === "vote");
      if (!vote) continue;
      votes++;
      assert.ok(before?.type === "vote" && before.focus === "vote");
      assert.ok(VOTES.some((one) => one === before.vote.text + name), before.vote.text);
      assert.equal(vote.citation, version(PLAN).citation);
    }
  }));
  assert.ok(votes > 0, "some of them do");
});
