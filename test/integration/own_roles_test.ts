// A role of one's own, given away while no node of the mesh runs: the newcomer gets its grant and its key when one does (S-18).
import assert from "node:assert/strict";
import { utf8Decode, utf8Encode } from "@bzzz/base";
import { waitFor } from "@bzzz/base/testing";
import { TestMesh } from "../helpers/mesh.ts";
import { PATIENCE_MS } from "../helpers/patience.ts";
import { run, runOk } from "../helpers/programs.ts";

const ROLES = `version: 1
roles:
  ui_ux:
    level: suggestion
    can_decrypt: [observer]
`;
const ADDRESS = "ucxl://boss:admin@test:drafts/button";

Deno.test("S-18 an invite that is made on a stopped node is for a role of one's own, too", async () => {
  await using mesh = await TestMesh.create("boss");
  const boss = mesh.node("boss");
  const home = mesh.home("boss");
  await Deno.writeTextFile(`${home}/roles.yaml`, ROLES);
  await runOk("bzzz-agent", ["roles", "apply", "--home", home]);
  const port = /\/tcp\/(\d+)/.exec(boss.endpoints.p2p_addresses[0] ?? "")?.[1] ?? "";
  await boss.stop();
  const invite = async (role: string) =>
    await run("bzzz-agent", ["invite", "--home", home, "--role", role], { env: { BZZZ_NETWORK_P2P_PORT: port } });

  const refused = await invite("ui_uz");
  const { code, stdout, stderr } = await invite("ui_ux");

  assert.notEqual(refused.code, 0);
  assert.match(refused.stderr, /no such role, it has admin, .*ui_ux/);
  assert.equal(code, 0, stderr);
  await mesh.start("boss");
  await runOk("bzzz-agent", ["join", "--home", mesh.home("ana"), "--agent-id", "ana", "-"], { stdin: stdout });
  await mesh.start("ana");
  await mesh.connected("boss", "ana");
  const [writer, reader] = [await mesh.node("boss").context(), await mesh.node("ana").context()];
  await writer.put(ADDRESS, utf8Encode("round"), { audience: ["ui_ux"] });
  let reason = "";
  const text = await waitFor(
    () =>
      reader.get(ADDRESS).then(({ bytes }) => utf8Decode(bytes), (error) => {
        reason = String(error);
        return undefined;
      }),
    { timeoutMs: PATIENCE_MS, what: "the newcomer to read what is for its role", state: () => reason },
  );
  assert.equal(text, "round");
  assert.equal((await (await mesh.node("ana").api()).status()).node.role, "ui_ux");
});
