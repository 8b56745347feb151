import assert from "node:assert/strict";
import { type MeshId, parseTaskId } from "@bzzz/base";
import fc from "fast-check";
import { clientIdOf, parseClientId, taskIdOf } from "./issue_id.ts";

const MESH = "0123456789abcdef0123456789abcdef" as MeshId;
const GITHUB = { mesh: MESH, apiUrl: "https://api.github.com" };
const WORD = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,30}$/);

Deno.test("a client id names its issue and its round, and nothing else is one", () => {
  fc.assert(
    fc.property(
      WORD,
      WORD,
      fc.integer({ min: 1, max: 1e9 }),
      fc.integer({ min: 1, max: 100 }),
      (a, b, number, round) => {
        const ref = { repository: `${a}/${b}`, number, round };
        assert.deepEqual(parseClientId(clientIdOf(ref)), ref);
      },
    ),
  );
  for (const other of ["github:acme/shop", "github:acme/shop#0", "github:acme/shop#1.1", "github:Acme/shop#1", "x#1"]) {
    assert.equal(parseClientId(other), undefined, other);
  }
});

Deno.test("the id of an issue's task is one on every node, and another for every issue, round, mesh and server", () => {
  const id = taskIdOf(GITHUB, "github:acme/shop#7");

  // nodes of two versions must agree: this is docs/protocol.md's, and never changes
  assert.equal(id, "0000000000FCQXDM5PHE0M3J6P");
  assert.equal(parseTaskId(id), id);
  assert.equal(taskIdOf({ ...GITHUB }, clientIdOf({ repository: "ACME/shop", number: 7, round: 1 })), id);
  const others = [
    taskIdOf(GITHUB, "github:acme/shop#8"),
    taskIdOf(GITHUB, "github:acme/shop#7.2"),
    taskIdOf({ ...GITHUB, mesh: MESH.replace("0", "1") as MeshId }, "github:acme/shop#7"),
    taskIdOf({ ...GITHUB, apiUrl: "https://git.example.org/api/v3" }, "github:acme/shop#7"),
  ];
  assert.equal(new Set([id, ...others]).size, 5);
});
