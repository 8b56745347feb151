import assert from "node:assert/strict";
import { RoleSet } from "@bzzz/crypto";
import { electorateOf } from "./electorate.ts";

const MEMBERS = [
  { role: "admin", level: "master" },
  { role: "reviewer", level: "coordination" },
  { role: "developer", level: "suggestion" },
  { role: "developer", level: "read_only" },
  { role: "observer", level: "read_only" },
] as const;

Deno.test("a proposal for nobody in particular is for all who may vote, in as few roles as reach them", () => {
  assert.deepEqual(electorateOf(new RoleSet(), MEMBERS, undefined), { audience: ["developer"], members: 3 });
  const roles = new RoleSet([{ name: "painter", level: "suggestion", canDecrypt: [], capabilities: [] }]);
  const own = [...MEMBERS, { role: "painter", level: "suggestion" } as const];
  assert.deepEqual(electorateOf(roles, own, undefined), { audience: ["developer", "painter"], members: 4 });
});

Deno.test("who cannot read a proposal has no vote in its majority", () => {
  assert.equal(electorateOf(new RoleSet(), MEMBERS, ["admin"]).members, 1);
  assert.equal(electorateOf(new RoleSet(), MEMBERS, ["reviewer"]).members, 2);
  assert.equal(electorateOf(new RoleSet(), MEMBERS, ["observer"]).members, 3, "observers read and have no vote");
  assert.equal(electorateOf(new RoleSet(), MEMBERS, ["nobody"]).members, 0);
});
