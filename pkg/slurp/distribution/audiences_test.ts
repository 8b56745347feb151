import assert from "node:assert/strict";
import { AUTHORITY_LEVELS, type RoleDefinition, RoleSet } from "@bzzz/crypto";
import fc from "fast-check";
import { planSlices } from "./audiences.ts";

const source = (name: string, ...audience: string[]) => ({ name, audience });

Deno.test("planSlices() gives one slice to roles that read the same, sealed for the lowest of them", () => {
  const plans = planSlices(new RoleSet(), [source("plan", "developer"), source("salary", "admin")]);

  assert.deepEqual(plans.map(({ audience, sources }) => [audience, sources.map(({ name }) => name)]), [
    [["admin"], ["plan", "salary"]],
    [["developer"], ["plan"]],
  ]);
  assert.equal(plans.some(({ roles }) => roles.includes("observer")), false, "an observer reads none of it");
});

Deno.test("planSlices() leaves out of a low reader's slice what others who open that slice do not read", () => {
  const roles = new RoleSet([
    { name: "auditor", level: "read_only", canDecrypt: ["developer"], capabilities: [] },
    { name: "tester", level: "suggestion", canDecrypt: [], capabilities: [] },
  ]);

  const plans = planSlices(roles, [source("plan", "developer")]);

  // a tester opens what is meant for auditors, and not what is meant for developers
  assert.equal(roles.reads("auditor", "developer"), true);
  assert.equal(plans.some(({ roles: members }) => members.includes("auditor")), false);
});

const ownRole = (i: number) =>
  fc.record({
    name: fc.constant(`own${i}`),
    level: fc.constantFrom(...AUTHORITY_LEVELS),
    canDecrypt: fc.subarray(["developer", "observer", "reviewer", "own0", "own1"]),
    capabilities: fc.constant<string[]>([]),
  });

Deno.test("planSlices() never seals a slice to a role that does not read every one of its sources", () => {
  const audience = fc.subarray(["observer", "developer", "reviewer", "architect", "admin", "own0", "own1", "own2"], {
    minLength: 1,
  });
  fc.assert(
    fc.property(
      fc.tuple(ownRole(0), ownRole(1), ownRole(2)),
      fc.array(audience, { minLength: 1, maxLength: 5 }),
      (own, audiences) => {
        const roles = new RoleSet(own as RoleDefinition[]);
        const sources = audiences.map((it, i) => source(String(i), ...it));

        const plans = planSlices(roles, sources);

        const told = new Set<string>();
        for (const plan of plans) {
          const { readers } = roles.readersOf(plan.audience);
          for (const { name, audience } of plan.sources) {
            const allowed = roles.readersOf(audience).readers;
            for (const reader of readers) assert.ok(allowed.includes(reader), `${reader} opens ${name}`);
          }
          for (const role of plan.roles) {
            assert.ok(readers.includes(role), `${role} cannot open its slice`);
            assert.equal(told.has(role), false, `${role} has two slices`);
            told.add(role);
          }
        }
        assert.ok(told.has("admin"), "admins read everything");
      },
    ),
  );
});
