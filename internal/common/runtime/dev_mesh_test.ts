import assert from "node:assert/strict";
import { createSystemClock, createSystemRandom } from "@bzzz/base";
import { createNullLogger } from "@bzzz/logging";
import { prepareDevNode } from "./dev_mesh.ts";
import { AGENT_PROFILE, HAP_PROFILE } from "./profiles.ts";
import { acquireInstanceLock } from "./collision.ts";
import { loadLocalIdentity } from "./agent.ts";

const clock = createSystemClock();
const logger = createNullLogger();
const setup = { clock, random: createSystemRandom(), logger, version: "0.0.0" };

Deno.test("programs that start at once in one folder make one mesh and take different names", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const start = async () => {
      const node = await prepareDevNode({ ...setup, profile: AGENT_PROFILE }, {
        folder,
        home: undefined,
        agentId: undefined,
      });
      const lock = await acquireInstanceLock({ clock, logger }, node.home, { agentId: "x", binaryType: "agent" });
      await node.release();
      return { node, lock };
    };

    const started = await Promise.all([start(), start(), start()]);

    const names = started.map(({ node }) => node.home.slice(node.home.lastIndexOf("/") + 1)).sort();
    assert.deepEqual(names, ["agent-1", "agent-2", "agent-3"]);
    const meshes = await Promise.all(started.map(async ({ node }) => {
      const identity = await loadLocalIdentity({ clock }, {
        home: node.home,
        binaryType: "agent",
        configuredAgentId: undefined,
      });
      return identity.mesh.meshId;
    }));
    assert.equal(new Set(meshes).size, 1);
    for (const { lock } of started) lock.release();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a folder that others may read is refused", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.chmod(folder, 0o755);
    const deps = { ...setup, profile: HAP_PROFILE };

    const preparing = prepareDevNode(deps, { folder, home: undefined, agentId: undefined });

    await assert.rejects(preparing, /expected a folder of this user with mode 0700/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
