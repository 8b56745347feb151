import assert from "node:assert/strict";
import { createSeededRandom, ManualClock, waitFor } from "@bzzz/base/testing";
import { createSigningKey, peerIdFromPublicKey } from "@bzzz/crypto";
import { createNullLogger } from "@bzzz/logging";
import { StoreError } from "@bzzz/store";
import { z } from "zod";
import { verifyCertificate } from "./certificate.ts";
import { createCodec } from "./codec.ts";
import { registerKey } from "./keys.ts";
import { createRegisterNode } from "./node.ts";
import { MemoryRegisterDisk, RegisterCluster } from "./testing.ts";
import type { Register, RegisterRules } from "./types.ts";
import { votersOf } from "./voter_roster.ts";

const KEY = registerKey("count", "a");

interface Count {
  readonly version: number;
  readonly by: string;
}

/** A register that counts: a command names the version it expects. */
const COUNT: RegisterRules<Count, { version: number; by: string }> = {
  prefix: "count",
  value: createCodec(() => z.object({ version: z.int(), by: z.string() })),
  command: createCodec(() => z.object({ version: z.int(), by: z.string() })),
  decide: (_key, previous, { version, by }) => {
    if (previous?.by === by && previous.version === version + 1) return { same: true };
    return (previous?.version ?? 0) === version ? { next: { version: version + 1, by } } : { refuse: "version" };
  },
  check: (_key, _previous, { by }) => by === "nobody" ? { refuse: "forbidden" } : { ok: true },
  leaseId: () => undefined,
};

function useCounts(cluster: RegisterCluster): Register<Count, { version: number; by: string }>[] {
  return cluster.nodes.map(({ registers }) => registers.use(COUNT));
}

for (const voters of [1, 2, 3, 5]) {
  Deno.test(`${voters} voters decide, prove it, and tell whoever reads`, async () => {
    await using cluster = RegisterCluster.create({ voters, others: 1 });
    const counts = useCounts(cluster);

    const first = await counts[0]?.submit(KEY, { version: 0, by: "ana" });
    const again = await counts.at(-1)?.submit(KEY, { version: 0, by: "ana" });
    const late = await counts[voters - 1]?.submit(KEY, { version: 0, by: "ben" });
    const read = await counts.at(-1)?.read(KEY);
    const nothing = await counts[0]?.read(registerKey("count", "b"));

    assert.ok(first?.type === "decided" && first.isNew);
    assert.ok(again?.type === "decided" && !again.isNew, "repeating is safe");
    assert.deepEqual([late?.type, late?.type === "refused" && [late.code, late.value?.by]], ["refused", [
      "version",
      "ana",
    ]]);
    assert.ok(read?.type === "value" && read.value?.by === "ana" && read.certificate);
    assert.deepEqual(nothing, { type: "value", value: undefined });
    const roster = cluster.at(0).registers.roster();
    assert.ok(roster && roster.voters.length === voters);
    assert.ok(verifyCertificate(first.certificate, {
      mesh: cluster.mesh.meshId,
      key: KEY,
      voters: votersOf(roster),
    }));
  });
}

Deno.test("of many who want the same at once exactly one has it", async () => {
  await using cluster = RegisterCluster.create({ voters: 3, others: 3 });
  const counts = useCounts(cluster);

  const outcomes = await Promise.all(
    counts.map((count, index) => count.submit(KEY, { version: 0, by: `agent-${index}` }, { timeoutMs: 20_000 })),
  );

  const winners = outcomes.filter((outcome) => outcome.type === "decided");
  assert.equal(winners.length, 1, JSON.stringify(outcomes.map(({ type }) => type)));
  assert.ok(outcomes.every((outcome) => outcome.type === "decided" || outcome.type === "refused"));
});

Deno.test("what was decided survives one of three voters, and its restart", async () => {
  await using cluster = RegisterCluster.create({ voters: 3 });
  const counts = useCounts(cluster);
  await counts[0]?.submit(KEY, { version: 0, by: "ana" });

  await cluster.stop(0);
  const without = await counts[1]?.submit(KEY, { version: 1, by: "ben" });
  const back = cluster.restart(0).use(COUNT);
  const read = await back.read(KEY);

  assert.equal(without?.type, "decided");
  assert.ok(read.type === "value" && read.value?.version === 2);
});

Deno.test("without a majority nothing is decided, it says so, and goes on when one is back", async () => {
  await using cluster = RegisterCluster.create({ voters: 3 });
  const counts = useCounts(cluster);
  const told: string[] = [];
  const { registers } = cluster.at(2);
  registers.events.on("quorum:lost", () => told.push("lost"));
  registers.events.on("quorum:gained", () => told.push("gained"));

  await cluster.stop(0);
  await cluster.stop(1);
  const alone = await counts[2]?.submit(KEY, { version: 0, by: "ana" });
  const said = [registers.hasQuorum(), registers.describeQuorum()];
  cluster.restart(0).use(COUNT);
  const together = await counts[2]?.submit(KEY, { version: 0, by: "ana" });

  assert.deepEqual(alone, { type: "undecided", reason: "no_quorum" });
  assert.deepEqual(said, [false, "1 of 3 voters can be reached, 2 are needed"]);
  assert.equal(together?.type, "decided");
  assert.deepEqual(told, ["lost", "gained"]);
});

