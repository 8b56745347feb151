import { strict as assert } from "node:assert";
import type { PeerId } from "@bzzz/base";
import { createSeededRandom } from "@bzzz/base/testing";
import fc from "fast-check";
import { MAX_REMEMBERED_PEERS, RECENTLY_SEEN_MS, REDIAL_RECENT_MAX_MS } from "./constants.ts";
import { type DialConditions, RedialPlan } from "./redial.ts";

const PEER = "peer-1" as PeerId;
const ADDRESS = "/ip4/10.0.0.1/tcp/9000";

function conditions(nowMs: number, changes: Partial<DialConditions> = {}): DialConditions {
  return {
    nowMs,
    isConnected: () => false,
    isDenied: () => false,
    isMember: () => true,
    slots: 8,
    hasEnough: false,
    isAlone: false,
    ...changes,
  };
}

/** Times at which a peer that never answers is dialled between two moments. */
function attempts(
  plan: RedialPlan,
  fromMs: number,
  untilMs: number,
  changes: Partial<DialConditions> = {},
): number[] {
  const times: number[] = [];
  for (let nowMs = fromMs; nowMs < untilMs; nowMs += 100) {
    for (const target of plan.due(conditions(nowMs, changes))) {
      times.push(nowMs);
      plan.settled(target, "failed", nowMs);
    }
  }
  return times;
}

Deno.test("a member that was here lately is tried at least every 2.5 s, one long gone at most a minute apart, for ever", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const plan = new RedialPlan({ random: createSeededRandom(seed) });
      plan.remember(PEER, [ADDRESS], 0);
      plan.admitted(PEER, { nowMs: 0, wallMs: 1000 });
      plan.disconnected(PEER, 1000);

      const times = attempts(plan, 1000, 3 * RECENTLY_SEEN_MS);

      const gaps = times.slice(1).map((time, i) => ({ time, gap: time - (times[i] ?? 0) }));
      assert.ok(
        gaps.filter(({ time }) => time < RECENTLY_SEEN_MS).every(({ gap }) => gap <= REDIAL_RECENT_MAX_MS + 100),
      );
      assert.ok(gaps.every(({ gap }) => gap <= 60_100), "at most a minute");
      assert.ok((times.at(-1) ?? 0) > 3 * RECENTLY_SEEN_MS - 61_000, "it never gives up");
      assert.ok(
        gaps.filter(({ time }) => time > 2 * RECENTLY_SEEN_MS).every(({ gap }) => gap > 20_000),
        "but slows down",
      );
    }),
    { numRuns: 10 },
  );
});

Deno.test("a node without any connection tries a peer it has not seen since its start at least every 2.5 s", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const plan = new RedialPlan({ random: createSeededRandom(seed) });
      plan.restore({ peer: PEER, addresses: [ADDRESS], lastSeenMs: 1 }, 0);

      const alone = attempts(plan, 0, 300_000, { isAlone: true });
      const inCompany = attempts(plan, 300_000, 900_000);

      const gapsMs = alone.slice(1).map((time, i) => time - (alone[i] ?? 0));
      assert.ok(gapsMs.every((gapMs) => gapMs <= REDIAL_RECENT_MAX_MS + 100), `paused ${Math.max(...gapsMs)} ms`);
      assert.ok(gapsMs.slice(5).every((gapMs) => gapMs >= REDIAL_RECENT_MAX_MS / 2), "but is no busy loop");
      assert.ok(inCompany.length < 30, `${inCompany.length} dials in ten minutes with a connection`);
    }),
    { numRuns: 20 },
  );
});

Deno.test("a node without any connection asks one that refused it no more often than in company", () => {
  const plan = new RedialPlan({ random: createSeededRandom(1) });
  plan.remember(PEER, [ADDRESS], 0);
  let dials = 0;

  for (let nowMs = 0; nowMs < 600_000; nowMs += 500) {
    for (const target of plan.due(conditions(nowMs, { isAlone: true }))) {
      dials++;
      plan.settled(target, "refused", nowMs, PEER);
    }
  }

  assert.ok(dials < 30, `${dials} dials in ten minutes`);
});

