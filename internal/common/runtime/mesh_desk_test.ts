import assert from "node:assert/strict";
import { BzzzError, createSystemClock } from "@bzzz/base";
import { decodeJoinToken } from "@bzzz/agentid";
import { exitStatusOf, type GlobalFlags } from "@bzzz/cli";
import { createNullLogger } from "@bzzz/logging";
import { acquireInstanceLock } from "./collision.ts";
import { createPlace, doctor, found } from "./testdata/place.ts";

const clock = createSystemClock();

Deno.test("invite() without a node: needs an address and a name that is one; what it made, the node takes", async () => {
  await using place = await createPlace();
  await found(place);
  const invite = (agentId: string | undefined, settings: GlobalFlags["settings"]) =>
    place.hooks.invite({
      globals: { ...place.globals, settings },
      role: "developer",
      binaryType: undefined,
      agentId,
      ttlMs: 60_000,
    });
  const codeOf = async (work: Promise<unknown>) => {
    try {
      await work;
    } catch (error) {
      return error instanceof BzzzError ? error.code : String(error);
    }
  };

  const made = await invite("worker", [["network.announce", "/ip4/192.0.2.1/tcp/9000"]]);

  const token = decodeJoinToken(made.token);
  assert.match(token.addresses[0] ?? "", /^\/ip4\/192\.0\.2\.1\/tcp\/9000\/p2p\/12D3Koo/);
  assert.equal(made.agent_id, "worker");
  assert.equal(await codeOf(invite("Not A Name", [])), "invalid_agent_id");
  assert.equal(await codeOf(invite(undefined, [["network.p2p_port", "0"]])), "config_invalid");
  assert.equal(await codeOf(invite("one", [])), "duplicate_agent_id");
  using _lock = await acquireInstanceLock({ clock, logger: createNullLogger() }, place.home, {
    agentId: "one",
    binaryType: "agent",
  });
  assert.equal(await codeOf(invite(undefined, [])), "instance_running");
});

Deno.test("init() and join() leave a mesh alone unless forced, and a running node always", async () => {
  await using place = await createPlace();
  await found(place);
  const again = (isForced: boolean) =>
    place.hooks.init({
      globals: place.globals,
      meshName: "other",
      agentId: undefined,
      isRootKeyKept: true,
      shares: 5,
      threshold: 3,
      isLocked: false,
      isForced,
    });

  await assert.rejects(again(false), { code: "already_exists" });
  const second = await again(true);
  assert.deepEqual([second.mesh_name, second.recovery_shares.length, second.recovery_threshold], ["other", 5, 3]);
  using _lock = await acquireInstanceLock({ clock, logger: createNullLogger() }, place.home, {
    agentId: "one",
    binaryType: "agent",
  });
  await assert.rejects(again(true), { code: "instance_running" });
  await assert.rejects(place.hooks.leave({ globals: place.globals }), { code: "instance_running" });
});

Deno.test("join() that finds nobody in time is status 5, 6 or 7, and leaves no mesh behind", async () => {
  await using admin = await createPlace();
  await found(admin);
  await using place = await createPlace();
  const { token } = await admin.hooks.invite({
    globals: { ...admin.globals, settings: [["network.announce", "/ip4/127.0.0.1/tcp/1"]] },
    role: "developer",
    binaryType: undefined,
    agentId: undefined,
    ttlMs: 60_000,
  });

  await assert.rejects(
    place.hooks.join(token, {
      globals: place.globals,
      agentId: undefined,
      timeoutMs: 300,
      isLocked: false,
      isForced: false,
      signal: new AbortController().signal,
    }),
    (error) => [5, 6, 7].includes(exitStatusOf(error)),
  );
  assert.equal((await doctor(place)).get("mesh")?.status, "failed");
});