Deno.test("a refusal of the voters themselves is told, and leaves the register as it was", async () => {
  await using cluster = RegisterCluster.create({ voters: 3 });
  const counts = useCounts(cluster);

  const refused = await counts[0]?.submit(KEY, { version: 0, by: "nobody" });
  const probed = await counts[1]?.probe(KEY, { version: 0, by: "nobody" });
  const fine = await counts[1]?.probe(KEY, { version: 0, by: "ana" });
  const read = await counts[2]?.read(KEY);

  assert.deepEqual(refused, { type: "refused", code: "forbidden" });
  assert.deepEqual(probed, { type: "refused", code: "forbidden" });
  assert.deepEqual(fine, { type: "would_accept" });
  assert.deepEqual(read, { type: "value", value: undefined });
});

Deno.test("a command whose voter stops in the middle is never told as refused: it may have been decided", async () => {
  await using cluster = RegisterCluster.create({ voters: 3, others: 1 });
  const counts = useCounts(cluster);
  cluster.at(3).registers.preferVoter(cluster.at(0).peer);
  const gate = Promise.withResolvers<void>();
  for (const { disk } of cluster.nodes.slice(0, 3)) {
    // the promise is on the disk at once, what is accepted only when the gate opens
    let syncs = 0;
    disk.synced = () => ++syncs === 2 ? gate.promise : Promise.resolve();
  }
  const accepted = (node: number) => cluster.at(node).registers.stats().counters.get("voter.accept.accepted") ?? 0;

  const told = counts[3]?.submit(KEY, { version: 0, by: "ana" });
  await waitFor(() => [0, 1, 2].every((node) => accepted(node) === 1), { timeoutMs: 30_000, what: "the accepts" });
  const next = counts[1]?.submit(KEY, { version: 1, by: "ben" });
  const stopped = cluster.at(0).registers.stop();
  gate.resolve();
  await stopped;

  assert.equal((await next)?.type, "decided", "ana's was decided, and ben's is what follows it");
  assert.deepEqual(await told, { type: "undecided", reason: "timeout" });
});

Deno.test("a damaged record abstains, is repaired by the others' next decision, and votes again", async () => {
  await using cluster = RegisterCluster.create({ voters: 3 });
  const counts = useCounts(cluster);
  await counts[0]?.submit(KEY, { version: 0, by: "ana" });
  await cluster.stop(2);
  cluster.at(2).disk.damage(KEY);
  cluster.restart(2).use(COUNT);

  const decided = await counts[0]?.submit(KEY, { version: 1, by: "ben" });
  await waitFor(() => cluster.at(2).disk.registers.get(KEY) !== "damaged", { timeoutMs: 30_000, what: "the repair" });
  await cluster.stop(1);
  const after = await counts[0]?.submit(KEY, { version: 2, by: "cid" });

  assert.equal(decided?.type, "decided");
  assert.equal(after?.type, "decided");
});

Deno.test("a voter that cannot write promises nothing, and the others go on", async () => {
  await using cluster = RegisterCluster.create({ voters: 3 });
  const counts = useCounts(cluster);

  cluster.at(2).disk.isFull = true;
  const outcome = await counts[0]?.submit(KEY, { version: 0, by: "ana" });

  assert.equal(outcome?.type, "decided");
  assert.equal(cluster.at(2).disk.registers.get(KEY), undefined);
});

Deno.test("voters are added and removed one at a time, and every register moves with them", async () => {
  await using cluster = RegisterCluster.create({ voters: 1, others: 3 });
  const counts = useCounts(cluster);
  const [master] = cluster.nodes;
  assert.ok(master);
  for (let i = 0; i < 20; i++) await counts[0]?.submit(registerKey("count", `k${i}`), { version: 0, by: "ana" });
  const isStable = () => master.registers.roster()?.step === "stable";

  for (const index of [1, 2]) {
    const change = await master.registers.addVoter(cluster.at(index).peer);
    assert.equal(change.type, "changed", JSON.stringify(change));
    await waitFor(isStable, { timeoutMs: 30_000, what: "the transfer" });
  }
  const removed = await master.registers.removeVoter(master.peer);
  assert.equal(removed.type, "changed");
  await waitFor(
    () => cluster.at(1).registers.roster()?.epoch === 4 && cluster.at(1).registers.roster()?.step === "stable",
    {
      timeoutMs: 30_000,
      what: "the end of the last transfer",
    },
  );
  await cluster.stop(0);
  cluster.at(3).registers.learn(cluster.at(1).registers.history()); // as its journal would tell it
  const reads = await Promise.all(
    Array.from({ length: 20 }, (_, i) => counts[3]?.read(registerKey("count", `k${i}`))),
  );

  assert.deepEqual(reads.map((read) => read?.type === "value" && read.value?.by), Array(20).fill("ana"));
  assert.deepEqual(cluster.at(1).registers.history().length, 7);
});

