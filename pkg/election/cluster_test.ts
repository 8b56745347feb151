// The election on real registers: signatures, streams and voters in one process.
import assert from "node:assert/strict";
import { createSystemClock, createSystemRandom, type EntryId, type PeerId } from "@bzzz/base";
import { waitFor } from "@bzzz/base/testing";
import { createNullLogger } from "@bzzz/logging";
import { encodeCertificate, votersOf } from "@bzzz/register";
import { RegisterCluster } from "@bzzz/register/testing";
import { certifiedLeader } from "./certified.ts";
import { ElectionManager } from "./election_manager.ts";
import { createLeaderRules } from "./leader_rules.ts";
import type { LeaderValue } from "./leader_value.ts";

const TIMES = { heartbeatMs: 200, leaseMs: 900 } as const;
const clock = createSystemClock();

function setUp(cluster: RegisterCluster) {
  const master = cluster.at(0).peer;
  const recorded: { value: LeaderValue; certificate: Uint8Array }[] = [];
  const down = new Set<PeerId>();
  const managers: ElectionManager[] = [];
  let leading = 0;
  let mostLeading = 0;
  const others = (self: PeerId) =>
    managers.filter((_, at) => cluster.at(at).peer !== self && !down.has(cluster.at(at).peer));
  for (const { peer: self, registers } of cluster.nodes) {
    const manager = new ElectionManager({
      register: registers.use(createLeaderRules({ mayLead: () => true, mayDepose: (peer) => peer === master })),
      clock,
      random: createSystemRandom(),
      logger: createNullLogger(),
      candidates: () =>
        cluster.nodes.map(({ peer }) => ({
          peer,
          authority: 0.5,
          load: 0,
          activeTasks: 0,
          maxTasks: 1,
          uptimeMs: 0,
          connections: 2,
          completedTasks: 0,
        })),
      sendHeartbeat: ({ term }) => {
        if (!down.has(self)) { for (const other of others(self)) other.heartbeat(self, term); }
      },
      record: (value, certificate) => {
        recorded.push({ value, certificate: encodeCertificate(certificate) });
        for (const other of others(self)) other.learned(value);
        return Promise.resolve();
      },
    }, { self, isElectable: true, ...TIMES });
    manager.whileLeader("the one", async ({ signal }) => {
      mostLeading = Math.max(mostLeading, ++leading);
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
      leading--;
    });
    managers.push(manager);
  }
  for (const manager of managers) manager.start();
  const leader = (but?: number) =>
    waitFor(() => {
      const at = managers.findIndex((manager, index) => index !== but && manager.leadership());
      return at < 0 ? undefined : { at };
    }, { timeoutMs: 30_000, what: "a leader", state: () => managers.map((manager) => manager.view()) });
  return { managers, recorded, down, leader, mostLeading: () => mostLeading };
}

async function at(index: number, mesh: { readonly managers: readonly ElectionManager[] }): Promise<ElectionManager> {
  const manager = mesh.managers[index];
  assert.ok(manager);
  return await Promise.resolve(manager);
}

Deno.test("three voters elect one leader, prove it, and replace it when it is cut off; never two at a time", async () => {
  await using cluster = RegisterCluster.create({ voters: 3 });
  const mesh = setUp(cluster);

  const first = await mesh.leader();
  mesh.down.add(cluster.at(first.at).peer);
  cluster.isolate(first.at);
  const second = await mesh.leader(first.at);
  cluster.isolate(first.at, false);
  mesh.down.clear();
  const old = await at(first.at, mesh);
  await waitFor(() => old.view().leader === cluster.at(second.at).peer, {
    timeoutMs: 30_000,
    what: "the old leader to follow the new one",
    state: () => old.view(),
  });

  assert.notEqual(second.at, first.at);
  assert.equal(mesh.mostLeading(), 1);
  const roster = cluster.at(0).registers.roster();
  assert.ok(roster);
  const proof = { mesh: cluster.mesh.meshId, votersOf: () => votersOf(roster) };
  for (const { value, certificate } of mesh.recorded) {
    assert.deepEqual(certifiedLeader(certificate, proof), { type: "proved", value });
  }
  await Promise.all(mesh.managers.map((manager) => manager.stop()));
});

Deno.test("voters refuse the order of one who is no master, and follow a master's", async () => {
  await using cluster = RegisterCluster.create({ voters: 3 });
  const mesh = setUp(cluster);
  const first = await mesh.leader();
  const term = mesh.managers[first.at]?.view().term ?? 0;
  const order = { type: "depose", term, order: "step_down", entry: "e".repeat(64) as EntryId } as const;

  const refused = await (await at(1, mesh)).order(order);
  const obeyed = await (await at(0, mesh)).order(order);
  const second = await mesh.leader(first.at);

  assert.deepEqual(refused, { type: "refused", code: "not_allowed" });
  assert.equal(obeyed.type, "decided");
  assert.equal(mesh.managers[second.at]?.view().term, term + 1);
  assert.equal(mesh.mostLeading(), 1);
  await Promise.all(mesh.managers.map((manager) => manager.stop()));
});
