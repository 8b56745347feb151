import assert from "node:assert/strict";
import type { PeerId, TaskId } from "@bzzz/base";
import type { TaskView } from "@bzzz/coordinator";
import type { PresenceRecord } from "@bzzz/presence";
import { candidateOf, CompletedTasks, describeCandidacy, presentCandidates } from "./candidacy.ts";

const [ANA, BEN, EVE] = ["1", "2", "3"].map((end) => `12D3Koo${"A".repeat(44)}${end}` as PeerId) as [
  PeerId,
  PeerId,
  PeerId,
]; // fits a peer id's form
const STANDING = { uptimeMs: 1_000, connections: 2, completedTasks: 3, latencyMs: 1.26 };
const BODY = {
  status: "ready" as const,
  activeTasks: 1,
  maxTasks: 3,
  capabilities: [],
  models: [],
  load: 0.25,
  incarnation: "1",
  addresses: [],
  ...describeCandidacy(STANDING),
};
const DEVELOPER = { level: "suggestion", role: "developer", binaryType: "agent" } as const;

Deno.test("candidateOf() takes the level from the grant and the rest from the node's own word", () => {
  assert.deepEqual(candidateOf(ANA, BODY, DEVELOPER), {
    peer: ANA,
    authority: 0.25,
    load: 0.25,
    activeTasks: 1,
    maxTasks: 3,
    uptimeMs: 1_000,
    connections: 2,
    latencyMs: 1.3,
    completedTasks: 3,
  });
  assert.equal(candidateOf(ANA, BODY, { ...DEVELOPER, level: "master", role: "admin" })?.authority, 1);
});

Deno.test("F-32 candidateOf() leaves out who does not stand, who goes, who has no grant, and who may only watch", () => {
  const { isElectable: _, ...watching } = BODY;

  assert.equal(candidateOf(ANA, watching, DEVELOPER), undefined);
  assert.equal(candidateOf(ANA, { ...BODY, status: "draining" }, DEVELOPER), undefined);
  assert.equal(candidateOf(ANA, BODY, undefined), undefined);
  assert.equal(candidateOf(ANA, BODY, { ...DEVELOPER, level: "read_only", role: "observer" }), undefined);
});

Deno.test("presentCandidates() are this node and those that are alive", () => {
  const record = (peer: PeerId, liveness: PresenceRecord["liveness"]): PresenceRecord => ({
    peer,
    agentId: "x" as PresenceRecord["agentId"], // not looked at
    binaryType: "agent",
    role: "developer",
    liveness,
    body: BODY,
    heardAtMs: 0,
  });

  const found = presentCandidates({
    self: ANA,
    describeSelf: () => BODY,
    records: () => [record(ANA, "alive"), record(BEN, "alive"), record(EVE, "failed")],
    membership: { grantOf: () => DEVELOPER as never },
  }, 0);

  assert.deepEqual(found.map(({ peer }) => peer), [ANA, BEN]);
});

Deno.test("CompletedTasks counts each task that this node completed once", () => {
  const completed = new CompletedTasks(ANA);
  const view = (id: string, state: TaskView["state"], by: PeerId) =>
    ({ taskId: id as TaskId, state, result: { by } }) as unknown as TaskView;

  completed.taskChanged(view("1", "completed", ANA));
  completed.taskChanged(view("1", "completed", ANA));
  completed.taskChanged(view("2", "completed", BEN));
  completed.taskChanged(view("3", "failed", ANA));

  assert.equal(completed.count, 1);
});
