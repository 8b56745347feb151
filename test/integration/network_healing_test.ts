// A cut between two hosts: what both sides wrote meanwhile is on both sides soon after it ends (S-05).
import assert from "node:assert/strict";
import type { ApiClient } from "@bzzz/api";
import { createSystemClock } from "@bzzz/base";
import { waitFor } from "@bzzz/base/testing";
import { TestMesh } from "../helpers/mesh.ts";
import { announceSkip, findNetnsObstacle, TestLan } from "../helpers/netns.ts";
import { PATIENCE_MS, Stopwatch } from "../helpers/patience.ts";

const obstacle = await findNetnsObstacle();
announceSkip("network namespaces (healing)", obstacle);
const isSlow = Deno.env.get("SLOW") === "1";
const clock = createSystemClock();
/** The budgets of the design: connected again, and then everything everywhere. */
const RECONNECT_MS = 5000;
const CATCH_UP_MS = 5000;
const ENTRIES_PER_SIDE = 20;
const NODE_ENV = { BZZZ_NETWORK_LISTEN_HOST: "0.0.0.0" };

/** Ways to lose a network. */
const CUTS = {
  "cable pulled": { cut: (lan: TestLan) => lan.pullCable(1), heal: (lan: TestLan) => lan.plugCable(1) },
  "packets dropped": { cut: (lan: TestLan) => lan.dropPackets(1), heal: (lan: TestLan) => lan.passPackets(1) },
  "interface off": { cut: (lan: TestLan) => lan.turnOff(1), heal: (lan: TestLan) => lan.turnOn(1) },
};
type Cut = keyof typeof CUTS;

function cutTest(kind: Cut, seconds: number, options: { readonly isOnlySlow?: boolean } = {}): void {
  Deno.test({
    name: `S-05 ${kind} for ${seconds} s: connected again in 5 s, and nothing is missing 5 s later`,
    ignore: obstacle !== undefined || (options.isOnlySlow === true && !isSlow),
    fn: () => runCut(kind, seconds),
  });
}

async function runCut(kind: Cut, seconds: number): Promise<void> {
  await using lan = await TestLan.create(2);
  await using mesh = await TestMesh.create("anna", { netns: lan.host(0).netns, env: NODE_ENV });
  await mesh.add("bert", { through: "anna", netns: lan.host(1).netns, env: NODE_ENV });
  const anna = await lan.apiOf(0, mesh.node("anna"));
  const bert = await lan.apiOf(1, mesh.node("bert"));
  const both = [anna, bert];
  const logs = () => `${mesh.node("anna").log.slice(-3000)}\n--- bert\n${mesh.node("bert").log.slice(-3000)}`;
  await waitFor(() => allConnected(both), { timeoutMs: PATIENCE_MS, what: "the hosts to be connected", state: logs });

  await CUTS[kind].cut(lan);
  const cutAtMs = clock.monotonicMs();
  const written = new Set<string>();
  for (let i = 0; i < ENTRIES_PER_SIDE; i++) {
    for (const [side, api] of both.entries()) written.add((await api.postMessage({ text: `${kind} ${side} ${i}` })).id);
  }
  await clock.sleep(cutAtMs + seconds * 1000 - clock.monotonicMs());
  const [missingAtA, missingAtB] = await Promise.all(both.map((api) => missing(api, written)));
  await CUTS[kind].heal(lan);

  const sinceHealed = new Stopwatch();
  await waitFor(() => allConnected(both), { timeoutMs: PATIENCE_MS, what: "the connection", state: logs });
  const connectedMs = sinceHealed.within(RECONNECT_MS, "connected");
  const sinceConnected = new Stopwatch();
  await waitFor(async () => await missing(anna, written) === 0 && await missing(bert, written) === 0, {
    timeoutMs: PATIENCE_MS,
    what: "every entry on both sides",
    state: logs,
  });
  const completeMs = sinceConnected.within(CATCH_UP_MS, "complete");

  const figures = `connected ${connectedMs} ms after the end, complete ${completeMs} ms later`;
  Deno.stdout.writeSync(new TextEncoder().encode(`${kind}, ${seconds} s: ${figures}\n`));
  assert.ok((missingAtA ?? 0) > 0 && (missingAtB ?? 0) > 0, "the cut was one");
}

/** Neither has seen the other since its start: there is nothing to go by but the address book. */
async function runRestartedCut(seconds: number): Promise<void> {
  await using lan = await TestLan.create(2);
  await using mesh = await TestMesh.create("anna", { netns: lan.host(0).netns, env: NODE_ENV });
  await mesh.add("bert", { through: "anna", netns: lan.host(1).netns, env: NODE_ENV });
  await waitForConnection([await lan.apiOf(0, mesh.node("anna")), await lan.apiOf(1, mesh.node("bert"))], 10_000);
  const books = ["anna", "bert"].map((name) => `${mesh.home(name)}/peers.json`);
  await waitFor(async () => (await Promise.all(books.map(isWritten))).every(Boolean), {
    timeoutMs: PATIENCE_MS,
    what: "both address books",
  });

  await lan.dropPackets(1);
  for (const name of ["anna", "bert"]) {
    await mesh.node(name).kill();
    await mesh.start(name);
  }
  await clock.sleep(seconds * 1000);
  await lan.passPackets(1);

  const sinceHealed = new Stopwatch();
  await waitForConnection([await lan.apiOf(0, mesh.node("anna")), await lan.apiOf(1, mesh.node("bert"))], 90_000);
  sinceHealed.within(RECONNECT_MS, "connected");
}

async function isWritten(path: string): Promise<boolean> {
  try {
    return (await Deno.readTextFile(path)).includes("/tcp/");
  } catch {
    return false; // not yet
  }
}

async function waitForConnection(apis: readonly ApiClient[], timeoutMs: number): Promise<void> {
  await waitFor(() => allConnected(apis), { timeoutMs, what: "the hosts to be connected" });
}

async function allConnected(apis: readonly ApiClient[]): Promise<boolean> {
  const states = await Promise.all(apis.map((api) => api.status()));
  return states.every(({ peers }) => peers.connected === 1);
}

/** How many of the entries a node does not have. */
async function missing(api: ApiClient, ids: ReadonlySet<string>): Promise<number> {
  const { items } = await api.journal({ limit: 1000, kind: "message_posted" });
  const known = new Set(items.map(({ id }) => id));
  return [...ids].filter((id) => !known.has(id)).length;
}

for (const kind of Object.keys(CUTS) as Cut[]) {
  cutTest(kind, 5);
  cutTest(kind, 20, { isOnlySlow: true });
  cutTest(kind, 90, { isOnlySlow: true });
}
// longer than the silence after which a connection is given up, short enough for every run
if (!isSlow) cutTest("packets dropped", 9);

Deno.test({
  name: "S-05 both restarted during a cut of 45 s: connected 5 s after it ends",
  ignore: obstacle !== undefined || !isSlow,
  fn: () => runRestartedCut(45),
});
