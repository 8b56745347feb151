import assert from "node:assert/strict";
import type { EntryId, PeerId } from "@bzzz/base";
import { createSeededRandom, ManualClock, settle } from "@bzzz/base/testing";
import { createNullLogger } from "@bzzz/logging";
import type { Certificate, Refused, Register } from "@bzzz/register";
import { ELECTION_PROFILES } from "./constants.ts";
import { ElectionManager } from "./election_manager.ts";
import { checkLeader, decideLeader, leaderLeaseId } from "./leader_rules.ts";
import { LEADER_KEY, type LeaderCommand, type LeaderValue } from "./leader_value.ts";
import type { LeaderCandidate } from "./score.ts";

const PEERS = ["1", "2", "3"].map((end) => `12D3Koo${"A".repeat(44)}${end}` as PeerId); // fits a peer id's form
const [ANA, BEN] = PEERS as [PeerId, PeerId];
const CONFIG = ELECTION_PROFILES.default;
const CERTIFICATE: Certificate = {
  key: LEADER_KEY,
  epoch: 1,
  ballot: { counter: 1, proposer: ANA },
  value: new Uint8Array(),
  signatures: [],
};

/** One register that every node reaches, unless it is cut off. */
class SharedRegister {
  value: LeaderValue | undefined;
  readonly cutOff = new Set<PeerId>();
  readonly clock: ManualClock;
  #leaseId: string | undefined;
  #leaseSinceMs = 0;

  constructor(clock: ManualClock) {
    this.clock = clock;
  }

