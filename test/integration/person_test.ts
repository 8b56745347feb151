// The keys of a person on the built programs: what is signed counts, locked keys sign nothing, rotation, a second device, an end.
import assert from "node:assert/strict";
import { waitFor } from "@bzzz/base/testing";
import { TestMesh } from "../helpers/mesh.ts";
import { PATIENCE_MS } from "../helpers/patience.ts";
import { run } from "../helpers/programs.ts";

Deno.test("only a person's signature approves: locked, unlocked, rotated, on a second device, until it is revoked", async () => {
  await using mesh = await TestMesh.create("hub", { env: { BZZZ_AGENT_CAPABILITIES: "dig" } });
  await mesh.join("ana", { program: "bzzz-hap", role: "reviewer", through: "hub" });
  await mesh.start("ana");
  await mesh.connected("hub", "ana");
  const hub = await mesh.node("hub").api();
  const hap = (name: string, ...args: string[]) => run("bzzz-hap", [...args, "--home", mesh.home(name)]);
  const secret = async (name: string, text: string): Promise<string[]> => {
    const file = `${mesh.home(name)}/secret`;
    await Deno.writeTextFile(file, `${text}\n`, { mode: 0o600 });
    return ["--passphrase-file", file];
  };
  /** A task that asks for approval; its ask, once it is there. */
  const ask = async (verb: string, stakes: string): Promise<{ task: string; id: string; digest: string }> => {
    const input = JSON.stringify({ text: "a", ask: { title: `${verb}?`, action: { verb, target: "x" }, stakes } });
    const { task_id: task } = await hub.postTask({ title: verb, required_capabilities: ["dig"], input });
    const open = await waitFor(
      async () => (await hub.requests({ state: "open" })).find((one) => one.task_id === task),
      { timeoutMs: PATIENCE_MS, what: `the ask of ${verb}` },
    );
    await waitFor(async () =>
      (await (await mesh.node("ana").api()).requests({ state: "open" }))
        .some((one) => one.request_id === open.request_id), { timeoutMs: PATIENCE_MS, what: "ana to hear of it" });
    return { task, id: open.request_id, digest: open.digest };
  };
  const approve = async (name: string, { id, digest }: { id: string; digest: string }, ...args: string[]) =>
    (await hap(name, "approve", id, "--digest", digest, ...args)).code;
  const completed = async ({ task }: { task: string }): Promise<void> => {
    await waitFor(async () => (await hub.task(task)).state === "completed", {
      timeoutMs: PATIENCE_MS,
      what: "the task",
    });
  };

  const right = await secret("ana", "correct horse");
  assert.equal((await hap("ana", "identity", "passphrase", ...right)).code, 0);
  assert.match((await hap("ana", "identity", "show")).stdout, /Your key is locked[\s\S]*The mesh knows you/);

  const push = await ask("push", "normal");
  assert.equal(await approve("ana", push), 4, "locked");
  assert.equal(await approve("ana", push, ...await secret("ana", "wrong horse")), 4, "wrong");
  assert.equal((await hub.request(push.id)).state, "pending");
  await waitFor(async () => await approve("ana", push, ...await secret("ana", "correct horse")) === 0, {
    timeoutMs: PATIENCE_MS,
    what: "the passphrase to be taken again",
  });
  await completed(push);

  const drop = await ask("drop", "high");
  assert.equal(await approve("ana", drop), 4, "high stakes, although it is open now");
  assert.equal(await approve("ana", drop, ...right), 0);
  await completed(drop);

  const before = (await hap("ana", "identity", "show", "--json")).stdout;
  assert.equal((await hap("ana", "identity", "rotate", ...right)).code, 0);
  const after = JSON.parse((await hap("ana", "identity", "show", "--json")).stdout);
  assert.notEqual(after.person, JSON.parse(before).person);
  assert.equal(after.is_admitted, true);
  const move = await ask("move", "normal");
  assert.equal(await approve("ana", move, ...right), 0, "with the key that followed");
  await completed(move);

  const sheet = JSON.parse((await hap("ana", "identity", "export", "--json", ...right)).stdout);
  await Deno.mkdir(mesh.home("phone"), { mode: 0o700 });
  await Deno.writeTextFile(`${mesh.home("phone")}/shares`, sheet.shares.slice(1).join("\n"), { mode: 0o600 });
  const restored = await hap("phone", "identity", "restore", "--shares-file", `${mesh.home("phone")}/shares`);
  assert.ok(restored.stdout.includes(after.words), restored.stderr);
  await mesh.join("phone", { program: "bzzz-hap", role: "reviewer", through: "hub" });
  await mesh.start("phone");
  await mesh.connected("hub", "ana", "phone");
  const known = await waitFor(async () => {
    const { devices } = JSON.parse((await hap("ana", "identity", "show", "--json")).stdout);
    return devices.length === 2 ? devices as { agent_id: string; problem?: string }[] : undefined;
  }, { timeoutMs: PATIENCE_MS, what: "both devices to be known" });
  assert.deepEqual(known.map(({ agent_id, problem }) => [agent_id, problem]).sort(), [["ana", undefined], [
    "phone",
    undefined,
  ]]);

  assert.equal((await hap("phone", "identity", "revoke", "ana", "--reason", "lost")).code, 0);
  await waitFor(async () => /revoked the device/.test((await hap("ana", "identity", "show")).stdout), {
    timeoutMs: PATIENCE_MS,
    what: "the lost device to hear of its end",
  });
  const last = await ask("last", "normal");
  assert.equal(await approve("ana", last, ...right), 4, "revoked");
  await waitFor(async () => await approve("phone", last) === 0, {
    timeoutMs: PATIENCE_MS,
    what: "the other device to approve",
  });
  await completed(last);
});

