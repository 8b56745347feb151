import assert from "node:assert/strict";
import { createNodeKeys, IdentityError, type KeyLocation } from "@bzzz/agentid";
import { BzzzError, createSystemRandom } from "@bzzz/base";
import { ManualClock, settle, waitFor } from "@bzzz/base/testing";
import { newPassphrase, passphraseFileIn, passphraseOf, type PassphraseSources } from "./passphrase.ts";

const LOCK = { passphrase: "correct horse", logN: 10 };

interface Person extends PassphraseSources {
  readonly clock: ManualClock;
  readonly told: string[];
  readonly asked: string[];
}

/** Somebody who types `answers`; without them nobody is there. */
function person(answers: (string | undefined)[] | undefined, fields: Partial<PassphraseSources> = {}): Person {
  const told: string[] = [];
  const asked: string[] = [];
  const clock = new ManualClock();
  return {
    clock,
    told,
    asked,
    readLine: () => Promise.resolve(undefined),
    tell: (text) => Promise.resolve(void told.push(text)),
    askSecret: answers && ((question: string) => {
      asked.push(question);
      return Promise.resolve(answers.shift());
    }),
    file: undefined,
    ...fields,
  } as Person; // the clock is the manual one unless a test gave another
}

async function withKeys(
  lock: typeof LOCK | undefined,
  work: (location: KeyLocation, home: string) => Promise<void>,
): Promise<void> {
  const home = await Deno.makeTempDir({ prefix: "bzzz-passphrase-" });
  const location = { home, binaryType: "agent" } as const;
  try {
    await createNodeKeys(location, { random: createSystemRandom() }, lock);
    await work(location, home);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

async function writeSecret(path: string, text: string, mode = 0o600): Promise<string> {
  await Deno.writeTextFile(path, text);
  await Deno.chmod(path, mode);
  return path;
}

function hasCode(code: string, message?: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof BzzzError, String(error));
    assert.equal(error.code, code, error.message);
    if (message) assert.match(error.message, message);
    assert.ok(!error.message.includes(LOCK.passphrase), "no secret in a message");
    return true;
  };
}

Deno.test("keys that are not locked ask for nothing", async () => {
  await withKeys(undefined, async (location) => {
    const somebody = person(["x"]);

    assert.equal(await passphraseOf(location, somebody), undefined);
    assert.deepEqual(somebody.asked, []);
  });
});

Deno.test("a person may mistype twice, and waits longer each time", async () => {
  await withKeys(LOCK, async (location) => {
    const somebody = person(["wrong", "wrong again", LOCK.passphrase]);

    const opening = passphraseOf(location, somebody);
    let isDone = false;
    const done = opening.then((passphrase) => {
      isDone = true;
      return passphrase;
    });
    await waitFor(() => somebody.told.length === 1, { timeoutMs: 30_000, what: "the first to be wrong" });
    await somebody.clock.advance(999);
    await settle();
    const beforeSecond = somebody.asked.length;
    await waitFor(async () => {
      await somebody.clock.advance(500);
      return isDone;
    }, { timeoutMs: 30_000, what: "the right one to be taken" });

    assert.equal(await done, LOCK.passphrase);
    assert.equal(beforeSecond, 1, "the first pause is a second");
    assert.deepEqual(somebody.told, ["That is not the passphrase.", "That is not the passphrase."]);
  });
});

Deno.test("a file has one attempt; a missing, empty, open or strange one says what is wrong", async () => {
  await withKeys(LOCK, async (location, home) => {
    const read = (file: string, fields: Partial<PassphraseSources> = {}) =>
      passphraseOf(location, person(["never asked"], { file, ...fields }));
    const good = await writeSecret(`${home}/good`, `${LOCK.passphrase}\r\nsecond line\n`);

    assert.equal(await read(good), LOCK.passphrase);
    assert.equal(await read("-", { readLine: () => Promise.resolve(LOCK.passphrase) }), LOCK.passphrase);
    await assert.rejects(read(await writeSecret(`${home}/bad`, "wrong\n")), hasCode("wrong_passphrase"));
    await assert.rejects(read(`${home}/none`), hasCode("keys_unreadable", /there is no such file/));
    await assert.rejects(read(home), hasCode("keys_unreadable", /it is a folder/));
    await assert.rejects(read(await writeSecret(`${home}/empty`, "\nx")), hasCode("keys_unreadable", /empty line/));
    await assert.rejects(
      read(await writeSecret(`${home}/open`, LOCK.passphrase, 0o640)),
      hasCode("keys_unreadable", /its mode is 0640, expected 0600; run: chmod 0600/),
    );
    await assert.rejects(
      read(await writeSecret(`${home}/long`, "x".repeat(2000))),
      hasCode("keys_unreadable", /more than 1024 bytes/),
    );
  });
});

Deno.test("where nobody can be asked, the refusal names both ways to give it", async () => {
  await withKeys(LOCK, async (location) => {
    await assert.rejects(
      passphraseOf(location, person(undefined)),
      hasCode("passphrase_required", /--passphrase-file or identity\.passphrase_file/),
    );
    await assert.rejects(passphraseOf(location, person([undefined])), hasCode("cancelled"));
    await assert.rejects(
      passphraseOf(location, person(["a", "b", "c"], { clock: { sleep: () => Promise.resolve() } })),
      (error) => error instanceof IdentityError && error.code === "wrong_passphrase",
    );
  });
});

Deno.test("a new passphrase is typed twice, the same, and not too short", async () => {
  const somebody = person(["correct horse", "corect horse", "correct horse", "correct horse"]);

  assert.equal(await newPassphrase(somebody), "correct horse");
  assert.deepEqual(somebody.told, ["The two do not match."]);
  await assert.rejects(newPassphrase(person(["short", "short"])), hasCode("usage", /fewer than 8 characters/));
  await assert.rejects(newPassphrase(person(["long enough"])), hasCode("cancelled"));
  await assert.rejects(newPassphrase(person(undefined)), hasCode("usage", /--passphrase-file/));
});

Deno.test("a path of the configuration is one in the data directory", () => {
  assert.equal(passphraseFileIn("/home/a", "secrets/pass"), "/home/a/secrets/pass");
  assert.equal(passphraseFileIn("/home/a", "/run/credentials/pass"), "/run/credentials/pass");
});
