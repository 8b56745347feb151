import assert from "node:assert/strict";
import { decodeGrant, issueGrant, loadGrant, loadMesh, loadRootKey } from "@bzzz/agentid";
import { afterThisTurn, createSystemClock, createSystemRandom, type PeerId } from "@bzzz/base";
import { ageRecipientOfSecret, createAgeSecret } from "@bzzz/crypto";
import { createNullLogger } from "@bzzz/logging";
import { readSeat, signGenesis, storeGenesis } from "@bzzz/register";
import { openStore } from "@bzzz/store";
import { homePaths, readTextIfThere } from "../home.ts";
import { AGENT_PROFILE, HAP_PROFILE } from "../profiles.ts";
import { requireAgentId } from "../agent_name.ts";
import { foundMesh } from "../setup.ts";
import { digestOf } from "./copy.ts";
import { type Manifest, MANIFEST_FILE } from "./manifest.ts";
import { restoreSnapshot } from "./restore.ts";
import { saveSnapshot } from "./save.ts";

const deps = {
  clock: createSystemClock(),
  random: createSystemRandom(),
  logger: createNullLogger(),
  profile: AGENT_PROFILE,
  version: "0.0.0",
  program: AGENT_PROFILE.program,
};
const { signal } = new AbortController();

/** A folder with the data directory "node" of a mesh's founder, and a place for its snapshot. */
class Fixture implements AsyncDisposable {
  readonly folder: string;
  readonly home: string;
  readonly saved: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.home = `${folder}/node`;
    this.saved = `${folder}/saved`;
  }

  static async create(): Promise<Fixture> {
    const fixture = new Fixture(await Deno.makeTempDir({ prefix: "bzzz-snapshot-" }));
    const { home } = fixture;
    await foundMesh(deps, { home, meshName: "den", agentId: requireAgentId("basil"), isRootKeyKept: true });
    await Deno.mkdir(`${home}/content/3f`, { recursive: true });
    await Deno.writeTextFile(`${home}/content/3f/3f00`, "sealed");
    await Deno.mkdir(`${home}/run`);
    await Deno.writeTextFile(`${home}/run/api.token`, "secret of one run");
    return fixture;
  }

  save(folder = this.saved): Promise<Manifest> {
    return saveSnapshot(deps, { home: this.home, folder, signal });
  }

  restore(options: { home?: string; isForced?: boolean; program?: string } = {}) {
    const { home = `${this.folder}/again`, isForced = false, program = AGENT_PROFILE.program } = options;
    return restoreSnapshot(deps, {
      home,
      folder: this.saved,
      program,
      isForced,
      signal,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

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

Deno.test("a database that is none is not saved", async () => {
  await using fixture = await Fixture.create();
  await Deno.writeTextFile(homePaths(fixture.home).database, "no database at all, but as long as one would be");

  await assert.rejects(fixture.save(), { code: "store_corrupt" });
  await assert.rejects(Deno.stat(fixture.saved), Deno.errors.NotFound);
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

Deno.test("a save that is broken off leaves nothing behind", async () => {
  await using fixture = await Fixture.create();

  await assert.rejects(
    saveSnapshot(deps, { home: fixture.home, folder: fixture.saved, signal: AbortSignal.abort(new Error("enough")) }),
    /enough/,
  );

  await assert.rejects(Deno.stat(fixture.saved), Deno.errors.NotFound);
});
