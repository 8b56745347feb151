import assert from "node:assert/strict";
import fc from "fast-check";
import { type PeerId, utf8Decode, utf8Encode } from "@bzzz/base";
import { CryptoError, sealContent } from "@bzzz/crypto";
import { exposure, planKeys, RoleDirectory, RoleError, type RoleErrorCode, RoleKeyLedger } from "@bzzz/roles";
import { type TestRoleMember, TestRoles } from "@bzzz/roles/testing";

const MARKER = "the marker nobody else reads";

function hasCode(code: RoleErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof RoleError && error.code === code;
}

async function reads(member: TestRoleMember, sealed: Uint8Array): Promise<boolean> {
  const opened = await member.sealer.open(sealed);
  if (opened === "denied") return false;
  assert.equal(utf8Decode(opened), MARKER);
  return true;
}

Deno.test("F-48 content is read by the roles of its audience and those above, and by nobody else", async () => {
  const mesh = new TestRoles({
    own: [{ name: "ui_ux", level: "suggestion", canDecrypt: ["observer"], capabilities: [] }],
  });
  const [admin, architect, reviewer, developer, designer, observer] = [
    await mesh.join("admin"),
    await mesh.join("architect"),
    await mesh.join("reviewer"),
    await mesh.join("developer"),
    await mesh.join("ui_ux"),
    await mesh.join("observer"),
  ];
  const everybody = { admin, architect, reviewer, developer, designer, observer };
  const expected = [
    { audience: ["admin"], readers: ["admin"] },
    { audience: ["reviewer"], readers: ["admin", "architect", "reviewer"] },
    { audience: ["developer"], readers: ["admin", "architect", "reviewer", "developer"] },
    { audience: ["ui_ux", "admin"], readers: ["admin", "architect", "reviewer", "designer"] },
    { audience: ["observer"], readers: Object.keys(everybody) },
  ];

  for (const { audience, readers } of expected) {
    const sealed = await developer.sealer.seal(utf8Encode(MARKER), audience);
    for (const [name, member] of Object.entries(everybody)) {
      assert.equal(await reads(member, sealed), readers.includes(name), `${name} of ${audience}`);
    }
  }
  assert.ok(observer.denials.count > 0);
});

Deno.test("who is revoked reads what was written before, and nothing after", async () => {
  const mesh = new TestRoles();
  const admin = await mesh.join("admin");
  const [ann, eve] = [await mesh.join("developer"), await mesh.join("developer")];
  const before = await ann.sealer.seal(utf8Encode(MARKER), ["developer"]);

  mesh.mark(eve, { status: "revoked" });
  await assert.rejects(ann.sealer.seal(utf8Encode(MARKER), ["developer"]), hasCode("role_key_exposed"));
  await mesh.carryOut();

  const after = await ann.sealer.seal(utf8Encode(MARKER), ["developer"]);
  assert.ok(await reads(eve, before));
  assert.ok(!await reads(eve, after));
  assert.ok(await reads(ann, after) && await reads(ann, before) && await reads(admin, after));
});

Deno.test("a demotion and a lost admin replace every key they had", async () => {
  const mesh = new TestRoles();
  const [root, mallory] = [await mesh.join("admin"), await mesh.join("admin")];
  const dan = await mesh.join("architect");

  assert.equal(dan.sealer.revocations, 0);
  const old = await root.sealer.seal(utf8Encode(MARKER), ["architect"]);
  assert.ok(await reads(dan, old));
  mesh.mark(mallory, { status: "revoked" });
  mesh.mark(dan, { role: "observer", level: "read_only" });
  await mesh.carryOut();

  assert.ok(!await reads(dan, old), "its program does not use the keys of a role it has no more");
  assert.deepEqual([dan.sealer.revocations, dan.sealer.revocations], [1, 1]);

  for (const audience of ["admin", "architect", "developer", "observer"]) {
    const sealed = await root.sealer.seal(utf8Encode(MARKER), [audience]);
    assert.ok(!await reads(mallory, sealed), audience);
    assert.equal(await reads(dan, sealed), audience === "observer", audience);
  }
});

Deno.test("who joins later reads what its role could read before", async () => {
  const mesh = new TestRoles();
  const admin = await mesh.join("admin");
  const old = await admin.sealer.seal(utf8Encode(MARKER), ["developer"]);
  await mesh.rotate("developer");

  const newcomer = await mesh.join("developer");

  assert.ok(await reads(newcomer, old));
});

Deno.test("an ended grant asks for a new key, but does not keep others from writing", async () => {
  const mesh = new TestRoles();
  const admin = await mesh.join("admin");
  const developer = await mesh.join("developer");
  mesh.mark(developer, { status: "expired" });

  await admin.sealer.seal(utf8Encode(MARKER), ["developer"]);
  assert.equal(exposure(admin.ledger, "developer", mesh.roster()).length, 1);
  await mesh.carryOut();

  assert.equal(admin.ledger.current("developer")?.generation, 2);
  assert.ok(!await reads(developer, await admin.sealer.seal(utf8Encode(MARKER), ["developer"])));
});

