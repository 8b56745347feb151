// A mesh of many processes on one host: everybody gets everything, knowing one address only; and what kill -9 leaves behind.
import assert from "node:assert/strict";
import type { ApiClient } from "@bzzz/api";
import { createSystemClock } from "@bzzz/base";
import { waitFor } from "@bzzz/base/testing";
import { TestMesh } from "../helpers/mesh.ts";
import { metricsOf, rssMiB } from "../helpers/metrics.ts";
import { PATIENCE_MS } from "../helpers/patience.ts";

const clock = createSystemClock();
const isSlow = Deno.env.get("SLOW") === "1";
const NODES = isSlow ? 30 : 10;
const MESSAGES_PER_NODE = 5;

function report(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

/** How many of the entries a node does not have. */
async function missing(api: ApiClient, ids: ReadonlySet<string>): Promise<number> {
  const { items } = await api.journal({ limit: 1000, kind: "message_posted" });
  const known = new Set(items.map(({ id }) => id));
  return [...ids].filter((id) => !known.has(id)).length;
}

Deno.test(`${NODES} processes that know one address: peer exchange connects them, every message reaches every node`, async () => {
  await using mesh = await TestMesh.create("node-0");
  const names = ["node-0"];
  for (let i = 1; i < NODES; i++) names.push(`node-${i}`);
  const joined = names.slice(1);
  for (let i = 0; i < joined.length; i += 3) {
    await Promise.all(joined.slice(i, i + 3).map((name) => mesh.join(name, { through: "node-0" })));
  }
  const startedAtMs = clock.monotonicMs();
  for (let i = 0; i < joined.length; i += 5) {
    await Promise.all(joined.slice(i, i + 5).map((name) => mesh.start(name)));
  }
  const apis = await Promise.all(names.map((name) => mesh.node(name).api()));
  const connections = () => Promise.all(apis.map(async (api) => (await api.status()).peers.connected));
  // the redial loop stops at 16 connections of its own: a larger mesh is not complete on purpose
  const enough = Math.min(NODES - 1, 8);
  await waitFor(async () => (await connections()).every((count) => count >= enough), {
    timeoutMs: isSlow ? 120_000 : 20_000,
    what: "everybody to have enough peers",
    state: () => Promise.all(names.map((name) => mesh.node(name).log.length)),
  });
  const connectedMs = clock.monotonicMs() - startedAtMs;

  const sentAtMs = clock.monotonicMs();
  const ids = new Set<string>();
  for (let i = 0; i < MESSAGES_PER_NODE; i++) {
    for (const [n, api] of apis.entries()) ids.add((await api.postMessage({ text: `${i} of ${n}` })).id);
  }
  const postedMs = clock.monotonicMs() - sentAtMs;
  await waitFor(async () => (await Promise.all(apis.map((api) => missing(api, ids)))).every((count) => count === 0), {
    timeoutMs: PATIENCE_MS,
    what: "every message on every node",
  });
  const completeMs = clock.monotonicMs() - sentAtMs - postedMs;

  const rss = await Promise.all(names.map((name) => rssMiB(mesh.node(name).pid)));
  report(
    `${NODES} processes: connected ${
      Math.round(connectedMs)
    } ms after the first start; ${ids.size} messages on every node ` +
      `${Math.round(completeMs)} ms after the last was posted; connections ${(await connections()).join(" ")}; ` +
      `RSS ${Math.round(Math.min(...rss))}-${Math.round(Math.max(...rss))} MiB`,
  );
  assert.equal(ids.size, NODES * MESSAGES_PER_NODE);
});

Deno.test("connection limits are applied: a node that takes two peers has two, and the third is turned away and counted", async () => {
  await using mesh = await TestMesh.create("small", {
    env: { BZZZ_NETWORK_MAX_CONNECTIONS: "2", BZZZ_NETWORK_MAX_CONNECTIONS_PER_HOST: "2" },
  });
  for (const name of ["one", "two", "three"]) await mesh.join(name, { through: "small" });
  await Promise.all(["one", "two", "three"].map((name) => mesh.start(name)));

  await waitFor(async () => (await metricsOf(mesh.node("small"))).p2p("inbound.no_room") > 0, {
    timeoutMs: PATIENCE_MS,
    what: "somebody to be turned away",
  });
  const small = await mesh.node("small").api();
  await waitFor(async () => (await small.status()).peers.connected === 2, {
    timeoutMs: PATIENCE_MS,
    what: "two peers",
  });

  const { id } = await small.postMessage({ text: "for those who found room" });
  const inside = (await small.peers()).filter((peer) => peer.is_connected).map((peer) => peer.agent_id ?? "");
  for (const name of inside) {
    const api = await mesh.node(name).api();
    await waitFor(() => api.entry(id).catch(() => undefined), {
      timeoutMs: PATIENCE_MS,
      what: `the message at ${name}`,
    });
  }
  assert.equal((await small.status()).peers.connected, 2);
  const waiting = ["one", "two", "three"].find((name) => !inside.includes(name)) ?? "";
  // a place becomes free: whoever waits takes it by itself
  await mesh.node(inside[0] ?? "").stop();
  const api = await mesh.node(waiting).api();
  await waitFor(() => api.entry(id).catch(() => undefined), {
    timeoutMs: PATIENCE_MS,
    what: "the message at the one who waited",
  });
});

Deno.test("kill -9 of a peer: the rest go on; it is back with the same identity at once, and both directions work", async () => {
  await using mesh = await TestMesh.create("anna");
  await mesh.add("bert", { through: "anna" });
  await mesh.add("cleo", { through: "anna" });
  const anna = await mesh.node("anna").api();
  const cleo = await mesh.node("cleo").api();
  await waitFor(async () => (await anna.status()).peers.connected === 2, {
    timeoutMs: PATIENCE_MS,
    what: "three of them",
  });

  const figures: string[] = [];
  for (let round = 0; round < 3; round++) {
    await mesh.node("bert").kill();
    const meanwhile = (await cleo.postMessage({ text: `meanwhile ${round}` })).id;
    await waitFor(() => anna.entry(meanwhile).catch(() => undefined), {
      timeoutMs: PATIENCE_MS,
      what: "the others to go on",
    });
    // back before anybody has noticed: the old connection is still there for the others
    const killedAtMs = clock.monotonicMs();
    const bert = await (await mesh.start("bert")).api();
    const back = clock.monotonicMs();
    await waitFor(async () => (await bert.status()).peers.connected === 2, {
      timeoutMs: PATIENCE_MS,
      what: "bert's peers",
    });
    const connected = clock.monotonicMs();
    const [toBert, fromBert] = [
      await anna.postMessage({ text: "to bert" }),
      await bert.postMessage({ text: "from bert" }),
    ];
    await waitFor(() => bert.entry(toBert.id).catch(() => undefined), { timeoutMs: PATIENCE_MS, what: "anna → bert" });
    const heard = clock.monotonicMs();
    await waitFor(() => anna.entry(fromBert.id).catch(() => undefined), {
      timeoutMs: PATIENCE_MS,
      what: "bert → anna",
    });
    await waitFor(() => bert.entry(meanwhile).catch(() => undefined), {
      timeoutMs: PATIENCE_MS,
      what: "what bert missed",
    });
    figures.push(
      `start ${Math.round(back - killedAtMs)}, peers ${Math.round(connected - back)}, to it ${
        Math.round(heard - connected)
      }, ` +
        `all ${Math.round(clock.monotonicMs() - connected)} ms`,
    );
  }

  // sync hides a gossip that goes one way: a message must come faster than sync's second look and its period
  const bert = await mesh.node("bert").api();
  const before = await metricsOf(mesh.node("bert"));
  const sentAtMs = clock.monotonicMs();
  for (let i = 0; i < 5; i++) {
    const { id } = await anna.postMessage({ text: `by gossip ${i}` });
    await waitFor(() => bert.entry(id).catch(() => undefined), { timeoutMs: 1500, what: "a message by gossip alone" });
  }
  const after = await metricsOf(mesh.node("bert"));
  const accepted = after.get("bzzz_gossip_messages_total", "accepted") -
    before.get("bzzz_gossip_messages_total", "accepted");
  report(`kill -9 and back: ${figures.join("; ")}; 5 by gossip in ${Math.round(clock.monotonicMs() - sentAtMs)} ms`);
  assert.ok(accepted >= 5, `${accepted} came by gossip`);
});