Deno.test("changes of the voters that would do harm are refused, with the reason", async () => {
  await using cluster = RegisterCluster.create({ voters: 3, others: 1 });
  const [master, second, third, other] = cluster.nodes;
  assert.ok(master && second && third && other);

  const asked = await second.registers.addVoter(other.peer);
  const twice = await master.registers.addVoter(third.peer);
  const stranger = await master.registers.removeVoter(other.peer);
  await cluster.stop(3);
  const gone = await master.registers.addVoter(other.peer);
  await cluster.stop(2);
  const harmful = await master.registers.removeVoter(second.peer);

  const codes = [asked, twice, stranger, gone, harmful].map((change) =>
    change.type === "refused" ? change.code : change.type
  );
  assert.deepEqual(codes, [
    "member_not_reachable", // it gives a seat to masters alone
    "already_a_voter",
    "not_a_voter",
    "member_not_reachable",
    "would_lose_quorum",
  ]);
});

Deno.test("two masters that ask for the same voter at once do not cost it its seat", async () => {
  await using cluster = RegisterCluster.create({ voters: 1, others: 2, masters: 2 });
  const counts = useCounts(cluster);
  const wanted = cluster.at(2);

  const changes = await Promise.all(
    [0, 1].map((index) => cluster.at(index).registers.addVoter(wanted.peer)),
  );
  await waitFor(() => wanted.registers.isVoter, { timeoutMs: 30_000, what: "the new voter on its seat" });
  const outcome = await counts[0]?.submit(KEY, { version: 0, by: "ana" });

  assert.ok(changes.some(({ type }) => type === "changed"), JSON.stringify(changes));
  assert.equal(outcome?.type, "decided");
});

Deno.test("a voter that lost its database has no seat, and does not vote with what it forgot", async () => {
  await using cluster = RegisterCluster.create({ voters: 3 });
  const counts = useCounts(cluster);
  await counts[0]?.submit(KEY, { version: 0, by: "ana" });
  await cluster.stop(2);
  const { disk } = cluster.at(2);
  disk.registers.clear();
  disk.kv.delete("register/seat");

  const registers = cluster.restart(2);
  registers.use(COUNT);
  await cluster.stop(0);
  const outcome = await counts[1]?.submit(KEY, { version: 1, by: "ben" });

  assert.equal(registers.isVoter, false);
  assert.deepEqual(outcome, { type: "undecided", reason: "no_quorum" });
});

Deno.test("many commands that arrive together share their writes to the disk", async () => {
  await using cluster = RegisterCluster.create({ voters: 3 });
  const counts = useCounts(cluster);
  const before = cluster.at(1).disk.syncs;

  const outcomes = await Promise.all(
    Array.from({ length: 50 }, (_, i) => counts[0]?.submit(registerKey("count", `k${i}`), { version: 0, by: "ana" })),
  );

  assert.ok(outcomes.every((outcome) => outcome?.type === "decided"));
  assert.ok(cluster.at(1).disk.syncs - before < 50, `${cluster.at(1).disk.syncs - before} syncs for 100 promises`);
});

Deno.test("voters that were stored are told of, also when the disk fills up behind them", async () => {
  await using cluster = RegisterCluster.create({ voters: 2 });
  const history = cluster.at(0).registers.history();
  const disk = new MemoryRegisterDisk();
  const key = createSigningKey(createSeededRandom(9));
  const peer = peerIdFromPublicKey(key.publicKey);
  let room = 2;
  const kv = {
    ...disk.kv,
    set: (name: string, value: Uint8Array) => {
      if (room-- <= 0) throw new StoreError("store_full", "Cannot write: the disk is full");
      disk.kv.set(name, value);
    },
  };
  const registers = createRegisterNode({
    mesh: cluster.mesh,
    self: peer,
    signingKey: key,
    store: { kv, registers: disk.registers, transaction: (work) => work(), synced: () => Promise.resolve() },
    streams: cluster.network.createNode(peer),
    peers: () => [],
    isMember: () => true,
    isMaster: () => false,
    penalise: () => {},
    clock: new ManualClock(),
    random: createSeededRandom(9),
    logger: createNullLogger(),
  });
  const told: string[] = [];
  registers.events.on("roster:changed", ({ roster }) => told.push(roster.step));

  assert.throws(() => registers.learn(history), StoreError);
  assert.deepEqual([registers.roster()?.step, told], ["transferring", ["transferring"]]);
  room = 1;
  assert.equal(registers.learn(history), true);
  assert.deepEqual([registers.roster()?.step, told], ["stable", ["transferring", "stable"]]);
  await registers.stop();
});
