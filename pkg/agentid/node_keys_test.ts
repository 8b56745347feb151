import { strict as assert } from "node:assert";
import { dirname, join } from "node:path";
import {
  ageKeyPath,
  createNodeKeys,
  hasNodeKeys,
  IdentityError,
  type IdentityErrorCode,
  type KeyLocation,
  loadNodeKeys,
  signingKeyPath,
} from "@bzzz/agentid";
import { createSystemRandom, hexEncode } from "@bzzz/base";
import { writeFileAtomic } from "./files.ts";

const random = createSystemRandom();
const LOCK = { passphrase: "correct horse", logN: 10 };

async function withHome(run: (location: KeyLocation) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir();
  try {
    await run({ home, binaryType: "agent" });
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

function hasCode(code: IdentityErrorCode, part = ""): (error: unknown) => boolean {
  return (error) => error instanceof IdentityError && error.code === code && error.message.includes(part);
}

async function modeOf(path: string): Promise<string> {
  return ((await Deno.stat(path)).mode ?? 0).toString(8).slice(-3);
}

async function listAll(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map((entry) => entry.name).sort();
}

Deno.test("keys that were created are loaded again: same peer, same recipient", async () => {
  await withHome(async (location) => {
    assert.equal(await hasNodeKeys(location), false);

    const created = await createNodeKeys(location, { random });
    const loaded = await loadNodeKeys(location);

    assert.ok(await hasNodeKeys(location));
    assert.equal(loaded.peerId, created.peerId);
    assert.deepEqual(loaded.age, created.age);
    assert.equal(hexEncode(loaded.signingKey.exportSeed()), hexEncode(created.signingKey.exportSeed()));
  });
});

Deno.test("key files are 0600 in a folder of 0700, and nothing else is left there", async () => {
  await withHome(async (location) => {
    await createNodeKeys(location, { random });

    const folder = join(location.home, "identity");
    assert.equal(await modeOf(folder), "700");
    assert.equal(await modeOf(signingKeyPath(location)), "600");
    assert.equal(await modeOf(ageKeyPath(location)), "600");
    assert.deepEqual(await listAll(folder), ["age.key", "agent.key"]);
  });
});

Deno.test("two programs in one home have two keys and share the age identity", async () => {
  await withHome(async (location) => {
    const agent = await createNodeKeys(location, { random });
    const hap = await createNodeKeys({ ...location, binaryType: "hap" }, { random });

    assert.notEqual(agent.peerId, hap.peerId);
    assert.deepEqual(agent.age, hap.age);
  });
});

Deno.test("createNodeKeys() never overwrites a key", async () => {
  await withHome(async (location) => {
    const { peerId } = await createNodeKeys(location, { random });

    await assert.rejects(createNodeKeys(location, { random }), hasCode("already_exists", signingKeyPath(location)));

    assert.equal((await loadNodeKeys(location)).peerId, peerId);
  });
});

Deno.test("loadNodeKeys() refuses key files that others can read, and says which chmod to run", async () => {
  await withHome(async (location) => {
    await createNodeKeys(location, { random });
    for (const path of [signingKeyPath(location), ageKeyPath(location)]) {
      for (const mode of [0o640, 0o604, 0o620, 0o666]) {
        await Deno.chmod(path, mode);
        await assert.rejects(loadNodeKeys(location), hasCode("key_permissions", `chmod 0600 "${path}"`), `${mode}`);
      }
      await Deno.chmod(path, 0o600);
    }
    const folder = dirname(signingKeyPath(location));
    await Deno.chmod(folder, 0o770);
    await assert.rejects(loadNodeKeys(location), hasCode("key_permissions", `chmod 0700 "${folder}"`));
    await Deno.chmod(folder, 0o700);
    await Deno.chmod(signingKeyPath(location), 0o400);

    assert.ok(await loadNodeKeys(location), "stricter than asked is fine");
  });
});

Deno.test("loadNodeKeys() says that keys are missing and what to run", async () => {
  await withHome(async (location) => {
    await assert.rejects(loadNodeKeys(location), hasCode("key_missing", 'run "init" or "join"'));
    await createNodeKeys(location, { random });
    await Deno.remove(ageKeyPath(location));
    await assert.rejects(loadNodeKeys(location), hasCode("key_missing", "age.key"));
  });
});

Deno.test("loadNodeKeys() notices every damaged byte of a key file instead of becoming another peer", async () => {
  await withHome(async (location) => {
    await createNodeKeys(location, { random });
    const path = signingKeyPath(location);
    const whole = await Deno.readFile(path);

    for (let i = 0; i < whole.length; i++) {
      const damaged = whole.slice();
      damaged[i] = (damaged[i] ?? 0) ^ 0x10;
      await Deno.writeFile(path, damaged);
      await assert.rejects(loadNodeKeys(location), hasCode("key_malformed"), `byte ${i}`);
    }
    for (const length of [0, 1, 31, whole.length - 1]) {
      await Deno.writeFile(path, whole.slice(0, length));
      await assert.rejects(loadNodeKeys(location), hasCode("key_malformed"), `${length} bytes`);
    }
    await Deno.writeFile(path, whole);
    await Deno.writeTextFile(ageKeyPath(location), "AGE-SECRET-KEY-1NONSENSE\n");
    await assert.rejects(loadNodeKeys(location), hasCode("key_malformed", "age.key"));
  });
});

Deno.test("locked keys open with their passphrase only, and hold nothing readable", async () => {
  await withHome(async (location) => {
    const created = await createNodeKeys(location, { random }, LOCK);

    assert.equal((await loadNodeKeys(location, LOCK)).peerId, created.peerId);
    await assert.rejects(loadNodeKeys(location), hasCode("passphrase_required", signingKeyPath(location)));
    await assert.rejects(loadNodeKeys(location, { passphrase: "wrong" }), hasCode("wrong_passphrase"));
    const stored = new TextDecoder("latin1").decode(await Deno.readFile(ageKeyPath(location)));
    assert.ok(!stored.includes("AGE-SECRET-KEY"));
    const key = await Deno.readFile(signingKeyPath(location));
    assert.ok(!hexEncode(key).includes(hexEncode(created.signingKey.exportSeed())));
  });
});

Deno.test("a passphrase given for keys that are not locked does no harm", async () => {
  await withHome(async (location) => {
    const { peerId } = await createNodeKeys(location, { random });

    assert.equal((await loadNodeKeys(location, LOCK)).peerId, peerId);
  });
});

Deno.test("errors about keys never show a secret", async () => {
  await withHome(async (location) => {
    const { age, signingKey } = await createNodeKeys(location, { random });
    await Deno.chmod(signingKeyPath(location), 0o644);

    const error: unknown = await loadNodeKeys(location).then(() => undefined, (e) => e);

    const shown = Deno.inspect(error, { depth: 9 });
    assert.ok(error instanceof IdentityError);
    assert.ok(!shown.includes(age.identity) && !shown.includes(hexEncode(signingKey.exportSeed())));
  });
});

Deno.test("writeFileAtomic() replaces in one step, leaves no temporary file, and respects overwrite: false", async () => {
  await withHome(async ({ home }) => {
    const path = join(home, "deep", "er", "file");
    const bytes = (n: number) => new Uint8Array(100_000).fill(n);

    await writeFileAtomic(path, bytes(1), { mode: 0o600, overwrite: false, random });
    await writeFileAtomic(path, bytes(2), { mode: 0o600, overwrite: true, random });
    await assert.rejects(
      writeFileAtomic(path, bytes(3), { mode: 0o600, overwrite: false, random }),
      hasCode("already_exists", path),
    );

    assert.equal(hexEncode(await Deno.readFile(path)), hexEncode(bytes(2)));
    assert.deepEqual(await listAll(dirname(path)), ["file"]);
  });
});

Deno.test("of many writers that may not overwrite exactly one wins", async () => {
  await withHome(async ({ home }) => {
    const path = join(home, "once");

    const results = await Promise.allSettled(
      Array.from(
        { length: 8 },
        (_, i) => writeFileAtomic(path, Uint8Array.of(i), { mode: 0o600, overwrite: false, random }),
      ),
    );

    const winner = results.findIndex((result) => result.status === "fulfilled");
    assert.equal(results.filter((result) => result.status === "fulfilled").length, 1);
    assert.deepEqual([...await Deno.readFile(path)], [winner]);
  });
});
