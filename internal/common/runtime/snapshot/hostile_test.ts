// Snapshots that are not as they were made.
import assert from "node:assert/strict";
import { loadMesh } from "@bzzz/agentid";
import { digestOf } from "./copy.ts";
import { type Manifest, MANIFEST_FILE } from "./manifest.ts";
import { Fixture, signal } from "./testdata/fixture.ts";

async function makePipe(path: string): Promise<void> {
  const { success } = await new Deno.Command("mkfifo", { args: [path] }).output();
  assert.ok(success);
}

/** Puts a text in the place of a file of a snapshot, or nothing, as if it had been saved so. */
async function rewrite({ saved }: Fixture, manifest: Manifest, path: string, text: string | undefined): Promise<void> {
  const files = manifest.files.filter((file) => file.path !== path);
  if (text !== undefined) {
    await Deno.writeTextFile(`${saved}/${path}`, text);
    files.push({ path, ...await digestOf(`${saved}/${path}`, signal) });
  }
  await Deno.writeTextFile(`${saved}/${MANIFEST_FILE}`, JSON.stringify({ ...manifest, files }));
}

Deno.test("what is not as it was saved is refused, and nothing is changed", async () => {
  await using fixture = await Fixture.create();
  await fixture.save();
  const before = await Deno.readTextFile(`${fixture.home}/config.yaml`);
  await Deno.writeTextFile(`${fixture.saved}/config.yaml`, `${before}\n# by somebody else\n`);

  await assert.rejects(fixture.restore({ home: fixture.home, isForced: true }), {
    code: "snapshot_damaged",
    message: /"config\.yaml" is not as it was saved; nothing was changed/,
  });
  assert.equal(await Deno.readTextFile(`${fixture.home}/config.yaml`), before);
  await Deno.remove(`${fixture.saved}/config.yaml`);
  await assert.rejects(fixture.restore(), { code: "snapshot_damaged", message: /"config\.yaml" is missing/ });
  assert.equal(await loadMesh(`${fixture.folder}/again`), undefined);
});

Deno.test("a snapshot that cannot be used replaces nothing, though every file is as its manifest says", async () => {
  await using fixture = await Fixture.create();
  const broken: readonly (readonly [string, string | undefined, RegExp])[] = [
    ["journal.db", "no database", /its database is damaged; nothing was changed/],
    ["mesh/mesh.json", "{}", /its mesh cannot be read: .*; nothing was changed/],
    ["mesh/mesh.json", undefined, /it has no "mesh\/mesh\.json"; nothing was changed/],
  ];
  for (const [path, text, message] of broken) {
    await using copy = await Fixture.create();
    const home = { home: copy.home, isForced: true };
    const before = await loadMesh(copy.home);
    await rewrite(fixture, await fixture.save(), path, text);

    await assert.rejects(fixture.restore(home), { code: "snapshot_damaged", message }, path);
    assert.deepEqual(await loadMesh(copy.home), before, path);
    await Deno.remove(fixture.saved, { recursive: true });
  }
});

Deno.test("a snapshot cannot lead out of its folder, nor bring what belongs to one run", async () => {
  await using fixture = await Fixture.create();
  const manifest = await fixture.save();
  for (
    const path of ["../outside", "/etc/passwd", "a//b", "a/./b", "", "instance.lock", "journal.seq", "run/api.token"]
  ) {
    const [file] = manifest.files;
    const altered = { ...manifest, files: [{ ...file, path }] };
    await Deno.writeTextFile(`${fixture.saved}/${MANIFEST_FILE}`, JSON.stringify(altered));
    await assert.rejects(fixture.restore(), { code: "snapshot_damaged", message: /files\.0\.path/ }, path);
  }
});

Deno.test("a manifest that names a file twice, or below another file, is refused", async () => {
  await using fixture = await Fixture.create();
  const manifest = await fixture.save();
  const [file] = manifest.files;
  for (const path of [file?.path, `${file?.path}/below`]) {
    const altered = { ...manifest, files: [...manifest.files, { ...file, path }] };
    await Deno.writeTextFile(`${fixture.saved}/${MANIFEST_FILE}`, JSON.stringify(altered));
    await assert.rejects(fixture.restore(), { code: "snapshot_damaged", message: /each path once/ }, path);
  }
});

Deno.test("pipes and devices in a snapshot are refused at once", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await using fixture = await Fixture.create();
  await fixture.save();
  const [file, manifest] = [`${fixture.saved}/config.yaml`, `${fixture.saved}/${MANIFEST_FILE}`];
  const text = await Deno.readTextFile(manifest);
  for (const [path, message] of [[file, /is not as it was saved/], [manifest, /is no file/]] as const) {
    for (const device of ["/dev/zero", undefined]) {
      await Deno.remove(path);
      if (device) await Deno.symlink(device, path);
      else await makePipe(path);
      await assert.rejects(fixture.restore(), { code: "snapshot_damaged", message }, `${path} ${device}`);
    }
    await Deno.remove(path);
    await Deno.writeTextFile(path, path === manifest ? text : "");
  }
});

Deno.test("a manifest that is too large is not read", async () => {
  await using fixture = await Fixture.create();
  await fixture.save();
  await Deno.truncate(`${fixture.saved}/${MANIFEST_FILE}`, 65 * 1024 * 1024);

  await assert.rejects(fixture.restore(), { code: "snapshot_damaged", message: /more than 67108864/ });
});
