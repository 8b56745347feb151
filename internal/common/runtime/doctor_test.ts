import assert from "node:assert/strict";
import { createSystemClock } from "@bzzz/base";
import type { GlobalFlags } from "@bzzz/cli";
import { createNullLogger } from "@bzzz/logging";
import { acquireInstanceLock } from "./collision.ts";
import { homePaths, writePrivateFile } from "./home.ts";
import { HAP_PROFILE } from "./profiles.ts";
import { createPlace, doctor, found, PORTS } from "./testdata/place.ts";

const clock = createSystemClock();

Deno.test("doctor: a healthy data directory, and one that is not there yet; nothing is made", async () => {
  await using place = await createPlace();
  const globals = { ...place.globals, settings: PORTS };

  const empty = await doctor(place, globals);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(place.folder)), []);
  await found(place);
  const healthy = await doctor(place, globals);

  assert.deepEqual([empty.get("mesh")?.status, empty.get("keys")?.status, empty.get("grant")?.status], [
    "failed",
    "failed",
    "failed",
  ]);
  assert.match(empty.get("mesh")?.fix ?? "", /bzzz-agent init/);
  assert.equal(empty.get("database")?.status, "ok");
  const notOk = [...healthy.values()].filter(({ status }) => status !== "ok").map(({ name }) => name);
  assert.deepEqual(notOk, ["node"]);
});

Deno.test("doctor: says what is broken and what to do", async () => {
  await using place = await createPlace();
  await found(place);
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const port = `${(taken.addr as Deno.NetAddr).port}`;
  const globals = { ...place.globals, settings: [...PORTS, ["ports.http_port", port]] as GlobalFlags["settings"] };
  await Deno.chmod(`${place.home}/identity/agent.key`, 0o644);
  await writePrivateFile(homePaths(place.home).database, "no database ".repeat(1000));

  const results = await doctor(place, globals);
  const broken = await doctor(place, { ...globals, settings: [["ports.http_port", "many"]] });

  assert.match(results.get("keys")?.fix ?? "", /chmod 600/);
  assert.equal(results.get("database")?.status, "failed");
  assert.match(results.get("database")?.fix ?? "", /move the database aside/);
  assert.match(results.get("api port")?.found ?? "", new RegExp(port));
  assert.match(results.get("api port")?.fix ?? "", /ports.http_port/);
  assert.equal(broken.get("configuration")?.status, "failed");
  assert.equal(broken.has("api port"), false);
});

Deno.test("doctor: a grant of the other program, and a running node that answers, or does not", async () => {
  await using place = await createPlace();
  await found(place);
  await using portal = await createPlace(HAP_PROFILE);
  const wrong = await doctor(portal, { ...portal.globals, home: place.home, settings: PORTS });
  await writePrivateFile(homePaths(place.home).writeToken, "token\n");
  const endpoints = { pid: 1, api_url: "http://127.0.0.1:1", health_url: "http://127.0.0.1:2", p2p_addresses: [] };
  await writePrivateFile(homePaths(place.home).endpoints, JSON.stringify(endpoints));
  const stale = await place.hooks.findNode(place.globals);
  using _lock = await acquireInstanceLock({ clock, logger: createNullLogger() }, place.home, {
    agentId: "one",
    binaryType: "agent",
  });

  const silent = await doctor(place);
  place.answer = () => Response.json({ state: "ready", peers: { connected: 3 } });
  const ready = await doctor(place);
  place.answer = () => Response.json({ state: "degraded", reasons: ["alone"], peers: { connected: 0 } });
  const degraded = await doctor(place);

  assert.match(wrong.get("grant")?.found ?? "", /for bzzz-agent/);
  assert.equal(stale, undefined, "what a killed node left behind is no node");
  assert.deepEqual([silent.get("node")?.status, silent.get("node")?.found], [
    "failed",
    "the API answers with HTTP 404",
  ]);
  assert.deepEqual([ready.get("node")?.status, ready.get("node")?.found], ["ok", "ready, 3 peers"]);
  assert.match(degraded.get("node")?.found ?? "", /degraded, 0 peers: alone/);
});
