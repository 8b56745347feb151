// Requests to people on the built programs: a policy's rule, an approval by its digest, putting off, an approval until a time
// that is taken back, silence that denies.
import assert from "node:assert/strict";
import { waitFor } from "@bzzz/base/testing";
import { TestMesh } from "../helpers/mesh.ts";
import { PATIENCE_MS } from "../helpers/patience.ts";
import { run } from "../helpers/programs.ts";

const POLICY = `version: 1
rules:
  - id: reads
    match: { kind: approval, action: "file.read" }
    do: allow
`;

Deno.test("a rule decides what it names; high stakes need a person and the digest; silence denies", async () => {
  await using mesh = await TestMesh.create("hub", { env: { BZZZ_AGENT_CAPABILITIES: "dig" } });
  const env = { BZZZ_INTERFACE_POLICY_PATH: "policy.yaml" };
  await mesh.join("ana", { program: "bzzz-hap", role: "reviewer", through: "hub", env });
  const home = ["--home", mesh.home("ana")];
  await Deno.writeTextFile(`${mesh.home("ana")}/policy.yaml`, POLICY);
  await mesh.start("ana");
  await mesh.connected("hub", "ana");
  const hub = await mesh.node("hub").api();
  const ana = await mesh.node("ana").api();
  const post = async (verb: string, extra: object = {}): Promise<string> => {
    const ask = { title: `${verb}?`, action: { verb, target: "x" }, ...extra };
    const task = await hub.postTask({
      title: verb,
      required_capabilities: ["dig"],
      input: JSON.stringify({ text: "a", ask }),
    });
    return task.task_id;
  };
  const completed = async (taskId: string): Promise<void> => {
    await waitFor(async () => (await hub.task(taskId)).state === "completed", {
      timeoutMs: PATIENCE_MS,
      what: "the task to be completed",
      state: () => mesh.node("ana").log.slice(-2000),
    });
  };

  await completed(await post("file.read"));
  const [automatic] = await hub.requests({});
  assert.equal(automatic?.answer?.auto?.rule, "reads");
  assert.equal(automatic?.performed?.outcome, "done");

  const pushed = await post("repo.push", { stakes: "high", human_present: true });
  const open = await waitFor(async () => (await ana.requests({ state: "open" }))[0], {
    timeoutMs: PATIENCE_MS,
    what: "the ask",
  });
  assert.equal((await run("bzzz-hap", ["approve", open.short_id, ...home])).code, 2, "not unseen");
  assert.equal((await run("bzzz-hap", ["snooze", open.short_id, "--for", "1h", ...home])).code, 0);
  assert.match((await run("bzzz-hap", ["inbox", ...home])).stdout, /Nobody waits/);
  const digest = open.digest.slice(-16);
  assert.equal((await run("bzzz-hap", ["approve", open.short_id, "--digest", digest, ...home])).code, 0);
  await completed(pushed);

  const [first, second] = [await post("deploy"), async () => await post("deploy")];
  const asked = async () => (await ana.requests({ state: "open" })).find(({ title }) => title === "deploy?");
  const held = await waitFor(asked, { timeoutMs: 20_000, what: "the ask to deploy" });
  const scoped = ["--digest", held.digest.slice(-16), "--scope", "2h"];
  assert.equal((await run("bzzz-hap", ["approve", held.request_id, ...scoped, ...home])).code, 0);
  await completed(first);
  await completed(await second());
  assert.match((await run("bzzz-hap", ["grants", ...home])).stdout, /until .* deploy/);
  assert.equal((await run("bzzz-hap", ["grants", "revoke", held.request_id, "enough", ...home])).code, 0);
  await waitFor(async () => (await hub.request(held.request_id)).revoked, {
    timeoutMs: 10_000,
    what: "the agent to hear",
  });
  await second();
  const again = await waitFor(asked, { timeoutMs: 20_000, what: "to be asked again" });
  assert.notEqual(again.request_id, held.request_id);

  const silent = ["ask", "@ana", "Lunch?", "--due", "1s", "--on-timeout", "deny", "--wait", "10s"];
  const ended = await run("bzzz-agent", [...silent, "--home", mesh.home("hub")]);
  assert.deepEqual([ended.code, ended.stdout.includes("expired")], [5, true]);
});
