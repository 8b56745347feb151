import assert from "node:assert/strict";
import { createTestShell } from "../testing.ts";

Deno.test("identity: what it says of an open and of a locked key, and how it opens", async () => {
  const shell = createTestShell({ answers: ["correct horse", "wrong"] });
  const { run, mesh } = shell;

  const open = await run("identity", "show");
  mesh.identity.view = {
    ...mesh.identity.view,
    state: "locked",
    is_admitted: false,
    problem: "no person was admitted",
  };
  const locked = await run("identity", "show");
  const unlocked = await run("identity", "unlock");
  const wrong = await run("identity", "unlock");
  const again = await run("identity", "lock");

  assert.match(open.out, /not locked: it has no passphrase, and every program[\s\S]*The mesh knows you/);
  assert.match(locked.out, /Your key is locked\n[\s\S]*counts for nothing: no person was admitted/);
  assert.match(unlocked.out, /Your key is open for \d+:\d\d more, until .*, for all but high stakes/);
  assert.deepEqual([wrong.status, again.status], [4, 0]);
  assert.match(again.out, /Your key is locked/);
});

Deno.test("a decision asks for the passphrase only when the key is locked, and --json never asks", async () => {
  const shell = createTestShell({ answers: ["correct horse", "wrong"] });
  const { run, mesh } = shell;
  const asked = () => mesh.openRequest({ kind: "question", title: "Which?", allow: ["answer", "deny"] }).request_id;

  assert.equal((await run("answer", asked(), "main")).status, 0);
  assert.deepEqual(shell.questions, []);
  await mesh.identity.lock();
  assert.equal((await run("deny", asked(), "no")).status, 0);
  assert.deepEqual(shell.questions, []);
  assert.equal((await run("answer", asked(), "main", "--json")).status, 4);
  assert.equal((await run("answer", asked(), "main")).status, 0);
  assert.deepEqual(shell.questions, ["Passphrase of your key: "]);
  await mesh.identity.lock();
  assert.equal((await run("answer", asked(), "main")).status, 4);
});

Deno.test("a file gives the passphrase where nobody can be asked; without one the refusal stands", async () => {
  const readPassphrase = () => Promise.resolve("correct horse");
  const { run, mesh } = createTestShell({ hooks: { readPassphrase } });
  const { request_id: id } = mesh.openRequest({ kind: "question", title: "Which?", allow: ["answer"] });

  const set = await run("identity", "passphrase", "--passphrase-file", "-");
  const refused = await run("answer", id, "main");
  const rotated = await run("identity", "rotate", "--passphrase-file", "-");
  const answered = await run("answer", "--passphrase-file", "-", id, "main");

  assert.match(set.out, /Your key is locked/);
  assert.deepEqual([refused.status, rotated.status, answered.status], [4, 0, 0]);
  assert.match(rotated.err, /Export the new key/);
  assert.deepEqual(mesh.identity.done, ["passphrase", "rotate"]);
});

Deno.test("verify: shows words, and admits by the words that were heard", async () => {
  const { run, mesh } = createTestShell();
  const { words = "" } = mesh.identity.view;

  const shown = await run("verify");
  const wrong = await run("verify", "ana", "--words", "other words");
  const admitted = await run("verify", "@ana", "--words", words);
  const nobody = await run("verify", "zoe");

  assert.match(shown.out, new RegExp(`ana .*announced .*${words}`));
  assert.deepEqual([wrong.status, admitted.status, nobody.status], [8, 0, 3]);
  assert.deepEqual(mesh.identity.done, ["admit ana"]);
});
