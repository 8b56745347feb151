import assert from "node:assert/strict";
import { saveGrant } from "@bzzz/agentid";
import { createTestMesh } from "@bzzz/agentid/testing";
import { createSystemClock, createSystemRandom } from "@bzzz/base";
import { CONFIG_PROFILES, parseConfig } from "@bzzz/config";
import { AGENT_PROFILE } from "../profiles.ts";
import { foundTestHome } from "../testdata/test_node.ts";
import { checkGitHub } from "./doctor_check.ts";

Deno.test("doctor says whether issues could be looked after, and what to do", async () => {
  const home = await Deno.makeTempDir({ prefix: "bzzz-github-doctor-" });
  const look = async (flags: Readonly<Record<string, unknown>>) => {
    const { config } = parseConfig({ profile: CONFIG_PROFILES.agent, env: {}, flags });
    return (await checkGitHub({ home, load: () => Promise.resolve({ config }) }))
      .map(({ status, found, fix }) => [status, found.replaceAll(home, "HOME"), fix !== undefined]);
  };
  const repositories = { "tasks.github.repositories": ["acme/shop"] };
  const both = { ...repositories, "tasks.github.token_file": "github.token" };
  try {
    assert.deepEqual(await look({}), []);
    assert.deepEqual(await look(repositories), [["warning", "1 repository, read only: no token", true]]);
    assert.deepEqual(await look(both), [
      ["failed", 'Cannot use the token of GitHub: there is no file "HOME/github.token"', true],
    ]);
    await Deno.writeTextFile(`${home}/github.token`, "ghp_abc\n", { mode: 0o600 });
    assert.deepEqual(await look(both), [["ok", "1 repository, with a token", false]]);
    await foundTestHome(AGENT_PROFILE, { home, agentId: "one" });
    assert.deepEqual(await look(both), [["ok", "1 repository, with a token", false]]);
    const mesh = createTestMesh({ clock: createSystemClock(), random: createSystemRandom() });
    await saveGrant(home, mesh.issue({ role: "developer" }).grantBytes, { random: createSystemRandom() });
    assert.deepEqual(await look(both), [["warning", "1 repository; role developer cancels only its own tasks", true]]);
    assert.deepEqual(await checkGitHub({ home, load: () => Promise.reject(new Error("no configuration")) }), []);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});
