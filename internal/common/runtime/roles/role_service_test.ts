import assert from "node:assert/strict";
import { utf8Decode, utf8Encode } from "@bzzz/base";
import { waitFor } from "@bzzz/base/testing";
import type { Role, RoleDefinition } from "@bzzz/crypto";
import { OfflineMesh, type OfflineNode } from "../facade/testing.ts";

const MARKER = "only for the roles it names";
const DESIGNER: RoleDefinition = {
  name: "ui_ux",
  level: "suggestion",
  canDecrypt: ["observer"],
  capabilities: ["draw"],
};

/** Lets every node do what it has to, and hear what the others did, until nothing is left to do. */
async function settle(
  mesh: OfflineMesh,
  nodes: readonly OfflineNode[],
  isDone: () => boolean,
  what: string,
): Promise<void> {
  await waitFor(async () => {
    await mesh.clock.advance(30_000);
    await mesh.share();
    return isDone();
  }, { timeoutMs: 20_000, what, state: () => nodes.map((node) => node.roles.keys()) });
}

async function seal(node: OfflineNode, audience: readonly Role[]): Promise<Uint8Array> {
  return await node.roles.sealer.seal(utf8Encode(MARKER), audience);
}

async function reads(node: OfflineNode, sealed: Uint8Array): Promise<boolean> {
  const opened = await node.roles.sealer.open(sealed);
  return opened !== "denied" && utf8Decode(opened) === MARKER;
}

function hasKey(node: OfflineNode, role: Role): boolean {
  return node.roles.keys().some((key) => key.role === role && key.isCurrent && key.isHeld);
}

function decisions(node: OfflineNode): { allow: boolean; operation: string; suppressed: number | undefined }[] {
  return node.journal.entriesAfter(0, { limit: 1000, kinds: ["access_decided"] }).flatMap((entry) =>
    entry.kind === "access_decided"
      ? [{ allow: entry.body.allow, operation: entry.body.operation, suppressed: entry.body.suppressed }]
      : []
  );
}

Deno.test("a founder makes the keys of all roles, and members get those of theirs", async () => {
  await using mesh = new OfflineMesh();
  const admin = await mesh.start({ role: "admin" });
  const developer = await mesh.start({ role: "developer" });
  const observer = await mesh.start({ role: "observer" });
  // each heard of the others when it started; whom a node lets in later it learns by the entry of the grant
  admin.local.membership.addGrant(developer.member.grantBytes);
  admin.local.membership.addGrant(observer.member.grantBytes);

  await settle(
    mesh,
    [admin, developer, observer],
    () => hasKey(developer, "developer") && hasKey(observer, "observer"),
    "keys",
  );

  const sealed = await seal(developer, ["developer"]);
  assert.ok(await reads(admin, sealed) && await reads(developer, sealed));
  assert.ok(!await reads(observer, sealed));
  assert.equal(admin.roles.keys().filter((key) => key.isHeld && key.isCurrent).length, 5);
  assert.equal(developer.roles.keys().filter((key) => key.isHeld).length, 1);
});

Deno.test("what a member seals before it has heard of the keys waits for them", async () => {
  await using mesh = new OfflineMesh();
  const admin = await mesh.start({ role: "admin" });
  await settle(mesh, [admin], () => hasKey(admin, "admin"), "keys");
  const developer = await mesh.start({ role: "developer" });
  const sealed = seal(developer, ["developer"]);
  assert.equal(developer.roles.keys().length, 0);
  await mesh.share();

  assert.ok(await reads(admin, await sealed));
});

Deno.test("keys are there again after a restart, and are not made twice", async () => {
  await using mesh = new OfflineMesh();
  const admin = await mesh.start({ role: "admin" });
  await settle(mesh, [admin], () => hasKey(admin, "observer"), "keys");
  const sealed = await seal(admin, ["architect"]);
  const before = admin.roles.keys();

  const again = await mesh.restart(admin);
  await mesh.clock.advance(120_000);

  assert.deepEqual(again.roles.keys(), before);
  assert.ok(await reads(again, sealed));
});

Deno.test("a revocation replaces the keys of the one revoked; the rest read on", async () => {
  await using mesh = new OfflineMesh();
  const admin = await mesh.start({ role: "admin" });
  const [ann, eve] = [await mesh.start({ role: "developer" }), await mesh.start({ role: "developer" })];
  for (const node of [ann, eve]) admin.local.membership.addGrant(node.member.grantBytes);
  ann.local.membership.addGrant(eve.member.grantBytes);
  await settle(mesh, [admin, ann, eve], () => hasKey(ann, "developer") && hasKey(eve, "developer"), "keys");

  await admin.trust.revoke(eve.member.peerId, "test");
  await settle(
    mesh,
    [admin, ann],
    () => ann.roles.keys().some((key) => key.role === "developer" && key.generation === 2 && key.isHeld),
    "the new key",
  );

  const sealed = await seal(ann, ["developer"]);
  assert.ok(await reads(ann, sealed) && await reads(admin, sealed));
  assert.ok(!await reads(eve, sealed));
  assert.ok(admin.roles.keys().every((key) => key.role === "developer" || key.generation === 1));
});

