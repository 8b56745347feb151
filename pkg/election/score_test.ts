import assert from "node:assert/strict";
import type { PeerId } from "@bzzz/base";
import fc from "fast-check";
import { MAX_RANK } from "./constants.ts";
import { type LeaderCandidate, rankLeaders, rankOf, SCORE_WEIGHTS, scoreOf, scoreParts } from "./score.ts";

const peer = (end: number) => `12D3Koo${"A".repeat(43)}${10 + end}` as PeerId; // fits a peer id's form

function candidate(end: number, changes: Partial<LeaderCandidate> = {}): LeaderCandidate {
  return {
    peer: peer(end),
    authority: 0.5,
    load: 0.5,
    activeTasks: 0,
    maxTasks: 4,
    uptimeMs: 0,
    connections: 3,
    latencyMs: 0,
    completedTasks: 0,
    ...changes,
  };
}

Deno.test("the weights are those of the design and add up to one", () => {
  assert.deepEqual(SCORE_WEIGHTS, { capability: 0.3, resources: 0.25, uptime: 0.2, network: 0.15, experience: 0.1 });
  assert.equal(Object.values(SCORE_WEIGHTS).reduce((sum, weight) => sum + weight, 0), 1);
});

Deno.test("each part of the score counts as much as its weight", () => {
  const none = candidate(1, { authority: 0, load: 1, activeTasks: 4, connections: 0 });
  const score = (changes: Partial<LeaderCandidate>) => scoreOf(scoreParts({ ...none, ...changes }, 3));

  assert.equal(score({}), 0);
  assert.equal(score({ authority: 1 }), 30);
  assert.equal(score({ load: 0, activeTasks: 0 }), 25);
  assert.equal(score({ uptimeMs: 24 * 3_600_000 }), 20);
  assert.equal(score({ connections: 3 }), 15);
  assert.equal(score({ completedTasks: 100 }), 10);
  assert.equal(score({ connections: 3, latencyMs: 50 }), 8, "half of the network at 50 ms");
});

Deno.test("rankLeaders() puts the higher score first and equal ones in the order of their ids", () => {
  const ranked = rankLeaders([candidate(3), candidate(2), candidate(1), candidate(0, { load: 0.9 })]);

  assert.deepEqual(ranked.map((it) => it.peer), [peer(1), peer(2), peer(3), peer(0)]);
  assert.deepEqual([rankOf(ranked, peer(2)), rankOf(ranked, peer(0))], [1, 3]);
});

Deno.test("rankOf() is bounded, and whoever is not among the candidates goes last", () => {
  const many = rankLeaders(Array.from({ length: 40 }, (_, i) => candidate(i)));

  assert.equal(rankOf(many, peer(39)), MAX_RANK);
  assert.equal(rankOf(many, peer(80)), MAX_RANK);
  assert.equal(rankOf([], peer(0)), 0);
});

Deno.test("property: whatever a peer says of itself, its score is from 0 to 100, and the order does not depend on that of the input", () => {
  const wild = fc.double({ noDefaultInfinity: false });
  const arbitrary = fc.record({
    authority: wild,
    load: wild,
    activeTasks: wild,
    maxTasks: wild,
    uptimeMs: wild,
    connections: wild,
    latencyMs: fc.double({ min: 0 }),
    completedTasks: wild,
  });
  fc.assert(fc.property(fc.array(arbitrary, { minLength: 1, maxLength: 8 }), (facts) => {
    const candidates = facts.map((it, i) => ({ ...it, peer: peer(i) }));
    const ranked = rankLeaders(candidates);
    assert.ok(ranked.every(({ score }) => Number.isInteger(score) && score >= 0 && score <= 100));
    assert.deepEqual(rankLeaders(candidates.toReversed()), ranked);
  }));
});
