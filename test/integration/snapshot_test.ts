// Backups of built programs: a snapshot of a node that runs, its data directory lost, and put back (S-37).
import assert from "node:assert/strict";
import { waitFor } from "@bzzz/base/testing";
import { TestMesh } from "../helpers/mesh.ts";
import { PATIENCE_MS } from "../helpers/patience.ts";
import { run, runOk } from "../helpers/programs.ts";

async function texts(mesh: TestMesh, name: string): Promise<string[]> {
  const lines = await mesh.commandOk(name, [
    "tail",
    "--no-follow",
    "--kind",
    "message_posted",
    "--last",
    "100",
    "--json",
  ]);
  return lines.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line).body.text as string);
}

async function heard(mesh: TestMesh, name: string, expected: readonly string[]): Promise<void> {
  let last: readonly string[] = [];
  await waitFor(async () => (last = (await texts(mesh, name)).toSorted()).join() === expected.join(), {
    timeoutMs: PATIENCE_MS,
    what: `${expected.join(", ")} at ${name}`,
    state: () => last.join(", "),
  });
}

Deno.test("S-37 a node whose disk is lost comes back from a snapshot, with what it wrote afterwards, and forks nothing", async () => {
  await using mesh = await TestMesh.create("anna");
  await mesh.add("bert", { through: "anna" });
  await mesh.connected("anna", "bert");
  const folder = `${mesh.folder}/backup`;

  await mesh.commandOk("bert", ["send", "1 before"]);
  await Deno.symlink("/dev/null", `${mesh.home("bert")}/notes.md`);
  const saved = await run("bzzz-agent", ["snapshot", "save", folder, "--home", mesh.home("bert")]);
  await mesh.commandOk("bert", ["send", "2 after"]);
  await heard(mesh, "anna", ["1 before", "2 after"]);
  await mesh.node("bert").kill();
  await Deno.remove(mesh.home("bert"), { recursive: true });
  const restored = await runOk("bzzz-agent", ["snapshot", "restore", folder, "--home", mesh.home("bert")]);
  await mesh.start("bert");

  assert.match(saved.stdout, /^Saved bert of mesh test: \d+ files/);
  assert.match(saved.stderr, /NOT in it, as they are links to elsewhere: notes\.md$/m);
  assert.match(restored, /^Restored bert of mesh test.*\n.*\nHave its peers running/);
  await heard(mesh, "bert", ["1 before", "2 after"]);
  await mesh.commandOk("bert", ["send", "3 again"]);
  await heard(mesh, "anna", ["1 before", "2 after", "3 again"]);
  await mesh.node("bert").stop();
  await mesh.node("anna").stop();
  for (const name of ["anna", "bert"]) assert.equal((await mesh.verify(name)).authors, 2, name);
});

Deno.test("S-37 the only node of a mesh goes on from a snapshot: it votes, claims and executes", async () => {
  await using mesh = await TestMesh.create("solo");
  const folder = `${mesh.folder}/backup`;
  const isDone = async (title: string) =>
    (await mesh.commandOk("solo", ["task", "list", "--json"])).split("\n").some((line) =>
      line.includes(title) && line.includes('"completed"')
    );
  const done = async (title: string) => {
    await mesh.commandOk("solo", ["task", "post", title]);
    await waitFor(() => isDone(title), { timeoutMs: PATIENCE_MS, what: `"${title}" to be completed` });
  };

  await done("count before");
  await mesh.commandOk("solo", ["snapshot", "save", folder]);
  await Deno.symlink(mesh.home("solo"), `${mesh.folder}/way`);
  const inside = ["snapshot", "save", `${mesh.folder}/way/copy`, "--home", mesh.home("solo")];
  assert.match((await run("bzzz-agent", inside)).stderr, /name a folder outside of/);
  const inUse = await run("bzzz-agent", ["snapshot", "restore", folder, "--force", "--home", mesh.home("solo")]);
  await mesh.node("solo").stop();
  const inTheWay = await run("bzzz-agent", ["snapshot", "restore", folder, "--home", mesh.home("solo")]);
  const restored = await runOk("bzzz-agent", ["snapshot", "restore", folder, "--force", "--home", mesh.home("solo")]);
  await mesh.start("solo");

  assert.deepEqual([inUse.code, inTheWay.code], [12, 8], `${inUse.stderr}${inTheWay.stderr}`);
  assert.match(restored, /It was the only voter/);
  assert.doesNotMatch(restored, /Were voters added since/);
  await waitFor(() => isDone("count before"), { timeoutMs: PATIENCE_MS, what: "what was done before the snapshot" });
  await done("count again");
});

Deno.test("S-37 who votes alone among others is told what to do if voters were added since", async () => {
  await using mesh = await TestMesh.create("anna");
  await mesh.add("bert", { through: "anna" });
  await mesh.connected("anna", "bert");
  const folder = `${mesh.folder}/backup`;

  await mesh.commandOk("anna", ["snapshot", "save", folder]);
  const restored = await runOk("bzzz-agent", ["snapshot", "restore", folder, "--home", `${mesh.folder}/again`]);

  assert.match(restored, /It was the only voter/);
  assert.match(restored, /Were voters added since\? Then remove voter\.mark/);
});