  of(actor: PeerId): Pick<Register<LeaderValue, LeaderCommand>, "submit" | "probe" | "read"> {
    const unreachable = { type: "undecided", reason: "no_quorum" } as const;
    type Judged = Refused<LeaderValue> | { readonly type: "next"; readonly next: LeaderValue; readonly isNew: boolean };
    const judge = (command: LeaderCommand): Judged => {
      const decision = decideLeader(this.value, command, actor);
      if ("refuse" in decision) return { type: "refused", code: decision.refuse };
      if ("same" in decision) return { type: "next", next: this.value as LeaderValue, isNew: false };
      const ageMs = this.#leaseId === undefined ? undefined : this.clock.monotonicMs() - this.#leaseSinceMs;
      const facts = { mayLead: () => true, mayDepose: () => true };
      const verdict = checkLeader(facts, this.value, command, actor, ageMs);
      if ("retry" in verdict) {
        return { type: "refused", code: verdict.retry, retryAfterMs: verdict.afterMs ?? 0 };
      }
      return { type: "next", next: decision.next, isNew: true };
    };
    const isCutOff = () => this.cutOff.has(actor);
    return {
      read: () => Promise.resolve(isCutOff() ? unreachable : { type: "value", value: this.value }),
      probe: (_key, command) => {
        if (isCutOff()) return Promise.resolve(unreachable);
        const judged = judge(command);
        return Promise.resolve(judged.type === "next" ? { type: "would_accept" } : judged);
      },
      submit: (_key, command) => {
        if (isCutOff()) return Promise.resolve(unreachable);
        const judged = judge(command);
        if (judged.type !== "next") return Promise.resolve(judged);
        this.value = judged.next;
        const leaseId = leaderLeaseId(judged.next);
        if (leaseId !== this.#leaseId) this.#leaseSinceMs = this.clock.monotonicMs();
        this.#leaseId = leaseId;
        return Promise.resolve({ type: "decided", value: judged.next, certificate: CERTIFICATE, isNew: judged.isNew });
      },
    };
  }
}

function candidate(peer: PeerId): LeaderCandidate {
  const nothing = { load: 0, activeTasks: 0, maxTasks: 1, uptimeMs: 0, connections: 2, completedTasks: 0 };
  return { peer, authority: 0.5, ...nothing };
}

function setUp(peers: readonly PeerId[] = [ANA, BEN]) {
  const clock = new ManualClock();
  const register = new SharedRegister(clock);
  const recorded: LeaderValue[] = [];
  const log: string[] = [];
  const deaf = new Set<PeerId>();
  const managers = new Map<PeerId, ElectionManager>();
  for (const [at, self] of peers.entries()) {
    const manager = new ElectionManager({
      register: register.of(self),
      schedule: (work) => work(),
      clock,
      random: createSeededRandom(at),
      logger: createNullLogger(),
      candidates: () => peers.map(candidate),
      sendHeartbeat: ({ term }) => {
        if (register.cutOff.has(self)) return;
        for (const [peer, other] of managers) if (peer !== self && !deaf.has(peer)) other.heartbeat(self, term);
      },
      record: (value) => {
        recorded.push(value);
        for (const [peer, other] of managers) if (!register.cutOff.has(peer) && !deaf.has(peer)) other.learned(value);
        return Promise.resolve();
      },
    }, { self, isElectable: true, ...CONFIG });
    manager.events.on("leadership:gained", ({ term }) => log.push(`${peers.indexOf(self)} gained ${term}`));
    manager.events.on(
      "leadership:lost",
      ({ term, reason }) => log.push(`${peers.indexOf(self)} lost ${term}: ${reason}`),
    );
    managers.set(self, manager);
  }
  // in small steps, because an answer that takes several turns of the event loop sets the next timer
  const pass = async (forMs: number) => {
    for (let passedMs = 0; passedMs < forMs; passedMs += 50) await clock.advance(50);
  };
  const of = (peer: PeerId) => managers.get(peer) as ElectionManager;
  const stopAll = () => Promise.all([...managers.values()].map((manager) => manager.stop()));
  return { clock, pass, register, deaf, recorded, log, of, stopAll, managers };
}

async function started(peers?: readonly PeerId[]) {
  const mesh = setUp(peers);
  for (const manager of mesh.managers.values()) manager.start();
  await mesh.pass(1_000);
  return mesh;
}

Deno.test("the first in rank leads, the others know it, and the history has it once", async () => {
  const { pass, of, recorded, log, stopAll } = await started();

  await pass(120_000);

  assert.deepEqual(log, ["0 gained 1"]);
  assert.equal(of(ANA).view().role, "leader");
  const { leader, term, role } = of(BEN).view();
  assert.deepEqual({ leader, term, role }, { leader: ANA, term: 1, role: "follower" });
  assert.equal(of(ANA).leadership()?.term, 1);
  assert.equal(of(BEN).leadership(), undefined);
  assert.deepEqual(recorded.map(({ term, holder }) => [term, holder]), [[1, ANA]]);
  await stopAll();
});

Deno.test("a leader that cannot renew stops at 0.75 of its lease, and its signal aborts", async () => {
  const { pass, register, of, log, stopAll } = await started();
  const held = of(ANA).leadership();
  assert.ok(held);

  register.cutOff.add(ANA);
  await pass(CONFIG.leaseMs * 0.75);

  assert.equal(of(ANA).leadership(), undefined);
  assert.ok(held.signal.aborted && !held.isHeld());
  await pass(CONFIG.leaseMs);
  assert.deepEqual(log, ["0 gained 1", "0 lost 1: lease_expired", "1 gained 2"]);
  register.cutOff.delete(ANA);
  await pass(CONFIG.leaseMs);
  assert.deepEqual([of(ANA).view().role, of(ANA).view().leader], ["follower", BEN]);
  await stopAll();
});

Deno.test("a node that hears nothing of the leader for ever follows it all the same: the voters tell it", async () => {
  const { pass, register, deaf, of, log, stopAll } = await started();

  deaf.add(BEN);
  const unled: number[] = [];
  for (let passedMs = 0; passedMs < 10 * CONFIG.leaseMs; passedMs += 500) {
    await pass(500);
    if (of(BEN).view().leader !== ANA) unled.push(passedMs);
  }
  assert.deepEqual(unled, [], "milliseconds at which nobody seemed to lead");

  // and whoever leads next
  register.cutOff.add(BEN);
  await of(ANA).order({ type: "depose", term: 1, order: "trigger", entry: "e".repeat(64) as EntryId });
  await pass(CONFIG.leaseMs);
  register.cutOff.delete(BEN);
  await pass(CONFIG.leaseMs);
  assert.deepEqual([of(BEN).view().leader, of(BEN).view().term], [ANA, 2]);
  assert.deepEqual(log, ["0 gained 1", "0 lost 1: deposed", "0 gained 2"]);
  await stopAll();
});

Deno.test("after a sleep of the machine a leader is none, before any timer has run", async () => {
  const { clock, of, stopAll } = await started();
  const held = of(ANA).leadership();

  clock.jumpWall(60_000); // what a suspend looks like: the monotonic clock stood still

  assert.equal(of(ANA).leadership(), undefined);
  assert.equal(held?.isHeld(), false);
  await stopAll();
});

Deno.test("stop() gives the term back once the work has ended, and the next one leads at once", async () => {
  const { pass, of, log, stopAll } = await started();
  const { promise: workEnded, resolve: endWork } = Promise.withResolvers<void>();
  of(ANA).whileLeader("slow", async ({ signal }) => {
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    log.push("work was told");
    await workEnded;
  });
  await settle();

  const stopping = of(ANA).stop();
  await pass(1_000);
  assert.deepEqual(log, ["0 gained 1", "0 lost 1: stepped_down", "work was told"]);
  endWork();
  await settle();
  await pass(2_000);
  await stopping;

  assert.deepEqual(log.slice(3), ["1 gained 2"]);
  await stopAll();
});

Deno.test("stop() may be asked for twice at once: both resolve when it has stopped, and nothing waits", async () => {
  const { managers, clock, pass } = setUp([ANA]);
  const manager = managers.get(ANA) ?? assert.fail("there is one");
  manager.start();
  await pass(1_000);
  assert.ok(manager.leadership());
  let stopped = 0;

  const stops = [manager.stop(), manager.stop()].map((stop) => stop.then(() => stopped++));
  await settle();

  assert.equal(stopped, 2);
  await clock.advance(10_000);
  await Promise.all(stops);
});

Deno.test("an order ends the term; after step_down somebody else leads, after trigger the best does again", async () => {
  const { pass, of, register, recorded, log, stopAll } = await started();
  const entry = "e".repeat(64) as EntryId; // fits an entry id's form

  const first = await of(BEN).order({ type: "depose", term: 1, order: "step_down", entry });
  await pass(1_000);
  assert.equal(first.type, "decided");
  assert.equal(register.value?.holder, BEN);
  const second = await of(BEN).order({ type: "depose", term: 2, order: "trigger", entry });
  await pass(1_000);

  assert.equal(second.type, "decided");
  assert.deepEqual(log, ["0 gained 1", "0 lost 1: deposed", "1 gained 2", "1 lost 2: deposed", "0 gained 3"]);
  assert.deepEqual(await of(BEN).order({ type: "depose", term: 1, order: "trigger", entry }), {
    type: "refused",
    code: "term_moved",
  });
  const orders = recorded.map(({ term, holder, deposed }) => [term, holder && PEERS.indexOf(holder), deposed?.order]);
  assert.deepEqual(orders, [
    [1, 0, undefined],
    [1, 0, "step_down"],
    [1, undefined, undefined],
    [2, 1, undefined],
    [2, 1, "trigger"],
    [2, undefined, undefined],
    [3, 0, undefined],
  ]);
  await stopAll();
});

Deno.test("whileLeader() begins at once on a node that leads, and ends with its disposal", async () => {
  const { of, stopAll } = await started();
  const seen: string[] = [];

  const duty = of(ANA).whileLeader("curator", async ({ term, signal }) => {
    seen.push(`start ${term}`);
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    seen.push("stop");
  });
  await settle();
  assert.deepEqual(seen, ["start 1"]);
  await duty[Symbol.asyncDispose]();

  assert.deepEqual(seen, ["start 1", "stop"]);
  assert.equal(of(ANA).leadership()?.term, 1);
  await stopAll();
});

Deno.test("the first question is asked after the turn of the start, and not at all by who stops in it", async () => {
  const clock = new ManualClock();
  const later: (() => void)[] = [];
  let questions = 0;
  const shared = new SharedRegister(clock).of(ANA);
  const create = () =>
    new ElectionManager({
      register: { ...shared, read: (key, options) => (questions++, shared.read(key, options)) },
      schedule: (work) => void later.push(work),
      clock,
      random: createSeededRandom(1),
      logger: createNullLogger(),
      candidates: () => [candidate(ANA)],
      sendHeartbeat: () => {},
      record: () => Promise.resolve(),
    }, { self: ANA, isElectable: true, ...CONFIG });
  const [stays, goes] = [create(), create()];
  stays.start();
  goes.start();
  await goes.stop();
  assert.equal(questions, 0);
  for (const work of later) work();
  await settle();

  assert.equal(questions, 1);
  await stays.stop();
});
