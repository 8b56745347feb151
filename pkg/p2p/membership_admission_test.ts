import { strict as assert } from "node:assert";
import { createTestMesh } from "@bzzz/agentid/testing";
import { createSeededRandom, ManualClock } from "@bzzz/base/testing";
import { createMembershipAdmission } from "./membership_admission.ts";

function setUp() {
  const clock = new ManualClock();
  const test = createTestMesh({ clock });
  const own = test.issue();
  const admission = createMembershipAdmission({ membership: test.membership(), clock }, { ownGrant: own.grantBytes });
  return { test, own, admission };
}

Deno.test("a peer that shows a grant of the root is admitted and known from then on", () => {
  const { test, admission } = setUp();
  const newcomer = test.issue();

  const before = admission.isAdmitted(newcomer.peerId);
  const verdict = admission.present(newcomer.peerId, { grant: newcomer.grantBytes, grants: [], revocations: [] });

  assert.equal(before, false);
  assert.deepEqual(verdict, { admitted: true });
  assert.equal(admission.isAdmitted(newcomer.peerId), true);
});

Deno.test("a grant of a master we have not met is believed when its chain is shown too", () => {
  const { test, admission } = setUp();
  const master = test.issue({ role: "admin" });
  const newcomer = test.issue({ issuer: master });

  const alone = admission.present(newcomer.peerId, { grant: newcomer.grantBytes, grants: [], revocations: [] });
  const chained = admission.present(newcomer.peerId, {
    grant: newcomer.grantBytes,
    grants: [master.grantBytes],
    revocations: [],
  });

  assert.equal(alone.admitted, false);
  assert.deepEqual(chained, { admitted: true });
});

Deno.test("another's grant, junk and nothing at all are refused", () => {
  const { test, own, admission } = setUp();
  const stranger = createTestMesh({ random: createSeededRandom(2) }).issue();
  const member = test.issue();

  const shown = [own.grantBytes, member.grantBytes, stranger.grantBytes, Uint8Array.of(1, 2, 3), undefined];
  const verdicts = shown.map((grant) => admission.present(stranger.peerId, { grant, grants: [], revocations: [] }));

  for (const verdict of verdicts) assert.deepEqual(verdict, { admitted: false, reason: "no_grant" });
});

Deno.test("a revocation taught by a member ends the membership of another and is announced", () => {
  const { test, own, admission } = setUp();
  const other = test.issue();
  admission.present(other.peerId, { grant: other.grantBytes, grants: [], revocations: [] });
  let changes = 0;
  admission.onChanged(() => changes++, { signal: new AbortController().signal });

  const revocation = test.revoke(other).bytes;
  admission.present(own.peerId, { grant: own.grantBytes, grants: [], revocations: [revocation] });

  assert.equal(admission.isAdmitted(other.peerId), false);
  assert.ok(changes > 0);
  const verdict = admission.present(other.peerId, { grant: other.grantBytes, grants: [], revocations: [] });
  assert.deepEqual(verdict, { admitted: false, reason: "revoked", proof: [revocation] }, "it is told why");
});
