import { createSystemClock, createSystemRandom } from "@bzzz/base";
import { createNullLogger } from "@bzzz/logging";
import assert from "node:assert/strict";
import { needsSetup } from "./needs_setup.ts";
import { AGENT_PROFILE } from "./profiles.ts";
import { requireAgentId } from "./agent_name.ts";
import { foundMesh } from "./setup.ts";

Deno.test("needsSetup: until there is a mesh; what is damaged is no reason to begin anew", async () => {
  const home = await Deno.makeTempDir({ prefix: "bzzz-needs-" });
  try {
    assert.equal(await needsSetup(`${home}/nowhere`), true);
    assert.equal(await needsSetup(home), true);
    const deps = { clock: createSystemClock(), random: createSystemRandom(), logger: createNullLogger() };
    await foundMesh({ ...deps, profile: AGENT_PROFILE, version: "0.0.0" }, {
      home,
      meshName: "shop",
      agentId: requireAgentId("one"),
      isRootKeyKept: false,
    });
    assert.equal(await needsSetup(home), false);
    await Deno.writeTextFile(`${home}/mesh/mesh.json`, "{");
    assert.equal(await needsSetup(home), false);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});
