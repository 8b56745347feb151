import { strict as assert } from "node:assert";
import fc from "fast-check";
import { decodeGrant, decodeRevocation, IdentityError, issueGrant, Membership } from "@bzzz/agentid";
import { createTestMesh } from "@bzzz/agentid/testing";
import { createSeededRandom } from "@bzzz/base/testing";
import { decodeCbor, encodeCbor } from "@bzzz/wire";
import { signRecord } from "./signed_record.ts";

Deno.test("decodeGrant() gives back what issueGrant() signed, id included", () => {
  const { grant, grantBytes } = createTestMesh().issue({ role: "architect", binaryType: "hap" });

  assert.deepEqual(decodeGrant(grantBytes)?.grant, grant);
});

Deno.test("decodeRevocation() gives back what issueRevocation() signed, id included", () => {
  const mesh = createTestMesh();
  const member = mesh.issue();

  const { revocation, bytes } = mesh.revoke(member, { lastSeq: 7, kept: [member.grant.id], reason: "lost" });

  assert.deepEqual(decodeRevocation(bytes)?.revocation, revocation);
});

Deno.test("a grant on the wire never passes for a revocation, nor the other way round", () => {
  const mesh = createTestMesh();
  const member = mesh.issue();

  assert.equal(decodeRevocation(member.grantBytes), undefined);
  assert.equal(decodeGrant(mesh.revoke(member).bytes), undefined);
});

Deno.test("decodeGrant() and decodeRevocation() survive any bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      assert.equal(decodeGrant(bytes), undefined);
      assert.equal(decodeRevocation(bytes), undefined);
      assert.equal(decodeGrant(encodeCbor([bytes, new Uint8Array(64)])), undefined);
    }),
  );
});

Deno.test("a membership refuses a grant with any one byte changed", () => {
  const mesh = createTestMesh();
  const { grantBytes } = mesh.issue();
  const membership = new Membership(mesh.mesh);

  for (let i = 0; i < grantBytes.length; i++) {
    const altered = grantBytes.slice();
    altered[i] = (altered[i] ?? 0) ^ 1;
    assert.equal(membership.addGrant(altered).status, "rejected", `byte ${i}`);
  }
  assert.deepEqual(membership.grants(), []);
});

Deno.test("decodeGrant() refuses another version, and a built-in role with a foreign level", () => {
  const { mesh, rootKey, issue } = createTestMesh();
  const parts = decodeCbor(issue().grantBytes) as [Uint8Array, Uint8Array];
  const payload = decodeCbor(parts[0]) as Record<string, unknown>;
  const signed = (changes: Record<string, unknown>) =>
    signRecord(rootKey, "grant", mesh.meshId, encodeCbor({ ...payload, ...changes }));

  assert.ok(decodeGrant(signed({})));
  assert.ok(decodeGrant(signed({ later_field: 1 })), "an unknown field is ignored");
  assert.equal(decodeGrant(signed({ v: 2 })), undefined);
  assert.equal(decodeGrant(signed({ level: "master" })), undefined);
  assert.equal(decodeGrant(signed({ role: "observer" })), undefined);
  assert.equal(decodeGrant(signed({ not_after_ms: payload["not_before_ms"] })), undefined);
  assert.equal(decodeGrant(signed({ issuer: "me" })), undefined);
});

Deno.test("F-44 issueGrant() refuses a signer that is no master, with its level in the message", () => {
  const mesh = createTestMesh();
  const developer = mesh.issue({ agentId: "dev" });

  assert.throws(
    () => mesh.issue({ issuer: developer }),
    (error) =>
      error instanceof IdentityError && error.code === "not_a_master" &&
      error.message.includes('"dev" has level "suggestion"'),
  );
});

Deno.test("issueGrant() refuses a master's grant in another's hand", () => {
  const mesh = createTestMesh();
  const [admin, thief] = [mesh.issue({ role: "admin" }), mesh.issue()];

  assert.throws(
    () =>
      issueGrant({ key: thief.signingKey, grant: admin.grant }, {
        ...thief.grant,
        issuedAtMs: admin.grant.issuedAtMs,
      }),
    (error) => error instanceof IdentityError && error.code === "not_a_master",
  );
});

Deno.test("issueGrant() refuses a role of the operator's own without a level, and bad recipients", () => {
  const mesh = createTestMesh();
  const { grant } = mesh.issue();
  const isInvalid = (error: unknown) => error instanceof IdentityError && error.code === "invalid_grant";

  assert.throws(() => mesh.issue({ role: "pilot" }), isInvalid);
  assert.equal(mesh.issue({ role: "pilot", level: "decision" }).grant.level, "decision");
  assert.throws(() => mesh.issue({ role: "developer", level: "master" }), isInvalid);
  assert.throws(
    () => issueGrant({ key: mesh.rootKey, issuer: "root" }, { ...grant, issuedAtMs: 1, ageRecipient: "age1x" }),
    isInvalid,
  );
});

Deno.test("a grant never outlives the grant of its issuer", () => {
  const mesh = createTestMesh({ random: createSeededRandom(3) });
  const admin = mesh.issue({ role: "admin", ttlMs: 1000 });

  const member = mesh.issue({ issuer: admin, ttlMs: 5000 });

  assert.equal(member.grant.notAfterMs, admin.grant.notAfterMs);
});
