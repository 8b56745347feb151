import assert from "node:assert/strict";
import { type AgentId, createSystemClock, createSystemRandom } from "@bzzz/base";
import { waitFor } from "@bzzz/base/testing";
import { createNullLogger } from "@bzzz/logging";
import { createCodec, registerKey, type RegisterRules } from "@bzzz/register";
import { z } from "zod";
import { AGENT_PROFILE } from "../profiles.ts";
import { joinWithToken } from "../setup.ts";
import { foundTestHome, startTestNode } from "../testdata/test_node.ts";

const clock = createSystemClock();
const random = createSystemRandom();
const logger = createNullLogger();
const deps = { clock, random, logger, profile: AGENT_PROFILE, version: "0.0.0" };

/** Who came first. */
const RULES: RegisterRules<{ readonly by: string }, { readonly by: string }> = {
  prefix: "first",
  value: createCodec(() => z.object({ by: z.string() })),
  command: createCodec(() => z.object({ by: z.string() })),
  decide: (_key, previous, command) => previous ? { refuse: "taken" } : { next: command },
  check: () => ({ ok: true }),
  leaseId: () => undefined,
};

Deno.test("a founder and two who joined vote over real connections, and two go on without the third", async () => {
  const folder = await Deno.makeTempDir({ prefix: "bzzz-voters-" });
  await using stack = new AsyncDisposableStack();
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const names = ["atlas", "basil", "cedar"] as const;
  const [home] = names.map((name) => `${folder}/${name}`);
  await foundTestHome(AGENT_PROFILE, { home: home ?? "", agentId: "atlas" });
  const atlas = await startTestNode(AGENT_PROFILE, { home: home ?? "", flags: {} });
  stack.defer(() => atlas.stop());
  const others: Awaited<ReturnType<typeof startTestNode>>[] = [];
  for (const name of names.slice(1)) {
    const ttlMs = 60_000;
    const { token } = atlas.services.trust.newcomers.invite(
      { role: "developer", ttlMs },
      atlas.services.node.addresses(),
    );
    await joinWithToken(deps, { home: `${folder}/${name}`, token, agentId: name as AgentId });
    const node = await startTestNode(AGENT_PROFILE, { home: `${folder}/${name}`, flags: {} });
    others.push(node);
    stack.defer(() => node.stop());
  }
  const all = [atlas, ...others].map(({ services }) => services.registers);
  await waitFor(() => all.every((registers) => registers.hasQuorum()), {
    timeoutMs: 30_000,
    what: "the voters to be known",
  });

  for (const [index, { services }] of others.entries()) {
    const change = await atlas.services.registers.addVoter(services.node.peerId);
    assert.equal(change.type, "changed", JSON.stringify(change));
    const isDone = () =>
      all.every((registers) => {
        const roster = registers.roster();
        return roster?.step === "stable" && roster.voters.length === index + 2;
      });
    await waitFor(isDone, { timeoutMs: 30_000, what: `${index + 2} voters everywhere` });
  }
  const firsts = all.map((registers) => registers.use(RULES));
  const outcomes = await Promise.all(firsts.map((first, i) => first.submit(registerKey("first", "a"), { by: `${i}` })));
  assert.equal(
    outcomes.filter(({ type }) => type === "decided").length,
    1,
    JSON.stringify(outcomes.map((o) => o.type)),
  );

  await others[1]?.stop();
  const without = await firsts[0]?.submit(registerKey("first", "b"), { by: "atlas" });
  const read = await firsts[1]?.read(registerKey("first", "b"));
  assert.equal(without?.type, "decided");
  assert.ok(read?.type === "value" && read.value?.by === "atlas");

  await others[0]?.stop();
  const { registers } = atlas.services;
  await waitFor(() => !registers.hasQuorum(), { timeoutMs: 30_000, what: "the loss of the quorum" });
  const alone = await firsts[0]?.submit(registerKey("first", "c"), { by: "atlas" });
  assert.deepEqual(alone, { type: "undecided", reason: "no_quorum" });
  assert.match(registers.describeQuorum(), /1 of 3 voters can be reached, 2 are needed/);
});
