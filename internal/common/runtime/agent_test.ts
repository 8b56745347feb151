import assert from "node:assert/strict";
import { createSystemClock, createSystemRandom } from "@bzzz/base";
import { createNullLogger } from "@bzzz/logging";
import { type IdentityOptions, loadLocalIdentity } from "./agent.ts";
import { AGENT_PROFILE } from "./profiles.ts";
import { requireAgentId } from "./agent_name.ts";
import { foundMesh } from "./setup.ts";

const clock = createSystemClock();
const YEARS_MS = 20 * 365 * 86_400_000;

Deno.test("a data directory that is not this node's, or nobody's any more, is refused with what to do", async () => {
  const home = await Deno.makeTempDir({ prefix: "bzzz-identity-" });
  try {
    const options: IdentityOptions = { home, binaryType: "agent", configuredAgentId: "one" };
    const refusal = async (fields: Partial<IdentityOptions>, nowMs = clock.nowMs()) => {
      try {
        await loadLocalIdentity({ clock: { nowMs: () => nowMs } }, { ...options, ...fields });
        return "none";
      } catch (error) {
        assert.ok(error instanceof Error && "code" in error);
        return `${error.code}: ${error.message}`;
      }
    };
    assert.match(await refusal({}), /^mesh_missing: .*bzzz-agent init --home/);
    const setup = { clock, random: createSystemRandom(), logger: createNullLogger(), version: "0.0.0" };
    await foundMesh({ ...setup, profile: AGENT_PROFILE }, {
      home,
      meshName: "test",
      agentId: requireAgentId("one"),
      isRootKeyKept: false,
    });

    assert.equal(await refusal({}), "none");
    assert.equal(await refusal({ configuredAgentId: undefined }), "none");
    assert.match(await refusal({ configuredAgentId: "two" }), /^identity_mismatch: .*"two".*names "one"/);
    assert.match(await refusal({ binaryType: "hap" }), /^(identity_mismatch|key_missing): /);
    assert.match(await refusal({}, clock.nowMs() + YEARS_MS), /^grant_expired: .*ask an admin/);
    await Deno.writeTextFile(`${home}/mesh/grant.cbor`, "junk");
    assert.match(await refusal({}), /^grant_missing: .*join the mesh again/);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});
