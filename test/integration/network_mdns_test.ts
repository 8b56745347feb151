// Two hosts on one LAN that know nothing of each other but the mesh: they meet by multicast (S-03).
import assert from "node:assert/strict";
import { waitFor } from "@bzzz/base/testing";
import { TestMesh } from "../helpers/mesh.ts";
import { announceSkip, findNetnsObstacle, TestLan } from "../helpers/netns.ts";
import { PATIENCE_MS, Stopwatch } from "../helpers/patience.ts";

const obstacle = await findNetnsObstacle();
announceSkip("network namespaces (mDNS)", obstacle);
const ignore = obstacle !== undefined;
/** As on a LAN: every interface, multicast on, the default ports. */
const ON_LAN = {
  BZZZ_PORTS_HTTP_PORT: "8080",
  BZZZ_PORTS_HEALTH_PORT: "8081",
  BZZZ_PORTS_UCXI_PORT: "8082",
  BZZZ_NETWORK_P2P_PORT: "9000",
  BZZZ_NETWORK_LISTEN_HOST: "0.0.0.0",
  BZZZ_NETWORK_MDNS: "true",
};

Deno.test({
  name: "S-03 two hosts that have forgotten each other's address meet by mDNS within 10 s",
  ignore,
  async fn() {
    await using lan = await TestLan.create(2);
    await using mesh = await TestMesh.create("anna", { netns: lan.host(0).netns, env: ON_LAN });
    await mesh.join("bert", { through: "anna", netns: lan.host(1).netns, env: ON_LAN });
    await mesh.node("anna").stop();
    await Promise.all(["anna", "bert"].map((name) => Deno.remove(`${mesh.home(name)}/peers.json`).catch(() => {})));

    const sinceTheStart = new Stopwatch();
    const [anna, bert] = await Promise.all([mesh.start("anna"), mesh.start("bert")]);
    const [apiOfAnna, apiOfBert] = await Promise.all([lan.apiOf(0, anna), lan.apiOf(1, bert)]);
    await waitFor(
      async () => (await apiOfAnna.status()).peers.connected === 1 && (await apiOfBert.status()).peers.connected === 1,
      { timeoutMs: PATIENCE_MS, what: "the two hosts to meet", state: () => `${anna.log}\n${bert.log}`.slice(-6000) },
    );
    const metAfterMs = sinceTheStart.within(10_000, "met");

    const sent = await apiOfBert.postMessage({ text: "over the LAN" });
    const entry = await waitFor(() => apiOfAnna.entry(sent.id).catch(() => undefined), {
      timeoutMs: PATIENCE_MS,
      what: "the message in the other's journal",
    });
    assert.equal(entry.body?.["text"], "over the LAN");
    Deno.stdout.writeSync(new TextEncoder().encode(`mDNS: met ${metAfterMs} ms after the start\n`));
  },
});

Deno.test({
  name: "S-03 a host without multicast runs as ever and says why nobody is found",
  ignore,
  async fn() {
    await using lan = await TestLan.create(1);
    await lan.forbidMulticast(0);
    await using mesh = await TestMesh.create("anna", { netns: lan.host(0).netns, env: ON_LAN });

    const anna = await lan.apiOf(0, mesh.node("anna"));
    const posted = await anna.postMessage({ text: "alone" });

    assert.equal((await anna.entry(posted.id)).body?.["text"], "alone");
    assert.match(mesh.node("anna").log, /mdns_unavailable/);
  },
});
