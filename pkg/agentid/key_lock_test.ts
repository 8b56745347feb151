import { strict as assert } from "node:assert";
import { createSystemRandom } from "@bzzz/base";
import { createSigningKey } from "@bzzz/crypto";
import {
  createNodeKeys,
  IdentityError,
  listKeyFiles,
  loadNodeKeys,
  loadRootKey,
  lockKeyFiles,
  saveRootKey,
  signingKeyPath,
  unlockKeyFiles,
} from "./mod.ts";

const deps = { random: createSystemRandom() };
const LOCK = { passphrase: "correct horse", logN: 10 };

async function withHome(work: (location: { home: string; binaryType: "agent" }) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir({ prefix: "bzzz-lock-" });
  try {
    await work({ home, binaryType: "agent" });
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof IdentityError && error.code === code;
}

Deno.test("lock and unlock change every secret of a node, the kept root key too, and nothing but their lock", async () => {
  await withHome(async (location) => {
    const made = await createNodeKeys(location, deps);
    const rootKey = createSigningKey(deps.random);
    await saveRootKey(location.home, rootKey, deps);

    const locked = await lockKeyFiles(location, deps, LOCK);
    const files = await listKeyFiles(location);

    assert.equal(locked, 3);
    assert.deepEqual(files.map(({ purpose, isLocked }) => [purpose, isLocked]), [
      ["signing", true],
      ["encryption", true],
      ["root", true],
    ]);
    for (const { path } of files) assert.equal(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600, path);
    await assert.rejects(loadNodeKeys(location), hasCode("passphrase_required"));
    assert.equal((await loadNodeKeys(location, LOCK)).peerId, made.peerId);
    assert.deepEqual((await loadRootKey(location.home, LOCK)).publicKey, rootKey.publicKey);

    assert.equal(await unlockKeyFiles(location, deps, LOCK), 3);
    assert.equal((await loadNodeKeys(location)).age.identity, made.age.identity);
  });
});

Deno.test("a lock that was killed halfway is finished by the next call, and only with the same passphrase", async () => {
  await withHome(async (location) => {
    await createNodeKeys(location, deps);
    const plain = await Deno.readFile(signingKeyPath(location));
    await lockKeyFiles(location, deps, LOCK);
    await Deno.writeFile(signingKeyPath(location), plain);

    await assert.rejects(lockKeyFiles(location, deps, { ...LOCK, passphrase: "another" }), hasCode("wrong_passphrase"));
    const untouched = (await listKeyFiles(location)).map(({ isLocked }) => isLocked);
    const finished = await lockKeyFiles(location, deps, LOCK);

    assert.deepEqual(untouched, [false, true]);
    assert.equal(finished, 1);
    assert.ok((await loadNodeKeys(location, LOCK)).peerId);
  });
});

Deno.test("a wrong passphrase unlocks nothing; where there are no keys, it says what to do", async () => {
  await withHome(async (location) => {
    await assert.rejects(lockKeyFiles(location, deps, LOCK), hasCode("key_missing"));
    await createNodeKeys(location, deps, LOCK);

    await assert.rejects(unlockKeyFiles(location, deps, { passphrase: "wrong" }), hasCode("wrong_passphrase"));

    assert.ok((await listKeyFiles(location)).every(({ isLocked }) => isLocked));
  });
});
