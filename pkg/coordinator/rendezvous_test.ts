import assert from "node:assert/strict";
import { createUlid, type PeerId } from "@bzzz/base";
import { createSeededRandom } from "@bzzz/base/testing";
import fc from "fast-check";
import { type Candidate, rankCandidates, rendezvousScore } from "./mod.ts";
import { PEERS } from "./testing.ts";

const node = (peer: PeerId, fields: Partial<Candidate> = {}): Candidate => ({
  peer,
  role: "developer",
  capabilities: ["text"],
  activeTasks: 0,
  maxTasks: 1,
  ...fields,
});
const NEEDS = { taskId: "t1", requiredCapabilities: ["text"] };

Deno.test("rankCandidates() leaves out who is incapable, of another role, full or leaving", () => {
  const [ada, bob, cyd, dan, eve] = PEERS as [PeerId, PeerId, PeerId, PeerId, PeerId];

  const ranked = rankCandidates({ ...NEEDS, requiredRole: "developer" }, [
    node(ada),
    node(bob, { capabilities: [] }),
    node(cyd, { role: "reviewer" }),
    node(dan, { activeTasks: 1 }),
    node(eve, { isDraining: true }),
  ]);

  assert.deepEqual(ranked.map((c) => c.peer), [ada]);
});

Deno.test("property: the ranking does not depend on the order in which candidates are known", () => {
  fc.assert(
    fc.property(fc.string(), fc.shuffledSubarray([...PEERS], { minLength: PEERS.length }), (taskId, shuffled) => {
      const rank = (peers: readonly PeerId[]) =>
        rankCandidates({ ...NEEDS, taskId }, peers.map((p) => node(p))).map((c) => c.peer);
      assert.deepEqual(rank(shuffled), rank(PEERS));
    }),
  );
});

Deno.test("property: losing a node moves only that node's tasks", () => {
  fc.assert(fc.property(fc.string(), fc.constantFrom(...PEERS), (taskId, gone) => {
    const all = rankCandidates({ ...NEEDS, taskId }, PEERS.map((p) => node(p))).map((c) => c.peer);
    const rest = rankCandidates({ ...NEEDS, taskId }, PEERS.filter((p) => p !== gone).map((p) => node(p)));
    assert.deepEqual(rest.map((c) => c.peer), all.filter((p) => p !== gone));
  }));
});

Deno.test("weights share the tasks out in their proportion", () => {
  const [ada, bob] = PEERS as [PeerId, PeerId];
  const random = createSeededRandom(7);
  const rounds = 4000;
  let wins = 0;
  for (let i = 0; i < rounds; i++) {
    const taskId = createUlid(i, random);
    if (rankCandidates({ ...NEEDS, taskId }, [node(ada, { weight: 3 }), node(bob)])[0]?.peer === ada) wins++;
  }

  assert.ok(Math.abs(wins / rounds - 0.75) < 0.03, `${wins} of ${rounds}`);
});

Deno.test("scores are what they were: all nodes of all versions must agree", () => {
  assert.equal(rendezvousScore("01ARZ3NDEKTSV4RRFFQ69G5FAV", "ada" as PeerId).toFixed(6), "0.231963");
});

Deno.test("who held the task before comes after everybody else", () => {
  const [ada, bob] = PEERS as [PeerId, PeerId];
  const [first, second] = rankCandidates(NEEDS, [node(ada), node(bob)]).map(({ peer }) => peer);
  const earlierHolders = new Set(first === undefined ? [] : [first]);

  assert.equal(rankCandidates({ ...NEEDS, earlierHolders }, [node(ada), node(bob)])[0]?.peer, second);
});