Deno.test("many peers that are gone do not keep a lone node from one that is there", () => {
  const plan = new RedialPlan({ random: createSeededRandom(1) });
  for (let i = 0; i < 100; i++) plan.remember(`gone-${i}` as PeerId, [ADDRESS], 0);
  plan.remember(PEER, [ADDRESS], 0);
  const dialledAtMs: number[] = [];

  for (let nowMs = 0; nowMs < 60_000; nowMs += 500) {
    for (const target of plan.due(conditions(nowMs, { isAlone: true, slots: 8 }))) {
      if (target.peer === PEER) dialledAtMs.push(nowMs);
      plan.settled(target, "failed", nowMs);
    }
  }

  assert.ok(dialledAtMs.length >= 8, `dialled ${dialledAtMs.length} times in a minute`);
});

Deno.test("connected, denied and unknown peers are not dialled; strangers of the local network are", () => {
  const plan = new RedialPlan({ random: createSeededRandom(1) });
  plan.remember(PEER, [ADDRESS], 0);

  const none = [
    plan.due(conditions(0, { isConnected: () => true })),
    plan.due(conditions(0, { isDenied: () => true })),
    plan.due(conditions(0, { isMember: () => false })),
    plan.due(conditions(0, { hasEnough: true })),
    plan.due(conditions(0, { slots: 0 })),
  ];
  plan.hear(PEER, [ADDRESS], 0);
  const some = plan.due(conditions(600, { isMember: () => false }));
  const twice = plan.due(conditions(600, { isMember: () => false }));

  assert.deepEqual(none, [[], [], [], [], []]);
  assert.deepEqual(some.map(({ peer }) => peer), [PEER]);
  assert.deepEqual(twice, [], "one dial at a time");
});

Deno.test("a peer that refused us is asked ever more rarely, whatever mDNS says", () => {
  const plan = new RedialPlan({ random: createSeededRandom(1) });
  let dials = 0;
  for (let nowMs = 0; nowMs < 600_000; nowMs += 500) {
    if (nowMs % 5000 === 0) plan.hear(PEER, [ADDRESS], nowMs);
    for (const target of plan.due(conditions(nowMs, { isMember: () => false }))) {
      dials++;
      plan.settled(target, "refused", nowMs, PEER);
    }
  }

  assert.ok(dials < 30, `${dials} dials in ten minutes`);
});

Deno.test("A-13 an mDNS answer makes a peer that was long gone due at once", () => {
  const plan = new RedialPlan({ random: createSeededRandom(1) });
  plan.remember(PEER, [ADDRESS], 0);
  attempts(plan, 0, 300_000);

  plan.hear(PEER, [ADDRESS], 300_000);

  assert.equal(plan.due(conditions(300_600)).length, 1);
});

Deno.test("a bootstrap entry follows whoever has the name, and a name of our own is left alone", () => {
  const plan = new RedialPlan({ random: createSeededRandom(1) });
  plan.addBootstrap("/dns/hive-0/tcp/9000", undefined, 0);
  plan.addBootstrap("/dns/hive-1/tcp/9000", undefined, 0);

  const [first, self] = plan.due(conditions(0));
  assert.ok(first && self);
  plan.settled(first, "admitted", 0, PEER);
  plan.settled(self, "self", 0);
  const whileConnected = plan.due(conditions(5000, { isConnected: (peer) => peer === PEER }));
  plan.disconnected(PEER, 5000);
  const afterLoss = plan.due(conditions(5600));

  assert.deepEqual(whileConnected, []);
  assert.deepEqual(afterLoss.map(({ key }) => key), ["bootstrap /dns/hive-0/tcp/9000"]);
});

Deno.test("the plan remembers a bounded number of peers and forgets the longest unseen", () => {
  const plan = new RedialPlan({ random: createSeededRandom(1) });
  plan.remember(PEER, [ADDRESS], 0);
  plan.admitted(PEER, { nowMs: 0, wallMs: 5000 });

  for (let i = 0; i < MAX_REMEMBERED_PEERS + 50; i++) plan.remember(`stranger-${i}` as PeerId, [ADDRESS], 0);

  assert.equal(plan.size, MAX_REMEMBERED_PEERS);
  assert.deepEqual(plan.addressesOf(PEER), [ADDRESS]);
});
