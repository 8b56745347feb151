import assert from "node:assert/strict";
import { ensurePerson, judgeAnswer, loadApprovalKey, MANDATE_TTL_MS, PersonBook } from "@bzzz/agentid";
import { createTestMesh } from "@bzzz/agentid/testing";
import type { RequestId } from "@bzzz/base";
import { createSeededRandom, ManualClock } from "@bzzz/base/testing";
import { createTestShell } from "@bzzz/cli/testing";
import { createSigningKey, peerIdFromPublicKey } from "@bzzz/crypto";
import { acceptedPolicy, acceptPolicy, mandatedRules, policyDigest } from "./policy_mandate.ts";
import { parsePolicy } from "./policy.ts";
import { POLICY_COMMANDS } from "./policy_commands.ts";

const TEXT = `version: 1
rules:
  - id: reads
    match: { kind: approval, action: "file.read", target: "docs/*" }
    do: allow
  - match: { action: rm }
    do: deny
    reason: never
`;

/** A data directory with the keys of a person that have no passphrase. */
async function createPerson() {
  const clock = new ManualClock();
  const random = createSeededRandom(6);
  const { mesh: { meshId: mesh } } = createTestMesh({ clock });
  const home = await Deno.makeTempDir({ prefix: "bzzz-mandate-" });
  const peer = peerIdFromPublicKey(createSigningKey(random).publicKey);
  const { certificate } = await ensurePerson(home, { mesh, peer, nowMs: clock.nowMs() }, { random });
  const keys = { home, key: await loadApprovalKey(home, {}), certificate, random };
  return { clock, mesh, home, keys, [Symbol.asyncDispose]: () => Deno.remove(home, { recursive: true }) };
}

Deno.test("what a person accepts is this very policy's rules that allow, for 90 days; agents take it as their word", async () => {
  await using person = await createPerson();
  const { clock, home, mesh, keys } = person;
  const parsed = parsePolicy(TEXT, "policy");
  assert.ok(parsed.ok);
  const policy = { digest: policyDigest(TEXT), rules: mandatedRules(parsed.policy) };
  const nowMs = clock.nowMs();
  const found = (digest: string, atMs = nowMs) => acceptedPolicy(home, keys.certificate, { digest, nowMs: atMs });

  const before = await found(policy.digest);
  const { proof, untilMs } = await acceptPolicy(clock, keys, policy);

  assert.deepEqual(policy.rules, [{ rule: "reads", action: "file.read", target: "docs/*" }]);
  assert.deepEqual([before, untilMs], [undefined, nowMs + MANDATE_TTL_MS]);
  assert.deepEqual(await found(policy.digest), proof);
  assert.equal(await found(policyDigest(`${TEXT}# changed`)), undefined);
  assert.equal(await found(policy.digest, untilMs + 1), undefined);
  const body = {
    requestId: "01HZZZZZZZZZZZZZZZZZZZZZZZ" as RequestId,
    requestDigest: "ab".repeat(32),
    decision: "approve" as const,
    auto: { rule: "reads", policy: policy.digest },
    proof,
  };
  const { peer: author, person: id } = keys.certificate;
  const grant = { person: id, role: "admin" };
  assert.ok(judgeAnswer(new PersonBook(mesh), { mesh, author, seq: 1, hlcMs: nowMs, grant, body }).ok);
});

Deno.test("policy accept shows the rules and signs them after a yes; without a terminal it takes the passphrase's file", async () => {
  await using person = await createPerson();
  const { home, keys } = person;
  await Deno.writeTextFile(`${home}/policy.yaml`, TEXT);
  const config = { binaryType: "hap", interface: { policyPath: "policy.yaml" } };
  const shellWith = (answers?: string[]) =>
    createTestShell({
      program: { commands: POLICY_COMMANDS },
      hooks: {
        loadConfig: () => Promise.resolve({ home, config: config as never }), // no more of it is read
        withPersonKey: (_globals, work) => work(keys),
      },
      ...(answers ? { answers } : {}),
    });
  const accepted = (nowMs: number) => acceptedPolicy(home, keys.certificate, { digest: policyDigest(TEXT), nowMs });

  const no = await shellWith(["n"]).run("policy", "accept");
  const unseen = await shellWith().run("policy", "accept");
  const shell = shellWith(["y"]);
  const nothing = await accepted(shell.clock.nowMs());
  const yes = await shell.run("policy", "accept");

  assert.deepEqual([no.status, unseen.status, nothing, yes.status], [2, 2, undefined, 0]);
  assert.match(yes.out, /lets 1 rules approve:\nreads: file\.read at docs\/\*\n[\s\S]*Accepted until/);
  assert.ok(await accepted(shell.clock.nowMs()));
});