Deno.test("sealing names what keeps it from working", async () => {
  const mesh = new TestRoles();
  const stranger = await mesh.join("developer"); // before an admin made any key

  await assert.rejects(stranger.sealer.seal(new Uint8Array(), ["developer"]), hasCode("role_key_missing"));
  await assert.rejects(stranger.sealer.seal(new Uint8Array(), ["pilot"]), hasCode("unknown_role"));
  await assert.rejects(stranger.sealer.seal(new Uint8Array(), ["developer", "pilot"]), hasCode("unknown_role"));
  await assert.rejects(stranger.sealer.seal(new Uint8Array(), []), hasCode("unknown_role"));
  await mesh.join("admin");
  const sealed = await stranger.sealer.seal(new Uint8Array(3), ["developer"]);
  await assert.rejects(stranger.sealer.open(sealed.slice(0, -1)), (error) => error instanceof CryptoError);
});

Deno.test("a copy that is not the key it claims to be is left aside", async () => {
  const mesh = new TestRoles();
  await mesh.join("admin");
  const victim = await mesh.join("developer");
  const recipient = victim.self.recipient; // valid, and surely not the recipient of the secret below
  const copies = [{
    peer: victim.peer,
    to: recipient,
    sealed: await sealContent([recipient], new Uint8Array(32).fill(7)),
  }];
  const key = { role: "developer", generation: 9, recipient };

  victim.ledger.add({ ...key, order: mesh.nextOrder(), copies });

  await assert.rejects(victim.keyring.secretOf(key), hasCode("not_a_holder"));
  assert.ok(!victim.keyring.has(key));
  assert.equal((await victim.keyring.openers(["developer"])).length, 1);
});

Deno.test("the same entries in any order give the same current keys, holders and roles (property)", async () => {
  const mesh = new TestRoles();
  for (const role of ["admin", "developer", "admin", "reviewer"]) await mesh.join(role);
  for (const role of ["developer", "admin", "developer"]) await mesh.rotate(role);
  const entries = [...mesh.entries()];
  // two masters made the same generation at once
  const doubled = entries.filter((entry) => entry.role === "developer").map((entry) => ({
    ...entry,
    recipient: entries[0]?.recipient ?? "",
    order: mesh.nextOrder(),
  }));
  const all = [...entries, ...doubled];
  const fold = (order: readonly typeof all[number][]) => {
    const ledger = new RoleKeyLedger({ ownRecipient: "nobody" });
    for (const entry of order) ledger.add(entry);
    return ledger.roles().map((role) => ledger.keys(role).map((key) => [key, ledger.holdersOf(key).length]));
  };
  const expected = fold(all);

  fc.assert(fc.property(fc.shuffledSubarray(all, { minLength: all.length }), (shuffled) => {
    assert.deepEqual(fold(shuffled), expected);
  }));
});

Deno.test("a plan that was carried out leaves nothing to do, whatever became of the members (property)", async () => {
  const change = fc.record({
    at: fc.nat({ max: 5 }),
    fields: fc.constantFrom(
      { status: "revoked" } as const,
      { status: "expired" } as const,
      { status: "active" } as const,
      { role: "observer", level: "read_only" } as const,
      { role: "architect", level: "decision" } as const,
    ),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 6 }), async (changes) => {
      const mesh = new TestRoles();
      const admin = await mesh.join("admin");
      const others = [];
      for (const role of ["admin", "developer", "developer", "reviewer", "observer"]) {
        others.push(await mesh.join(role));
      }
      for (const { at, fields } of changes) {
        const member = others[at];
        if (member) mesh.mark(member, fields);
      }

      await mesh.carryOut();

      const plan = planKeys({ ledger: admin.ledger, roles: mesh.directory.roles(), roster: mesh.roster() });
      // delivering and replacing go hand in hand: a second round settles what the first has made
      await mesh.carryOut();
      const rest = planKeys({ ledger: admin.ledger, roles: mesh.directory.roles(), roster: mesh.roster() });
      assert.deepEqual(plan.create, []);
      assert.deepEqual(rest, { create: [], rotate: [], deliver: [] });
      for (const member of others) {
        const view = mesh.roster().find((other) => other.peer === member.peer);
        const sealed = await admin.sealer.seal(utf8Encode(MARKER), ["admin"]);
        assert.equal(await reads(member, sealed), view?.status === "active" && view.level === "master");
      }
    }),
    { numRuns: 20 },
  );
});

Deno.test("the latest definition of roles counts, in whatever order they come", () => {
  const mesh = new TestRoles();
  const author = "12D3KooWnobody" as PeerId; // nothing looks at it
  const define = (name: string) => ({
    order: mesh.nextOrder(),
    author,
    roles: [{ name, level: "suggestion", canDecrypt: [], capabilities: [] }] as const,
  });
  const [first, second] = [define("a"), define("b")];
  const directory = new RoleDirectory();

  assert.equal(directory.definition(), undefined);
  assert.ok(directory.add(second));
  assert.ok(!directory.add(first));
  assert.ok(!directory.add(second));

  assert.ok(directory.roles().get("b") && !directory.roles().get("a"));
  assert.equal(directory.definition()?.atMs, second.order.ms);
});
