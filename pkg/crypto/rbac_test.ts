import assert from "node:assert/strict";
import fc from "fast-check";
import { AUTHORITY_LEVELS, BINARY_TYPES, levelAtLeast } from "./authority.ts";
import {
  accessMatrix,
  type AccessSubject,
  can,
  effectiveCapabilities,
  effectiveLevel,
  RoleBasedAccess,
} from "./rbac.ts";
import { RoleSet } from "./role_set.ts";

const DEVELOPER: AccessSubject = { role: "developer", level: "suggestion", binaryType: "agent" };
const ADMIN: AccessSubject = { role: "admin", level: "master", binaryType: "agent" };
const OBSERVER: AccessSubject = { role: "observer", level: "read_only", binaryType: "hap" };

const subject = fc.record({
  role: fc.constantFrom("admin", "developer", "own"),
  level: fc.constantFrom(...AUTHORITY_LEVELS),
  binaryType: fc.constantFrom(...BINARY_TYPES),
  isLeader: fc.boolean(),
});

Deno.test("F-47 can() allows exactly what the matrix says, for every level and program", () => {
  for (const { resource, operation, minLevel, binaryType, leaderOnly } of accessMatrix()) {
    for (const level of AUTHORITY_LEVELS) {
      for (const program of BINARY_TYPES) {
        for (const isLeader of [false, true]) {
          const expected = levelAtLeast(level, minLevel) && (binaryType ?? program) === program &&
            (!leaderOnly || isLeader);

          const decision = can(resource, operation, { role: "any", level, binaryType: program, isLeader });

          assert.equal(decision.allow, expected, `${operation} ${resource} ${level} ${program} ${isLeader}`);
          assert.ok(decision.reason.length > 0);
        }
      }
    }
  }
});

Deno.test("can() refuses what the matrix does not name, members of every object included", () => {
  for (
    const [resource, operation] of [["task", "steal"], ["cash", "read"], ["constructor", "name"], [
      "task",
      "__proto__",
    ]]
  ) {
    assert.equal(can(resource ?? "", operation ?? "", ADMIN).allow, false, `${operation} ${resource}`);
  }
});

Deno.test("acting for another never adds a right (property)", () => {
  const lines = accessMatrix();
  fc.assert(fc.property(subject, subject, subject, fc.constantFrom(...lines), (actor, middle, first, line) => {
    const alone = can(line.resource, line.operation, actor).allow;

    const delegated = can(line.resource, line.operation, {
      ...actor,
      onBehalfOf: { ...middle, onBehalfOf: first },
    }).allow;

    if (delegated) {
      assert.ok(alone);
      for (const who of [middle, first]) assert.ok(levelAtLeast(who.level, line.minLevel));
    }
  }));
});

Deno.test("delegation narrows level and capabilities to what all of the chain have", () => {
  const chain = {
    ...ADMIN,
    capabilities: ["build", "deploy"],
    onBehalfOf: { ...DEVELOPER, capabilities: ["deploy", "test"] },
  };

  assert.equal(effectiveLevel(chain), "suggestion");
  assert.deepEqual(effectiveCapabilities(chain), ["deploy"]);
  assert.match(can("role", "administer", chain).reason, /has master, but acts for one with suggestion/);
});

Deno.test("a chain of delegation without end is worth nothing", () => {
  let chain: AccessSubject = ADMIN;
  for (let i = 0; i < 20; i++) chain = { ...ADMIN, onBehalfOf: chain };

  assert.equal(effectiveLevel(chain), "read_only");
});

Deno.test("RoleBasedAccess has the two methods of specification 8.2", () => {
  const roles = new RoleSet();

  assert.equal(new RoleBasedAccess(DEVELOPER, roles).canAccessResource("task", "execute"), true);
  assert.equal(new RoleBasedAccess(OBSERVER, roles).canAccessResource("task", "create"), false);
  assert.deepEqual(new RoleBasedAccess(DEVELOPER, roles).getEncryptionRecipients("context"), [
    "admin",
    "architect",
    "developer",
    "reviewer",
  ]);
  assert.deepEqual(new RoleBasedAccess(ADMIN, roles).getEncryptionRecipients("decision"), ["admin"]);
  assert.equal(new RoleBasedAccess(DEVELOPER, roles).getEncryptionRecipients("shared").length, 5);
  assert.deepEqual(new RoleBasedAccess(DEVELOPER, roles).getEncryptionRecipients("admin"), ["admin"]);
  assert.throws(() => new RoleBasedAccess(DEVELOPER, roles).getEncryptionRecipients("toString"), /content type/);
  assert.throws(
    () => new RoleBasedAccess({ ...DEVELOPER, role: "pilot" }, roles).getEncryptionRecipients("context"),
    /no role "pilot"/,
  );
});

Deno.test("docs/security.md shows the matrix of the code, line by line", async () => {
  const text = await Deno.readTextFile(new URL("../../docs/security.md", import.meta.url));
  const section = text.split("\n## Who may what\n")[1]?.split("\n## ")[0] ?? "";
  const shown = section.split("\n").filter((line) => line.startsWith("| `")).map((line) =>
    line.split("|").slice(1, -1).map((cell) => cell.trim().replaceAll("`", ""))
  );
  const only = { hap: "people", agent: "agents" } as const;

  assert.deepEqual(
    shown,
    accessMatrix().map((line) => [
      line.resource,
      line.operation,
      line.minLevel,
      line.leaderOnly ? "the leader" : line.binaryType ? only[line.binaryType] : "",
    ]),
  );
});
