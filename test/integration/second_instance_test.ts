// A second node where there is one: of the data directory, of the ports, of the name in the mesh.
import assert from "node:assert/strict";
import { run, RunningNode, runOk } from "../helpers/programs.ts";
import { assertOneMessage, QUIET, refuses, runHome } from "../helpers/refusals.ts";

Deno.test("S-06 S-07 F-19 taken ports and a second instance are named", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "bzzz-test-" });
  try {
    await runOk("bzzz-agent", ["init", "--home", `${folder}/one`, "--mesh", "test", "--agent-id", "first"]);
    await using first = await RunningNode.start("bzzz-agent", `${folder}/one`);
    await t.step("a second instance: refused with the pid of the first", async () => {
      const refusal = { name: "second", args: runHome, status: 12, says: [new RegExp(`process ${first.pid}\\b`)] };
      await refuses(refusal, `${folder}/one`);
      assert.equal((await first.healthPage("/livez")).status, 200, "the first goes on");
    });
    await runOk("bzzz-agent", ["init", "--home", `${folder}/two`, "--mesh", "test", "--agent-id", "second"]);
    const taken: readonly (readonly [string, string])[] = [
      ["BZZZ_PORTS_HTTP_PORT", new URL(first.endpoints.api_url).port],
      ["BZZZ_PORTS_HEALTH_PORT", new URL(first.endpoints.health_url).port],
      ["BZZZ_PORTS_UCXI_PORT", new URL(first.endpoints.ucxi_url).port],
      ["BZZZ_NETWORK_P2P_PORT", /\/tcp\/(\d+)/.exec(first.endpoints.p2p_addresses[0] ?? "")?.[1] ?? ""],
    ];
    for (const [variable, port] of taken) {
      await t.step(`${variable} in use`, async () => {
        const says = [new RegExp(`\\b${port}\\b`), /in use|another program has the port/];
        await refuses({ name: variable, args: runHome, env: { [variable]: port }, status: 11, says }, `${folder}/two`);
      });
    }
    await t.step("after kill -9 the next start is not held up", async () => {
      await first.kill();
      await using again = await RunningNode.start("bzzz-agent", `${folder}/one`);
      assert.notEqual(again.pid, first.pid);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("S-07 F-69 a duplicate agent id in the mesh is refused, with the holder named", async () => {
  const folder = await Deno.makeTempDir({ prefix: "bzzz-test-" });
  try {
    await runOk("bzzz-agent", ["init", "--home", `${folder}/one`, "--mesh", "test", "--agent-id", "first"]);
    await using first = await RunningNode.start("bzzz-agent", `${folder}/one`);
    const token = JSON.parse(
      await runOk("bzzz-agent", ["invite", "--home", first.home, "--role", "developer", "--json"]),
    ).token;

    const { code, stderr } = await run("bzzz-agent", ["join", "--home", `${folder}/two`, "--agent-id", "first", "-"], {
      stdin: token,
      env: QUIET,
    });

    assert.equal(code, 12, stderr);
    assertOneMessage("bzzz-agent", stderr, "duplicate");
    assert.match(stderr, new RegExp((await (await first.api()).status()).node.peer_id), "the holder is named");
    await runOk("bzzz-agent", ["join", "--home", `${folder}/two`, "--agent-id", "other", "-"], { stdin: token });
    const again = await run("bzzz-agent", ["join", "--home", `${folder}/three`, "--agent-id", "third", "-"], {
      stdin: token,
      env: QUIET,
    });
    assert.equal(again.code, 6, "a token works once");
    assertOneMessage("bzzz-agent", again.stderr, "used token");
    assert.match(again.stderr, /a token works once/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
