import assert from "node:assert/strict";
import { createTestMesh } from "@bzzz/agentid/testing";
import { createSeededRandom, ManualClock } from "@bzzz/base/testing";
import { TOPICS } from "@bzzz/wire";
import { TestAuthor } from "@bzzz/wire/testing";
import { createTestJournal } from "./testing.ts";

const agents = { topic: TOPICS.agents } as const;

Deno.test("a member that restored the root key is an admin for who knew nothing of it, by its own entry", async () => {
  const clock = new ManualClock();
  const mesh = createTestMesh({ clock, random: createSeededRandom(1) });
  const { meshId } = mesh.mesh;
  const basil = new TestAuthor(2, { mesh: meshId, startMs: clock.nowMs() + 1000 });
  mesh.issue({ signingKey: basil.key, role: "developer", agentId: "basil" });
  const gate = mesh.membership(); // of a node that hears no more but what is gossiped
  await using test = createTestJournal({ seed: 9, mesh: meshId, clock, gate });
  const restored = mesh.issue({ signingKey: basil.key, role: "admin", agentId: "basil" });
  const byAnother = mesh.issue({ role: "admin", agentId: "eve", issuer: restored });
  const from = { peer: basil.peer, path: "sync" } as const;

  const unrelated = basil.entry("grant_issued", { grant: byAnother.grantBytes.slice() }, agents);
  const before = test.journal.ingest(unrelated.frame, from);
  const proof = new TestAuthor(2, { mesh: meshId, startMs: clock.nowMs() + 2000 })
    .entry("grant_issued", { grant: restored.grantBytes.slice() }, agents);
  const after = test.journal.ingest(proof.frame, from);

  assert.equal(before.reason, "not_permitted", "a grant of another is no proof");
  assert.equal(after.reason, "stored");
  assert.equal(gate.grantOf(basil.peer)?.role, "admin");
});

Deno.test("a grant of somebody else that the root signed makes no member an admin", async () => {
  const clock = new ManualClock();
  const mesh = createTestMesh({ clock, random: createSeededRandom(1) });
  const { meshId } = mesh.mesh;
  const eve = new TestAuthor(3, { mesh: meshId, startMs: clock.nowMs() + 1000 });
  mesh.issue({ signingKey: eve.key, role: "developer", agentId: "eve" });
  const gate = mesh.membership();
  await using test = createTestJournal({ seed: 9, mesh: meshId, clock, gate });
  const basil = mesh.issue({ role: "admin", agentId: "basil" });

  const stolen = eve.entry("grant_issued", { grant: basil.grantBytes.slice() }, agents);
  const result = test.journal.ingest(stolen.frame, { peer: eve.peer, path: "live" });

  assert.deepEqual([result.verdict, result.reason], ["reject", "not_permitted"]);
  assert.equal(gate.grantOf(eve.peer)?.role, "developer");
});
