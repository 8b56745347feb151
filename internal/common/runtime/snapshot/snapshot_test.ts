import assert from "node:assert/strict";
import { decodeGrant, issueGrant, loadGrant, loadMesh, loadRootKey } from "@bzzz/agentid";
import { afterThisTurn, type PeerId } from "@bzzz/base";
import { ageRecipientOfSecret, createAgeSecret } from "@bzzz/crypto";
import { readSeat, signGenesis, storeGenesis } from "@bzzz/register";
import { openStore } from "@bzzz/store";
import { requireAgentId } from "../agent_name.ts";
import { homePaths, readTextIfThere } from "../home.ts";
import { HAP_PROFILE } from "../profiles.ts";
import { MANIFEST_FILE } from "./manifest.ts";
import { saveSnapshot } from "./save.ts";
import { deps, Fixture, signal } from "./testdata/fixture.ts";

async function peerOf(home: string): Promise<PeerId> {
  return decodeGrant(await loadGrant(home) ?? assert.fail())?.grant.peer ?? assert.fail();
}

/** Lets the founder of `home` know of another member. */
async function addMember(home: string, peer: PeerId) {
  const [rootKey, mesh] = [await loadRootKey(home) ?? assert.fail(), await loadMesh(home) ?? assert.fail()];
  using store = openStore(deps, { path: homePaths(home).database });
  const { bytes } = issueGrant({ key: rootKey, issuer: "root" }, {
    mesh: mesh.meshId,
    peer,
    agentId: requireAgentId("cleo"),
    binaryType: "agent",
    role: "developer",
    ageRecipient: ageRecipientOfSecret(createAgeSecret(deps.random)),
    issuedAtMs: deps.clock.nowMs(),
  });
  store.grants.addGrant(bytes);
  return { rootKey, mesh };
}

Deno.test("a snapshot is private, and has what cannot be made again", async () => {
  await using fixture = await Fixture.create();

  const { files, agent_id } = await fixture.save();

  const paths = files.map(({ path }) => path);
  assert.equal(agent_id, "basil");
  for (
    const path of [
      "config.yaml",
      "identity/agent.key",
      "mesh/mesh.json",
      "mesh/root.key",
      "journal.db",
      "content/3f/3f00",
    ]
  ) {
    assert.ok(paths.includes(path), path);
  }
  assert.deepEqual(paths.filter((path) => /^run|lock|journal\.(seq|db-)/.test(path)), []);
  for (const path of ["", ...paths.map((path) => `/${path}`), `/${MANIFEST_FILE}`]) {
    assert.equal(((await Deno.stat(fixture.saved + path)).mode ?? 0) & 0o077, 0, path);
  }
});

Deno.test("a snapshot is taken while somebody writes, and is of one moment", async () => {
  await using fixture = await Fixture.create();
  using store = openStore(deps, { path: homePaths(fixture.home).database });
  const pair = (n: number) =>
    store.transaction(() => {
      store.kv.set("a", new Uint8Array([n]));
      store.kv.set("b", new Uint8Array([n]));
    });
  pair(0);
  let isSaving = true;
  const saved = fixture.save().finally(() => isSaving = false);
  for (let n = 1; isSaving; n++) {
    pair(n % 256);
    await new Promise<void>(afterThisTurn);
  }
  await saved;

  using copy = openStore(deps, { path: `${fixture.saved}/journal.db` });
  assert.deepEqual(copy.kv.get("a"), copy.kv.get("b"));
  assert.ok(copy.kv.get("a"));
});

Deno.test("the only node of a mesh comes back with its seat, and with nobody to ask", async () => {
  await using fixture = await Fixture.create();
  await fixture.save();
  const home = `${fixture.folder}/again`;

  const { asksPeers, vote } = await fixture.restore();

  assert.deepEqual([asksPeers, vote], [false, "only"]);
  assert.equal(await readTextIfThere(homePaths(home).reservation), undefined);
  assert.equal((await loadMesh(home))?.name, "den");
  assert.equal(await Deno.readTextFile(`${home}/content/3f/3f00`), "sealed");
  assert.equal(((await Deno.stat(`${home}/identity/agent.key`)).mode ?? 0) & 0o777, 0o600);
  await assert.rejects(Deno.stat(`${home}/restoring`), Deno.errors.NotFound);
});

Deno.test("a node that knows of others asks them first; where others vote it gives up its seat", async () => {
  await using fixture = await Fixture.create();
  const { home } = fixture;
  await using elsewhere = await Fixture.create();
  const other = await peerOf(elsewhere.home);
  const { rootKey, mesh } = await addMember(home, other);
  {
    using store = openStore(deps, { path: homePaths(home).database });
    for (const key of store.kv.keys("register/roster/")) store.kv.delete(key);
    storeGenesis(store.kv, signGenesis(rootKey, mesh.meshId, { peer: other, seat: "1".repeat(32) }));
    assert.ok(readSeat(store) !== undefined);
  }
  await fixture.save();

  const { asksPeers, vote } = await fixture.restore();

  assert.deepEqual([asksPeers, vote], [true, "left"]);
  const paths = homePaths(`${fixture.folder}/again`);
  assert.equal(await readTextIfThere(paths.voterMark), undefined);
  assert.equal(await readTextIfThere(paths.reservation), "restored\n");
});

