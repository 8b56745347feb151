import { createNodeKeys, lockKeyFiles } from "@bzzz/agentid";
import { createSystemRandom } from "@bzzz/base";
import { NO_FLAGS } from "@bzzz/cli/testing";
import assert from "node:assert/strict";
import { AGENT_PROFILE } from "./profiles.ts";
import { SetupDesk } from "./setup_desk.ts";

const random = createSystemRandom();

async function withDesk(body: (desk: SetupDesk, home: string) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir({ prefix: "bzzz-desk-" });
  try {
    await body(new SetupDesk({ profile: AGENT_PROFILE, random, homeOf: () => home }), home);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

Deno.test("setup desk: keys that an attempt before this one has locked are known", async () => {
  await withDesk(async (desk, home) => {
    assert.equal((await desk.facts(NO_FLAGS)).areKeysLocked, false);
    const location = { home, binaryType: "agent" } as const;
    await createNodeKeys(location, { random }, {});
    assert.equal((await desk.facts(NO_FLAGS)).areKeysLocked, false);
    await lockKeyFiles(location, { random }, { passphrase: "correct horse battery" });

    const facts = await desk.facts(NO_FLAGS);

    assert.equal(facts.areKeysLocked, true);
    assert.equal(facts.member, undefined);
  });
});

Deno.test("setup desk: a configuration that could not be used is refused with each problem, and nothing is written", async () => {
  await withDesk(async (desk, home) => {
    const clash = { "ports.http_port": 8190, "ports.health_port": 8191, "network.p2p_port": 8191 };

    await assert.rejects(desk.planConfig(NO_FLAGS, clash), (error: Error & { code?: string }) => {
      return error.code === "config_invalid" && /network\.p2p_port/.test(error.message) && /8191/.test(error.message);
    });

    assert.deepEqual(await Array.fromAsync(Deno.readDir(home)), []);
  });
});

Deno.test("setup desk: ports that another program holds", async () => {
  await withDesk(async (desk) => {
    using other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = other.addr;

    assert.deepEqual(await desk.takenPorts(NO_FLAGS, [port]), [port]);
  });
});
