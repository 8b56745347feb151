import { strict as assert } from "node:assert";
import {
  createMesh,
  IdentityError,
  type IdentityErrorCode,
  loadGrant,
  loadMesh,
  loadRootKey,
  meshIdOf,
  meshPaths,
  saveGrant,
  saveMesh,
  saveRootKey,
} from "@bzzz/agentid";
import { createTestMesh } from "@bzzz/agentid/testing";
import { createSystemRandom, hexEncode } from "@bzzz/base";
import { createSeededRandom, ManualClock } from "@bzzz/base/testing";

const deps = { random: createSystemRandom() };

async function withHome(run: (home: string) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir();
  try {
    await run(home);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

function hasCode(code: IdentityErrorCode, part = ""): (error: unknown) => boolean {
  return (error) => error instanceof IdentityError && error.code === code && error.message.includes(part);
}

Deno.test("a mesh that was saved is loaded again, without its root key", async () => {
  await withHome(async (home) => {
    const { mesh } = createTestMesh();
    assert.equal(await loadMesh(home), undefined);

    await saveMesh(home, mesh, deps);

    assert.deepEqual(await loadMesh(home), {
      name: mesh.name,
      meshId: mesh.meshId,
      rootPublicKey: mesh.rootPublicKey,
      networkKey: mesh.networkKey,
    });
    const names = (await Array.fromAsync(Deno.readDir(`${home}/mesh`))).map((entry) => entry.name).sort();
    assert.deepEqual(names, ["mesh.json", "network.key"]);
    for (const name of names) assert.equal(((await Deno.stat(`${home}/mesh/${name}`)).mode ?? 0) & 0o777, 0o600, name);
  });
});

Deno.test("a folder or a pipe in the place of a file is named, and not waited for", async () => {
  await withHome(async (home) => {
    const { mesh } = createTestMesh();
    await saveMesh(home, mesh, deps);
    const paths = meshPaths(home);
    for (const [command, path] of [["mkfifo", paths.networkKey], ["mkdir", paths.mesh]] as const) {
      await Deno.remove(path);
      assert.ok((await new Deno.Command(command, { args: ["-m", "600", path] }).output()).success);

      await assert.rejects(loadMesh(home), hasCode("key_permissions", `Cannot read "${path}": it is no regular file`));
    }
  });
});

Deno.test("the network key is a standard libp2p swarm key", async () => {
  await withHome(async (home) => {
    const { mesh } = createTestMesh();

    await saveMesh(home, mesh, deps);

    const text = await Deno.readTextFile(meshPaths(home).networkKey);
    assert.equal(text, `/key/swarm/psk/1.0.0/\n/base16/\n${hexEncode(mesh.networkKey)}\n`);
  });
});

Deno.test("a node belongs to one mesh: a second is not stored over the first", async () => {
  await withHome(async (home) => {
    const first = createTestMesh().mesh;
    await saveMesh(home, first, deps);

    const second = createTestMesh({ random: createSeededRandom(8) }).mesh;
    await assert.rejects(saveMesh(home, second, deps), hasCode("already_exists", meshPaths(home).mesh));

    const kept = await loadMesh(home);
    assert.equal(kept?.meshId, first.meshId);
    assert.deepEqual(kept?.networkKey, first.networkKey);
  });
});

Deno.test("loadMesh() names the file and what is wrong with it", async () => {
  await withHome(async (home) => {
    const { mesh } = createTestMesh();
    await saveMesh(home, mesh, deps);
    const { mesh: path, networkKey } = meshPaths(home);
    const good = await Deno.readTextFile(path);

    await Deno.writeTextFile(path, good.replace(mesh.meshId, "0".repeat(32)));
    await assert.rejects(loadMesh(home), hasCode("mesh_malformed", "do not belong together"));
    await Deno.writeTextFile(path, good.replace('"name"', '"nam"'));
    await assert.rejects(loadMesh(home), hasCode("mesh_malformed", "name"));
    await Deno.writeTextFile(path, "{");
    await assert.rejects(loadMesh(home), hasCode("mesh_malformed", `"${path}": it is not JSON`));
    await Deno.writeTextFile(path, good);
    await Deno.writeTextFile(networkKey, "key");
    await assert.rejects(loadMesh(home), hasCode("mesh_malformed", networkKey));
    await Deno.chmod(networkKey, 0o644);
    await assert.rejects(loadMesh(home), hasCode("key_permissions", `chmod 0600 "${networkKey}"`));
    await Deno.remove(networkKey);
    await assert.rejects(loadMesh(home), hasCode("key_missing", networkKey));
  });
});

Deno.test("what the system refuses is told with the path of the file, whether it is read or written", async () => {
  await withHome(async (folder) => {
    const home = `${folder}/file`;
    await Deno.writeTextFile(home, "no folder");
    const { mesh: path, grant } = meshPaths(home);

    await assert.rejects(loadMesh(home), hasCode("key_permissions", `Cannot read "${path}": something in its path`));
    await assert.rejects(
      saveGrant(home, new Uint8Array(1), deps),
      hasCode("file_unwritable", `Cannot write "${grant}"`),
    );
  });
});

Deno.test("a newer grant takes the place of the older", async () => {
  await withHome(async (home) => {
    const mesh = createTestMesh();
    assert.equal(await loadGrant(home), undefined);

    await saveGrant(home, mesh.issue().grantBytes, deps);
    const newer = mesh.issue().grantBytes;
    await saveGrant(home, newer, deps);

    assert.deepEqual(await loadGrant(home), newer);
  });
});

Deno.test("the root key is stored only when asked for, locked or not", async () => {
  await withHome(async (home) => {
    const { rootKey } = createTestMesh();
    await assert.rejects(loadRootKey(home), hasCode("key_missing"));

    await saveRootKey(home, rootKey, deps, { passphrase: "p", logN: 10 });

    const loaded = await loadRootKey(home, { passphrase: "p" });
    assert.deepEqual(loaded.publicKey, rootKey.publicKey);
    await assert.rejects(loadRootKey(home), hasCode("passphrase_required"));
  });
});

Deno.test("createMesh() makes different keys each time and an id that is the root key's", () => {
  const clock = new ManualClock();
  const [a, b] = [createMesh({ name: "den", clock, ...deps }), createMesh({ name: "den", clock, ...deps })];

  assert.notEqual(a.meshId, b.meshId);
  assert.notDeepEqual(a.networkKey, b.networkKey);
  assert.equal(a.meshId, meshIdOf(a.rootPublicKey));
  for (const name of ["", "-den", "Den", "d n", "x".repeat(64)]) {
    assert.throws(() => createMesh({ name, clock, ...deps }), hasCode("invalid_mesh"), name);
  }
});