Deno.test("a database that is none is not saved", async () => {
  await using fixture = await Fixture.create();
  await Deno.writeTextFile(homePaths(fixture.home).database, "no database at all, but as long as one would be");

  await assert.rejects(fixture.save(), { code: "store_corrupt" });
  await assert.rejects(Deno.stat(fixture.saved), Deno.errors.NotFound);
});

Deno.test("a data directory that was made of the files of a snapshot can be saved and restored", async () => {
  await using fixture = await Fixture.create();
  await Deno.writeTextFile(`${fixture.home}/${MANIFEST_FILE}`, "{}");

  await fixture.save();

  assert.equal((await fixture.restore()).manifest.agent_id, "basil");
});

Deno.test("a file that could not be restored is refused when it is saved", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await using fixture = await Fixture.create();
  await Deno.writeTextFile(`${fixture.home}/a\\b`, "");

  await assert.rejects(fixture.save(), { code: "snapshot_unwritable", message: /"a\\b" cannot be in a snapshot/ });
  await assert.rejects(Deno.stat(fixture.saved), Deno.errors.NotFound);
});

Deno.test("a restore that breaks off in the middle leaves no old database without its mark", async () => {
  await using fixture = await Fixture.create();
  await using elsewhere = await Fixture.create();
  await addMember(fixture.home, await peerOf(elsewhere.home));
  await fixture.save();
  const again = `${fixture.folder}/again`;
  await Deno.mkdir(`${again}/content/3f/3f00/in the way`, { recursive: true });

  await assert.rejects(fixture.restore(), Error);

  assert.ok(await Deno.stat(homePaths(again).database));
  assert.equal(await readTextIfThere(homePaths(again).reservation), "restored\n");
  assert.equal(await loadMesh(again), undefined);
  await Deno.remove(`${again}/content`, { recursive: true });
  assert.deepEqual((await fixture.restore()).asksPeers, true);
});

Deno.test("what is in the way, of the other program, newer, or no snapshot at all is said", async () => {
  await using fixture = await Fixture.create();
  const manifest = await fixture.save();

  await assert.rejects(fixture.save(), { code: "already_exists" });
  await assert.rejects(fixture.save(`${fixture.home}/copy`), { code: "snapshot_unwritable", message: /outside of/ });
  await assert.rejects(fixture.save(`${fixture.folder}/no/such`), { code: "snapshot_unwritable" });
  await assert.rejects(fixture.restore({ home: fixture.home }), { code: "already_exists", message: /--force/ });
  await assert.rejects(fixture.restore({ program: HAP_PROFILE.program }), {
    code: "snapshot_foreign",
    message: /bzzz-agent/,
  });
  await Deno.writeTextFile(`${fixture.saved}/${MANIFEST_FILE}`, JSON.stringify({ ...manifest, v: 2 }));
  await assert.rejects(fixture.restore(), { code: "snapshot_foreign", message: /newer/ });
  await Deno.remove(`${fixture.saved}/${MANIFEST_FILE}`);
  await assert.rejects(fixture.restore(), { code: "not_found", message: /no snapshot/ });
});

Deno.test("links are not followed, and named; a folder below the data directory is refused by any way", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await using fixture = await Fixture.create();
  const { folder, home, saved } = fixture;
  await Deno.writeTextFile(`${folder}/elsewhere`, "of another place");
  await Deno.symlink(`${folder}/elsewhere`, `${home}/policy.yaml`);
  await Deno.symlink(folder, `${home}/content/all`);
  await Deno.symlink(home, `${folder}/way`);

  const { manifest, links } = await saveSnapshot(deps, { home, folder: saved, signal });

  assert.deepEqual(links, ["policy.yaml", "content/all"]);
  assert.deepEqual(manifest.files.filter(({ path }) => /policy|all/.test(path)), []);
  for (const inside of [`${folder}/way/copy`, `${home}/..copy`, home]) {
    await assert.rejects(fixture.save(inside), { code: "snapshot_unwritable", message: /outside of/ }, inside);
  }
  await assert.rejects(Deno.stat(`${home}/copy`), Deno.errors.NotFound);
});

Deno.test("a save that is broken off leaves nothing behind", async () => {
  await using fixture = await Fixture.create();

  await assert.rejects(
    saveSnapshot(deps, { home: fixture.home, folder: fixture.saved, signal: AbortSignal.abort(new Error("enough")) }),
    /enough/,
  );

  await assert.rejects(Deno.stat(fixture.saved), Deno.errors.NotFound);
});
