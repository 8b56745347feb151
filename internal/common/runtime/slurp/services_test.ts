import assert from "node:assert/strict";
import { createSystemRandom, utf8Encode } from "@bzzz/base";
import { ManualClock, waitFor } from "@bzzz/base/testing";
import { createAgeOpener, createAgeSecret } from "@bzzz/crypto";
import { CONFIG_PROFILES, parseConfig } from "@bzzz/config";
import type { SlurpStatus } from "@bzzz/slurp";
import { formatAddress, parseConcrete } from "@bzzz/ucxl";
import { AGENT_PROFILE } from "../profiles.ts";
import { slurpCheck } from "./monitoring.ts";
import { slurpOptions } from "./services.ts";
import { foundTestHome, startTestNode, type TestServices as Services } from "../testdata/test_node.ts";

const random = createSystemRandom();
const README = parseConcrete("ucxl://one:admin@shop:pay/README.md");

/** A node alone in its mesh, so its leader, which stops and starts again as often as `looks` has parts. */
async function withNode(flags: Readonly<Record<string, unknown>>, ...looks: ((services: Services) => Promise<void>)[]) {
  const home = await Deno.makeTempDir({ prefix: "bzzz-slurp-" });
  try {
    await foundTestHome(AGENT_PROFILE, { home, agentId: "one" });
    for (const look of looks) {
      const { services, stop } = await startTestNode(AGENT_PROFILE, {
        home,
        flags: { "slurp.settle_ms": 10, ...flags },
      });
      try {
        await waitFor(() => services.electionManager.leadership(), { timeoutMs: 30_000, what: "the node to lead" });
        await look(services);
      } finally {
        await stop();
      }
    }
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

async function write(services: Services): Promise<void> {
  await services.context.put(README, {
    bytes: utf8Encode("# Pay\n\nNobody pays twice."),
    mediaType: "text/markdown",
    audience: ["developer"],
  });
}

async function summaryOf(services: Services): Promise<unknown> {
  return (await services.slurp.contextOf(README)).fields.summary?.value;
}

Deno.test("a node that leads derives with the real keys, shows it, and finds its work again after a restart", async () => {
  let term = 0;
  await withNode({}, async (services) => {
    await write(services);
    await waitFor(async () => await summaryOf(services) === "Pay: Nobody pays twice.", {
      timeoutMs: 30_000,
      what: "the context",
      state: () => services.slurp.status(),
    });
    const { slurp } = services.facade;
    const text = formatAddress(README);
    assert.deepEqual([(await slurp.status()).leader?.agent_id, (await slurp.status()).dead_letters], ["one", 0]);
    const context = await slurp.context({ address: text, max_depth: 1 }, {});
    assert.deepEqual([context.role, context.levels, context.is_complete], ["admin", ["shop:pay/README.md"], false]);
    assert.ok(context.fields.some(({ name, source }) => name === "language" && source.includes("?rev=")));
    const graph = await slurp.graph({ address: text, hops: 2, direction: "both" });
    assert.deepEqual([graph.nodes.length, graph.evolution.length], [0, 1]);
    await assert.rejects(slurp.alignment(text, {}), { code: "not_found" });
    await assert.rejects(slurp.replay("none"), { code: "not_found" });
    assert.deepEqual([await slurp.deadLetters(), await slurp.deadLetter("none")], [[], undefined]);
    term = services.slurp.status().term ?? 0;
    const metrics = services.metrics.render();
    assert.match(metrics, /bzzz_slurp_deriving 1\n/);
    assert.match(metrics, /bzzz_slurp_events_total\{event="slices_written"\} 1\n/);
    const { counters } = services.slurp.status();
    const derived = counters.get("derived") ?? 0;
    using _lent = services.roles.keyring.lend(await createAgeOpener(createAgeSecret(random)));
    await waitFor(() => (counters.get("derived") ?? 0) > derived, {
      timeoutMs: 10_000,
      what: "a look with the new key",
    });
    const check = services.healthManager.status().checks.find(({ name }) => name === "slurp");
    assert.deepEqual([check?.critical, check?.last?.ok], [false, true]);
  }, async (services) => {
    // read before this term has derived anything: the certificate of the term before is in the history
    assert.equal(await summaryOf(services), "Pay: Nobody pays twice.");
    await waitFor(() => services.slurp.status().state === "idle", {
      timeoutMs: 30_000,
      what: "the look at everything",
    });
    assert.ok((services.slurp.status().term ?? 0) > term);
    assert.equal(services.slurp.status().counters.get("slices_written") ?? 0, 0, "nothing is done twice");
  });
});

Deno.test("a leader that is told not to derive derives nothing", async () => {
  await withNode({ "slurp.enabled": false }, async (services) => {
    await write(services);
    assert.equal(services.slurp.status().state, "off");
    assert.equal(services.slurp.status().isEnabled, false);
  });
});

Deno.test("the section slurp decides depth, memory, times, dead letters and goals", () => {
  const { config } = parseConfig({
    profile: CONFIG_PROFILES.agent,
    env: {},
    flags: {
      "slurp.max_depth": 3,
      "slurp.cached_slices": 4,
      "slurp.settle_ms": 50,
      "slurp.retry_window_seconds": 6,
      "slurp.max_dead_letters": 7,
      "slurp.replays_per_minute": 8,
      "slurp.goals_address": "ucxl://a:b@c:d/*^/goals.yaml",
    },
  });

  const { goals, ...options } = slurpOptions(config);

  assert.deepEqual(options, {
    isEnabled: true,
    maxDepth: 3,
    maxCached: 4,
    settleMs: 50,
    retryWindowMs: 6_000,
    maxDeadLetters: 7,
    replaysPerMinute: 8,
  });
  assert.equal(goals && formatAddress(goals), "ucxl://a:b@c:d/*^/goals.yaml");
});

Deno.test("the check degrades while deriving pauses after failures, and when a leader gets nothing done", async () => {
  const manual = new ManualClock();
  const working: SlurpStatus = {
    state: "working",
    term: 2,
    sinceMs: manual.nowMs(),
    queued: 3,
    replaying: 0,
    lastSuccessAtMs: undefined,
    lastFailure: { code: "store_full", atMs: 0 },
    isEnabled: true,
    breaker: "closed",
    deadLetters: 1,
    counters: new Map(),
    cache: { hits: 0, misses: 0 },
    lacking: 0,
    summaries: undefined,
  };
  const run = async (more: Partial<SlurpStatus>) =>
    await slurpCheck({ status: () => ({ ...working, ...more }) }, manual).run({ signal: new AbortController().signal });

  assert.deepEqual(await run({}), { ok: true, detail: "term 2: working, 3 waiting, 1 dead letters" });
  const open = await run({ breaker: "open" });
  assert.ok(!open.ok && open.code === "slurp_failing" && /store_full/.test(open.message));
  await manual.advance(6 * 60_000);
  const stuck = await run({});
  assert.ok(!stuck.ok && stuck.code === "slurp_stuck");
  assert.ok((await run({ lastSuccessAtMs: manual.nowMs() })).ok);
  assert.ok((await run({ queued: 0 })).ok);
  assert.ok((await run({ state: "off", breaker: "open" })).ok);
});
