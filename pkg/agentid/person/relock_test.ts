import { strict as assert } from "node:assert";
import { fileURLToPath } from "node:url";
import { createSystemRandom, parseMeshId } from "@bzzz/base";
import { createSigningKey, peerIdFromPublicKey } from "@bzzz/crypto";
import {
  ensurePerson,
  IdentityError,
  loadApprovalKey,
  loadNextRoot,
  loadPersonRoot,
  relockPerson,
  saveNextRoot,
} from "../mod.ts";

const random = createSystemRandom();
const SCRIPT = fileURLToPath(new URL("../testdata/relock_person.ts", import.meta.url));
const mesh = parseMeshId("a".repeat(32)) ?? assert.fail("no mesh id");
const OLD = { passphrase: "old words", logN: 10 };
const NEXT = { passphrase: "next words", logN: 10 };

/** A home with all keys that a person can have there, under one passphrase. */
async function withPerson(work: (home: string) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir({ prefix: "bzzz-relock-" });
  try {
    const peer = peerIdFromPublicKey(createSigningKey(random).publicKey);
    await ensurePerson(home, { mesh, peer, nowMs: 1 }, { random }, OLD);
    await saveNextRoot(home, createSigningKey(random), { random }, OLD);
    await work(home);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

/** Changes the passphrase in a process that is killed at a write; whether it came to its end. */
async function relockAndDie(home: string, next: string, killAt: number): Promise<boolean> {
  const { success, signal } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-check", "--allow-all", SCRIPT, home, OLD.passphrase, next, String(killAt)],
    stdin: "null",
  }).output();
  assert.ok(success || signal === "SIGKILL", `status ${success}, signal ${signal}`);
  return success;
}

/** Which of the person's keys open with a passphrase. */
async function opened(home: string, lock: { readonly passphrase?: string }): Promise<readonly string[]> {
  const keys = { approval: loadApprovalKey, root: loadPersonRoot, next: loadNextRoot };
  const names: string[] = [];
  for (const [name, load] of Object.entries(keys)) {
    try {
      if (await load(home, lock)) names.push(name);
    } catch (error) {
      if (!(error instanceof IdentityError)) throw error;
    }
  }
  return names;
}

const ALL = ["approval", "root", "next"];

Deno.test("a change of the passphrase that is killed at any write leaves one passphrase for all keys", async () => {
  const seen = new Set<string>();
  for (let killAt = 1;; killAt++) {
    let isWhole = false;
    await withPerson(async (home) => {
      isWhole = await relockAndDie(home, NEXT.passphrase, killAt);

      const found = { old: await opened(home, OLD), next: await opened(home, NEXT) };

      seen.add(found.old.length > 0 ? "old" : "next");
      const expected = found.old.length > 0 ? { old: ALL, next: [] } : { old: [], next: ALL };
      assert.deepEqual(found, expected, `killed at write ${killAt}`);
      // and it can be changed once more
      const { passphrase } = found.old.length > 0 ? OLD : NEXT;
      await relockPerson(home, { random }, { old: { passphrase }, next: { passphrase: "third words", logN: 10 } });
      assert.deepEqual(await opened(home, { passphrase: "third words" }), ALL, `after write ${killAt}`);
    });
    if (isWhole) break;
  }
  assert.deepEqual([...seen], ["old", "next"]);
});
