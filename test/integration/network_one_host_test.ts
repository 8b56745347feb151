// Both programs on one host, with the ports they have when nobody configures anything (S-06, S-04).
import assert from "node:assert/strict";
import { waitFor } from "@bzzz/base/testing";
import { TestMesh } from "../helpers/mesh.ts";
import { announceSkip, findNetnsObstacle, TestLan } from "../helpers/netns.ts";
import { PATIENCE_MS, Stopwatch } from "../helpers/patience.ts";
import { runOk } from "../helpers/programs.ts";

const obstacle = await findNetnsObstacle();
announceSkip("network namespaces (default ports)", obstacle);

/** Undoes what the test harness sets for isolation: the defaults of each program. */
function defaultsOf(ports: { http: number; health: number; ucxi: number; p2p: number }): Record<string, string> {
  return {
    BZZZ_PORTS_HTTP_PORT: String(ports.http),
    BZZZ_PORTS_HEALTH_PORT: String(ports.health),
    BZZZ_PORTS_UCXI_PORT: String(ports.ucxi),
    BZZZ_NETWORK_P2P_PORT: String(ports.p2p),
    BZZZ_NETWORK_LISTEN_HOST: "0.0.0.0",
    BZZZ_NETWORK_MDNS: "auto",
  };
}
const AGENT = defaultsOf({ http: 8080, health: 8081, ucxi: 8082, p2p: 9000 });
const HAP = defaultsOf({ http: 8090, health: 8091, ucxi: 8092, p2p: 9010 });

Deno.test({
  name:
    "S-06 F-43 agent and portal on one host with default ports: each sees the other, a message arrives, no port clashes",
  ignore: obstacle !== undefined,
  async fn() {
    await using lan = await TestLan.create(1);
    const { netns } = lan.host(0);
    await using mesh = await TestMesh.create("agent-1", { netns, env: AGENT });
    await mesh.join("ana", { through: "agent-1", program: "bzzz-hap", role: "admin", netns, env: HAP });

    const sinceTheStart = new Stopwatch();
    await mesh.start("ana");
    const agent = await lan.apiOf(0, mesh.node("agent-1"));
    const hap = await lan.apiOf(0, mesh.node("ana"));
    await waitFor(
      async () => (await agent.status()).peers.connected === 1 && (await hap.status()).peers.connected === 1,
      { timeoutMs: PATIENCE_MS, what: "both programs to be connected", state: () => mesh.node("ana").log.slice(-3000) },
    );
    const connectedMs = sinceTheStart.within(10_000, "connected");

    const sent = await hap.postMessage({ topic: "coordination", text: "hello on one host" });
    const entry = await waitFor(() => agent.entry(sent.id).catch(() => undefined), {
      timeoutMs: PATIENCE_MS,
      what: "the message in the agent's journal",
    });
    assert.equal(entry.body?.["text"], "hello on one host");
    for (const [name, port] of [["agent-1", 8080], ["ana", 8090]] as const) {
      assert.equal(new URL(mesh.node(name).endpoints.api_url).port, String(port), name);
    }
    Deno.stdout.writeSync(new TextEncoder().encode(`one host: connected ${connectedMs} ms after run\n`));
  },
});

Deno.test({
  name: "the defaults that the test above writes down are the programs' own",
  async fn() {
    for (const [program, expected] of [["bzzz-agent", AGENT], ["bzzz-hap", HAP]] as const) {
      const shown = await runOk(program, ["config", "example"]);

      for (
        const [key, name] of [["http_port", "BZZZ_PORTS_HTTP_PORT"], ["p2p_port", "BZZZ_NETWORK_P2P_PORT"]] as const
      ) {
        assert.match(shown, new RegExp(`^\\s*#?\\s*${key}: ${expected[name]}$`, "m"), `${program} ${key}`);
      }
    }
  },
});

Deno.test({
  name: "S-04 a member finds its mesh again by a bootstrap name, and programs of another mesh on the host are refused",
  async fn() {
    await using mine = await TestMesh.create("agent-1");
    await using other = await TestMesh.create("stranger");
    const port = /tcp\/(\d+)/.exec(mine.node("agent-1").endpoints.p2p_addresses[0] ?? "")?.[1];
    const strangerPort = /tcp\/(\d+)/.exec(other.node("stranger").endpoints.p2p_addresses[0] ?? "")?.[1];
    await mine.join("ana", { through: "agent-1", program: "bzzz-hap", role: "admin" });
    await Deno.remove(`${mine.home("ana")}/peers.json`).catch(() => {});

    const node = await mine.start("ana", {
      env: { BZZZ_NETWORK_BOOTSTRAP: `localhost:${strangerPort},localhost:${port}` },
    });
    const ana = await node.api();
    await waitFor(async () => (await ana.status()).peers.connected === 1, {
      timeoutMs: PATIENCE_MS,
      what: "the connection by name",
      state: () => node.log.slice(-3000),
    });

    const stranger = await other.node("stranger").api();
    assert.equal((await stranger.status()).peers.connected, 0, "the other mesh has nobody");
    assert.deepEqual((await ana.peers()).filter((peer) => peer.is_connected).map((peer) => peer.agent_id), ["agent-1"]);
  },
});
