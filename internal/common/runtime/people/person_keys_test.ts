import assert from "node:assert/strict";
import { ensurePerson, PersonBook, signDecision } from "@bzzz/agentid";
import { createTestMesh } from "@bzzz/agentid/testing";
import { BzzzError, type RequestId } from "@bzzz/base";
import { createSeededRandom, ManualClock } from "@bzzz/base/testing";
import { createSigningKey, peerIdFromPublicKey, type SigningKey } from "@bzzz/crypto";
import { createNullLogger } from "@bzzz/logging";
import { PersonKeys } from "./person_keys.ts";

const PASSPHRASE = "correct horse";
const UNLOCK_FOR_MS = 60_000;
const BODY = {
  requestId: "01HZZZZZZZZZZZZZZZZZZZZZZZ" as RequestId,
  requestDigest: "ab".repeat(32),
  decision: "approve",
} as const;

/** Keys of a person in a folder of their own; with `passphrase: undefined` they are not locked. */
async function withKeys(
  passphrase: string | undefined,
  work: (world: { keys: PersonKeys; clock: ManualClock; home: string }) => Promise<void>,
  append: () => Promise<never> = () => Promise.reject(new Error("nothing is told here")),
): Promise<void> {
  const clock = new ManualClock();
  const random = createSeededRandom(4);
  const { mesh: { meshId: mesh } } = createTestMesh({ clock });
  const home = await Deno.makeTempDir({ prefix: "bzzz-person-" });
  try {
    await Deno.chmod(home, 0o700);
    const peer = peerIdFromPublicKey(createSigningKey(random).publicKey);
    const lock = passphrase === undefined ? {} : { passphrase, logN: 10 };
    await ensurePerson(home, { mesh, peer, nowMs: clock.nowMs() }, { random }, lock);
    const deps = { clock, random, logger: createNullLogger(), journal: { append }, book: new PersonBook(mesh) };
    const keys = new PersonKeys(deps, { home, mesh, limits: { forMs: UNLOCK_FOR_MS, idleMs: UNLOCK_FOR_MS } });
    await work({ keys, clock, home });
    await keys.stop();
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

function sign(keys: PersonKeys, use: { passphrase?: string; isHigh?: boolean } = {}): Promise<string> {
  return keys.sign({ isHigh: false, ...use }, (key, certificate) => {
    signDecision(key, certificate, { body: BODY, role: "admin", atMs: 0 });
    return "signed";
  }).catch((error) => error instanceof BzzzError ? error.code : String(error));
}

Deno.test("stopping does not wait for a log that has to catch up first", async () => {
  const asked = Promise.withResolvers<void>();
  const append = () => {
    asked.resolve();
    return new Promise<never>(() => {});
  };
  await withKeys(undefined, async ({ keys }) => {
    keys.start();
    await asked.promise;
    await keys.stop();
  }, append);
});

Deno.test("a locked key signs nothing until its passphrase was given, and then for a while", async () => {
  await withKeys(PASSPHRASE, async ({ keys, clock }) => {
    assert.equal((await keys.state()).type, "locked");
    assert.equal(await sign(keys), "identity_locked");

    await keys.unlock(PASSPHRASE);
    assert.equal((await keys.state()).type, "unlocked");
    assert.equal(await sign(keys), "signed");
    await clock.advance(UNLOCK_FOR_MS - 1);
    assert.equal(await sign(keys), "signed");
    await clock.advance(2);

    assert.equal((await keys.state()).type, "locked");
    assert.equal(await sign(keys), "identity_locked");
  });
});

Deno.test("a sleep of the machine and locking take the key out of memory: what held it can sign no more", async () => {
  await withKeys(PASSPHRASE, async ({ keys, clock }) => {
    const held: SigningKey[] = [];
    const take = (passphrase: string | undefined) => keys.sign({ passphrase, isHigh: false }, (key) => held.push(key));
    await take(PASSPHRASE);
    clock.jumpWall(3_600_000);
    assert.equal(await sign(keys), "identity_locked");
    await take(PASSPHRASE);
    keys.lock();

    assert.equal(held.length, 2);
    for (const key of held) assert.throws(() => key.sign(new Uint8Array(1)), /it was wiped/);
  });
});

Deno.test("high stakes take the passphrase each time; it opens the key for the rest, and lock() closes it", async () => {
  await withKeys(PASSPHRASE, async ({ keys }) => {
    await keys.unlock(PASSPHRASE);
    assert.equal(await sign(keys, { isHigh: true }), "identity_locked");
    keys.lock();
    assert.equal(await sign(keys, { isHigh: true, passphrase: PASSPHRASE }), "signed");
    assert.equal(await sign(keys), "signed");

    keys.lock();
    assert.equal(await sign(keys), "identity_locked");
  });
});

Deno.test("after a wrong passphrase the next one waits, longer each time, the right one too", async () => {
  await withKeys(PASSPHRASE, async ({ keys, clock }) => {
    const unlock = async (passphrase: string) => {
      try {
        await keys.unlock(passphrase);
        return "open";
      } catch (error) {
        assert.ok(error instanceof BzzzError && error.code === "identity_locked", String(error));
        return /again in (\d+) s/.exec(error.message)?.[1] ?? "wrong";
      }
    };

    assert.equal(await unlock("wrong"), "wrong");
    assert.equal(await unlock(PASSPHRASE), "1");
    await clock.advance(1_000);
    assert.equal(await unlock("wrong again"), "wrong");
    assert.equal(await unlock(PASSPHRASE), "2");
    await clock.advance(2_000);
    assert.equal(await unlock(PASSPHRASE), "open");
  });
});

Deno.test("a key without a passphrase signs at once, also high stakes, and can be given one", async () => {
  await withKeys(undefined, async ({ keys, home }) => {
    assert.equal((await keys.state()).type, "open");
    assert.equal(await sign(keys, { isHigh: true }), "signed");

    await keys.relock({ old: undefined, next: PASSPHRASE });

    assert.equal((await keys.state()).type, "locked");
    assert.equal(await sign(keys), "identity_locked");
    assert.equal(await sign(keys, { passphrase: PASSPHRASE }), "signed");
    for (const name of ["person.key", "approval.key", "person.certificate"]) {
      assert.equal(((await Deno.stat(`${home}/identity/${name}`)).mode ?? 0) & 0o777, 0o600, name);
    }
  });
});

Deno.test("a wrong passphrase replaces none", async () => {
  await withKeys(PASSPHRASE, async ({ keys, clock }) => {
    await assert.rejects(keys.relock({ old: "wrong", next: undefined }), /the passphrase is wrong/);
    await clock.advance(1_000);

    assert.equal((await keys.state()).type, "locked");
    assert.equal(await sign(keys, { passphrase: PASSPHRASE }), "signed");
  });
});
