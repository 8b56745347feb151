// A member that is revoked is dropped everywhere, is not heard any more, and is told why.
import assert from "node:assert/strict";
import { waitFor } from "@bzzz/base/testing";
import { note } from "../helpers/load.ts";
import { TestMesh } from "../helpers/mesh.ts";
import { PATIENCE_MS, Stopwatch } from "../helpers/patience.ts";
import { ISOLATED, run } from "../helpers/programs.ts";

Deno.test("S-24 a revoked member is dropped everywhere within 10 s, and its new entries are refused", async (t) => {
  await using mesh = await TestMesh.create("boss");
  await mesh.add("other", { through: "boss" });
  await mesh.add("rogue", { through: "boss" });
  await mesh.connected("boss", "other", "rogue");
  const [boss, other, rogue] = await Promise.all(
    ["boss", "other", "rogue"].map(async (name) => await mesh.node(name).api()),
  );
  assert.ok(boss && other && rogue);
  const roguePeer = (await rogue.status()).node.peer_id;
  const early = await rogue.postMessage({ topic: "coordination", text: "while I may" });
  await waitFor(() => other.entry(early.id).catch(() => undefined), {
    timeoutMs: PATIENCE_MS,
    what: "the early entry",
  });

  const sinceTheOrder = new Stopwatch();
  await boss.revokeMember("rogue", { reason: "left the company" });
  await waitFor(async () => {
    const views = await Promise.all([boss.peers(), other.peers()]);
    return views.every((peers) => !peers.some((peer) => peer.peer_id === roguePeer && peer.is_connected));
  }, { timeoutMs: PATIENCE_MS, what: "the connections to be dropped" });
  note(`dropped everywhere after ${sinceTheOrder.within(10_000, "dropped everywhere")} ms`);

  await t.step("every member knows it, with the reason", async () => {
    const member = await waitFor(async () => {
      const found = (await other.members()).find((one) => one.peer_id === roguePeer);
      return found?.revoked && found;
    }, { timeoutMs: PATIENCE_MS, what: "the revocation at the other member" });
    assert.equal(member.revoked?.reason, "left the company");
  });
  await t.step("the node itself says that it is not heard", async () => {
    await waitFor(async () => (await rogue.status()).reasons.some((reason) => /revoked/.test(reason)), {
      timeoutMs: PATIENCE_MS,
      what: "the revoked node to say so",
      state: () => mesh.node("rogue").log.slice(-3000),
    });
    assert.equal((await mesh.node("rogue").healthPage("/readyz")).status, 503);
  });
  await t.step("it can write nothing more, and nothing of it arrives", async () => {
    await assert.rejects(() => rogue.postMessage({ topic: "coordination", text: "too late" }));
    const marker = await boss.postMessage({ topic: "coordination", text: "marker" });
    await waitFor(() => other.entry(marker.id).catch(() => undefined), { timeoutMs: PATIENCE_MS, what: "the marker" });
    const late = (await other.messages({ limit: 100 })).filter((message) => message.text === "too late");
    assert.deepEqual(late, []);
    assert.ok(await other.entry(early.id), "what it said while it might stays");
  });
  await t.step("a new start says why", async () => {
    assert.equal((await mesh.node("rogue").stop()).code, 0);
    const { code, stderr } = await run("bzzz-agent", ["run", "--home", mesh.home("rogue")], {
      env: { ...ISOLATED, BZZZ_LOGGING_LEVEL: "error" },
    });
    assert.equal(code, 13, stderr);
    assert.match(stderr, /^bzzz-agent: Cannot run as "rogue": its grant was revoked.*invite.*--force/);
  });
  await t.step("with a new invite it is a member again", async () => {
    const token = await mesh.invite("boss", { role: "observer", program: "bzzz-agent" });
    const args = ["join", "--home", mesh.home("rogue"), "--agent-id", "reformed", "--force", "-"];
    const { code, stderr } = await run("bzzz-agent", args, { stdin: token });
    assert.equal(code, 0, stderr);
    await mesh.start("rogue");
    await mesh.connected("boss", "other", "rogue");
  });
});

Deno.test("S-24 who was away hears of a revocation from the first peer it meets", async () => {
  await using mesh = await TestMesh.create("boss");
  await mesh.add("rogue", { through: "boss" });
  await mesh.add("away", { through: "boss" });
  await mesh.connected("boss", "rogue", "away");
  await mesh.node("away").stop();
  await mesh.node("rogue").stop();
  await (await mesh.node("boss").api()).revokeMember("rogue");

  await mesh.start("rogue");
  await mesh.start("away");

  const rogue = await (await mesh.node("rogue").api());
  await waitFor(async () => (await rogue.status()).reasons.some((reason) => /revoked/.test(reason)), {
    timeoutMs: PATIENCE_MS,
    what: "the revoked node to hear of it",
    state: () => mesh.node("rogue").log.slice(-3000),
  });
  const away = await mesh.node("away").api();
  await waitFor(async () => (await away.members()).find((member) => member.agent_id === "rogue")?.revoked, {
    timeoutMs: PATIENCE_MS,
    what: "the node that was away to hear of it",
  });
  const peer = (await rogue.status()).node.peer_id;
  await waitFor(async () => !(await away.peers()).some((one) => one.peer_id === peer && one.is_connected), {
    timeoutMs: PATIENCE_MS,
    what: "no connection to the revoked node",
  });
});
