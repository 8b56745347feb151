import assert from "node:assert/strict";
import type { RosterChange } from "@bzzz/register";
import { codeOf, OfflineMesh } from "./testing.ts";
import { VotersDesk } from "./voters_desk.ts";

Deno.test("only an admin changes who votes, and only members are found", async () => {
  await using mesh = new OfflineMesh();
  const admin = await mesh.start({ role: "admin", agentId: "atlas" });
  const worker = await mesh.start({ role: "developer", agentId: "basil" });

  assert.equal(await codeOf(worker.facade.voters.add("atlas")), "not_allowed");
  assert.equal(await codeOf(admin.facade.voters.add("nobody")), "not_found");
  assert.equal(await codeOf(admin.facade.voters.add("atlas")), "voter_refused", "no voters are known in this mesh");
  assert.deepEqual((await admin.facade.voters.show()).voters, []);
});

Deno.test("every refusal says why in words, an open outcome where to look", async () => {
  await using mesh = new OfflineMesh();
  const admin = await mesh.start({ role: "admin", agentId: "atlas" });
  const deskThat = (change: RosterChange) =>
    new VotersDesk({
      local: admin.local,
      node: admin.node,
      clock: mesh.clock,
      registers: {
        roster: () => undefined,
        stats: () => ({ epoch: 0, step: "none", voters: 0, reachableVoters: 0, proposals: 0, counters: new Map() }),
        hasQuorum: () => false,
        isVoter: false,
        addVoter: () => Promise.resolve(change),
        removeVoter: () => Promise.resolve(change),
      },
    });

  await assert.rejects(deskThat({ type: "refused", code: "would_lose_quorum" }).remove("atlas"), /no majority/);
  assert.equal(await codeOf(deskThat({ type: "undecided", reason: "timeout" }).add("atlas")), "no_quorum");
});