Deno.test("an admin defines roles for all; a developer may not, and leaves a trace", async () => {
  await using mesh = new OfflineMesh();
  const admin = await mesh.start({ role: "admin" });
  const developer = await mesh.start({ role: "developer" });
  admin.local.membership.addGrant(developer.member.grantBytes);
  await settle(mesh, [admin], () => hasKey(admin, "admin"), "keys");

  await admin.roles.define([DESIGNER]);
  await assert.rejects(developer.roles.define([]), { code: "not_allowed" });
  await assert.rejects(developer.roles.define([]), { code: "not_allowed" });
  await assert.rejects(developer.roles.rotate("developer"), { code: "not_allowed" });
  await developer.audit.settled();
  await mesh.share();

  assert.equal(developer.roles.directory.roles().levelOf("ui_ux"), "suggestion");
  assert.equal(admin.roles.keys().filter((key) => key.role === "ui_ux").length, 1);
  assert.equal(decisions(admin).filter(({ allow }) => !allow).length, 2, "one for each kind of refusal");
});

Deno.test("definitions that cannot work are refused with what was found", async () => {
  await using mesh = new OfflineMesh();
  const admin = await mesh.start({ role: "admin" });

  await assert.rejects(admin.roles.define([{ ...DESIGNER, name: "admin" }]), { code: "invalid_request" });
  await assert.rejects(admin.roles.define([{ ...DESIGNER, canDecrypt: ["admin"] }]), /a role of level master/);
  await assert.rejects(admin.roles.rotate("pilot"), { code: "not_found" });
});

Deno.test("an own role can be invited at its level, and exported keys leave a trace first", async () => {
  await using mesh = new OfflineMesh();
  const admin = await mesh.start({ role: "admin" });
  await settle(mesh, [admin], () => hasKey(admin, "admin"), "keys");
  await admin.facade.roles.define({
    roles: [{ name: "ui_ux", level: "coordination", can_decrypt: [], capabilities: [] }],
  });

  const invite = await admin.facade.createInvite({ role: "ui_ux", ttl_ms: 60_000 });
  const exported = await admin.facade.roles.exportKeys("ui_ux");

  assert.equal(invite.role, "ui_ux");
  assert.equal(admin.trust.newcomers.invites()[0]?.level, "coordination");
  const { mode } = await Deno.stat(exported.path);
  assert.equal((mode ?? 0) & 0o777, 0o600);
  assert.match(
    await Deno.readTextFile(exported.path),
    /^# role ui_ux, generation 1\n# public key: age1.*\nAGE-SECRET-KEY-1/,
  );
  assert.deepEqual(decisions(admin), [{ allow: true, operation: "read", suppressed: undefined }]);
  await assert.rejects(admin.facade.roles.exportKeys("../../etc"), { code: "not_found" });
});

Deno.test("a replaced key is not made by two admins, and a second admin takes over", async () => {
  await using mesh = new OfflineMesh();
  const root = await mesh.start({ role: "admin" });
  const second = await mesh.start({ role: "admin" });
  const eve = await mesh.start({ role: "developer" });
  for (const node of [second, eve]) root.local.membership.addGrant(node.member.grantBytes);
  second.local.membership.addGrant(eve.member.grantBytes);
  await settle(mesh, [root, second], () => hasKey(second, "developer") && hasKey(eve, "developer"), "keys");
  const generation = root.roles.ledger.current("developer")?.generation ?? 0;
  // the one who revokes is gone before it can replace the key
  await root.trust.revoke(eve.member.peerId, "test");
  await mesh.share();
  await root[Symbol.asyncDispose]();

  await settle(
    mesh,
    [second],
    () => (second.roles.ledger.current("developer")?.generation ?? 0) > generation,
    "the new key",
  );

  assert.equal(second.roles.ledger.keys("developer").filter((key) => key.generation > generation).length, 1);
  assert.ok(!await reads(eve, await seal(second, ["developer"])));
});

Deno.test("a refusal that comes again and again is one entry a minute", async () => {
  await using mesh = new OfflineMesh();
  const node = await mesh.start({ role: "developer" });
  const refuse = () =>
    node.audit.refused({ resource: "role", operation: "administer", subject: node.member.peerId, reason: "no" });

  for (let i = 0; i < 50; i++) refuse();
  await mesh.clock.advance(60_000);
  refuse();
  await node.audit.settled();

  assert.deepEqual(decisions(node).map(({ suppressed }) => suppressed), [undefined, 49]);
});
