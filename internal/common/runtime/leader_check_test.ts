import assert from "node:assert/strict";
import type { PeerId } from "@bzzz/base";
import { ManualClock } from "@bzzz/base/testing";
import type { LeaderView, RankedCandidate } from "@bzzz/election";
import { CHECK_DEFAULTS, HealthManager } from "@bzzz/health";
import { createNullLogger } from "@bzzz/logging";
import { leaderCheck } from "./leader_check.ts";

const BASIL = "basil's peer id" as PeerId;
const FOLLOWS: LeaderView = { role: "follower", term: 3, leaseMs: 2_000, score: 50, rank: 0, isElectable: true };

Deno.test("leaderCheck() names the leader, and misses one only when nobody took over in time", async () => {
  const clock = new ManualClock();
  await using health = new HealthManager({ clock, logger: createNullLogger() });
  let view: LeaderView = { ...FOLLOWS, leader: BASIL };
  let candidates: RankedCandidate[] = [{ peer: BASIL, score: 50 }];
  health.setPhase("started");
  const check = leaderCheck({ view: () => view, ranking: () => candidates }, () => "basil");
  health.register(check);
  const checked = async () => {
    await health.start();
    await clock.advance(check.intervalMs ?? CHECK_DEFAULTS.intervalMs);
    const { status, isReady, reasons, checks } = health.status();
    const last = checks[0]?.last;
    return {
      status,
      isReady,
      reasons: reasons.map(({ message }) => message),
      detail: last?.ok ? last.detail : last?.code,
    };
  };

  const led = await checked();
  view = FOLLOWS;
  const missing = [];
  for (let run = 1; run <= 5; run++) missing.push(await checked());
  candidates = [];
  const unwanted = await checked();

  const healthy = { status: "healthy", isReady: true, reasons: [] };
  assert.deepEqual(led, { ...healthy, detail: "basil leads term 3" });
  assert.deepEqual(missing.map(({ status }) => status), ["healthy", "healthy", "healthy", "healthy", "degraded"]);
  assert.deepEqual(missing.at(-1), {
    status: "degraded",
    isReady: true,
    reasons: ["Nobody leads the mesh: the last term was 3"],
    detail: "no_leader",
  });
  assert.deepEqual(unwanted, { ...healthy, detail: "nobody stands for election" });
});