Deno.test("a person's vote is signed with their key: locked there is none, signed it closes the decision everywhere", async () => {
  await using mesh = await TestMesh.create("hub");
  await mesh.join("ana", { program: "bzzz-hap", role: "architect", through: "hub" });
  await mesh.start("ana");
  await mesh.connected("hub", "ana");
  const verb = (program: "bzzz-agent" | "bzzz-hap", name: string, ...args: string[]) =>
    run(program, [...args, "--home", mesh.home(name)]);
  const file = `${mesh.home("ana")}/secret`;
  await Deno.writeTextFile(file, "correct horse\n", { mode: 0o600 });
  const right = ["--passphrase-file", file];
  assert.equal((await verb("bzzz-hap", "ana", "identity", "passphrase", ...right)).code, 0);
  const proposed = await verb(
    "bzzz-agent",
    "hub",
    "decide",
    "propose",
    "--quorum",
    "2",
    "--audience",
    "architect",
    "--json",
    "Use a queue",
  );
  const { version: { address } } = JSON.parse(proposed.stdout) as { version: { address: string } };
  const vote = (...args: string[]) => verb("bzzz-hap", "ana", "decide", "vote", address, "approve", ...args);
  await waitFor(async () => /State: open/.test((await verb("bzzz-hap", "ana", "decide", "show", address)).stdout), {
    timeoutMs: 20_000,
    what: "ana to hear of the decision",
  });

  const locked = await vote();
  assert.deepEqual([locked.code, /your key is locked/.test(locked.stderr)], [4, true], locked.stderr);
  const signed = await vote(...right);
  assert.equal(signed.code, 0, signed.stderr);
  const key = async () => /Your key: (.*)/.exec((await verb("bzzz-hap", "ana", "status")).stdout)?.[1];
  assert.match(await key() ?? "", /^open for [0-5]:\d\d more$/);
  mesh.node("ana").signal("SIGHUP"); // nothing of it is a terminal
  await waitFor(async () => await key() === "locked", { timeoutMs: 10_000, what: "the key to be locked" });

  const seen = await waitFor(async () => {
    const { stdout } = await verb("bzzz-agent", "hub", "decide", "show", "--json", address);
    const decision = JSON.parse(stdout) as { state: string; closed_by?: string; votes: { is_signed: boolean }[] };
    return decision.votes.length > 0 ? decision : undefined;
  }, { timeoutMs: 20_000, what: "the vote to come" });
  assert.deepEqual([seen.state, seen.closed_by, seen.votes.map((one) => one.is_signed)], ["approved", "binding", [
    true,
  ]]);
});
