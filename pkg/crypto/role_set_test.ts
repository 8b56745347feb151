import assert from "node:assert/strict";
import fc from "fast-check";
import { AUTHORITY_LEVELS, BUILTIN_ROLES, levelAtLeast } from "./authority.ts";
import { type RoleDefinition, roleProblems, RoleSet } from "./role_set.ts";

function own(name: string, fields: Partial<RoleDefinition> = {}): RoleDefinition {
  return { name, level: "suggestion", canDecrypt: [], capabilities: [], ...fields };
}

Deno.test("B-03 readersOf() is the roles named, all above, those that may decrypt, and admin", () => {
  const roles = new RoleSet([
    own("ui_ux"),
    own("auditor", { level: "read_only", canDecrypt: ["ui_ux"] }),
    own("backup", { level: "master" }),
  ]);

  assert.deepEqual(roles.readersOf(["ui_ux"]).readers, [
    "admin",
    "architect",
    "auditor",
    "backup",
    "reviewer",
    "ui_ux",
  ]);
  assert.deepEqual(roles.readersOf(["admin"]).readers, ["admin"]);
  assert.deepEqual(roles.readersOf(["backup"]).readers, ["admin", "backup"]);
  assert.ok(
    roles.reads("auditor", "ui_ux") && !roles.reads("auditor", "developer") && !roles.reads("ui_ux", "developer"),
  );
});

Deno.test("readersOf() names the roles the mesh does not have, and nobody reads for them", () => {
  const roles = new RoleSet();

  assert.deepEqual(roles.readersOf(["pilot"]), { readers: [], unknown: ["pilot"] });
  assert.deepEqual(roles.readersOf(["architect", "toString"]), {
    readers: ["admin", "architect"],
    unknown: ["toString"],
  });
  assert.deepEqual(roles.readersOf([]), { readers: [], unknown: [] });
});

Deno.test("a built-in role cannot be redefined", () => {
  const roles = new RoleSet([own("observer", { level: "master", canDecrypt: ["admin"] })]);

  assert.equal(roles.levelOf("observer"), BUILTIN_ROLES["observer"]);
  assert.ok(!roles.reads("observer", "admin"));
  assert.equal(roles.all().length, Object.keys(BUILTIN_ROLES).length);
});

Deno.test("a role of a higher level reads whatever one below reads by its level (property)", () => {
  const definition = fc.record({
    name: fc.constantFrom("a", "b", "c", "d"),
    level: fc.constantFrom(...AUTHORITY_LEVELS),
    canDecrypt: fc.constant([]),
    capabilities: fc.constant([]),
  });
  fc.assert(fc.property(fc.uniqueArray(definition, { selector: (role) => role.name }), (definitions) => {
    const roles = new RoleSet(definitions);
    for (const reader of roles.all()) {
      for (const target of roles.all()) {
        const isAbove = reader.level !== target.level && levelAtLeast(reader.level, target.level);
        assert.equal(
          roles.reads(reader.name, target.name),
          reader.name === target.name || reader.name === "admin" || isAbove,
          `${reader.name} of ${target.name}`,
        );
      }
    }
  }));
});

Deno.test("roleProblems() names roles that are built in or doubled, and reading rights that cannot be given", () => {
  const roles = [
    own("ui_ux", { canDecrypt: ["observer", "auditor"] }),
    own("auditor", { canDecrypt: ["pilot", "admin", "vault"] }),
    own("admin"),
    own("ui_ux"),
    own("vault", { level: "master" }),
  ];

  assert.deepEqual(roleProblems(roles).map(({ role, field, found }) => `${role} ${field}: ${found}`), [
    'auditor canDecrypt: "pilot", which is no role',
    'auditor canDecrypt: "admin", a role of level master',
    'auditor canDecrypt: "vault", a role of level master',
    'admin name: "admin"',
    'ui_ux name: "ui_ux" twice',
  ]);
  assert.deepEqual(roleProblems([own("a", { canDecrypt: ["b"] }), own("b")]), []);
});
