import { DatabaseSync } from "node:sqlite";
import { createSystemClock, createSystemRandom } from "@bzzz/base";
import { ContextStore, VersionIndex } from "@bzzz/context";
import { type ContentHash, DiskContent } from "@bzzz/dht";
import { createTestJournal } from "@bzzz/journal/testing";
import { TestRoles } from "@bzzz/roles/testing";
import { parseConcrete } from "@bzzz/ucxl";
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from "age-encryption";

/** Writes a content under a number and reads it again; resolves when it was on the disk and is what it was. */
export interface ContextUnderTest extends AsyncDisposable {
  putAndGet(n: number, bytes: Uint8Array): Promise<void>;
}

const MAX_BYTES = 2 ** 30;

/** Contexts as a node has them: real keys of roles, contents and journal on the disk, every commit synced. */
export async function createContext(): Promise<ContextUnderTest> {
  const random = createSystemRandom();
  const roles = new TestRoles();
  await roles.join("admin");
  // the second of the two recipients: whoever reads has to try both, here as there
  const { sealer } = await roles.join("architect");
  const test = createTestJournal({ clock: createSystemClock(), syncFile: (file) => file.syncData() });
  const { journal, store, peer: self, folder } = test;
  const index = new VersionIndex({ journal, store, grantAt: () => ({ level: "master" }) });
  index.start();
  const disk = new DiskContent({ random, clock: createSystemClock(), store }, {
    folder: `${folder}/content`,
    maxBytes: MAX_BYTES,
  });
  const local = (hash: string) => disk.get(hash as ContentHash); // the store asks for what `put` returned
  const content = {
    put: (sealed: Uint8Array, options = {}) => disk.put(sealed, { isPinned: true, ...options }),
    get: local,
    local,
  };
  const deps = { journal, index, content, sealer, random, self, level: () => "master" as const };
  const context = new ContextStore(deps, { maxContentBytes: MAX_BYTES });
  return {
    async putAndGet(n, bytes) {
      const address = parseConcrete(`ucxl://bench:architect@bench:speed/file-${n}`);
      await context.put(address, { bytes, mediaType: "text/plain", audience: ["architect"] });
      assertLong(await context.read(address), bytes);
    },
    async [Symbol.asyncDispose]() {
      index.stop();
      await test[Symbol.asyncDispose]();
    },
  };
}

/** The same without addresses, versions, signatures and copies: an age file for two in a table, every commit synced. */
export async function createBareContext(): Promise<ContextUnderTest> {
  const folder = await Deno.makeTempDir({ prefix: "bzzz-bare-context-" });
  const db = new DatabaseSync(`${folder}/bare.db`);
  db.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE files (n INTEGER PRIMARY KEY, file BLOB)",
  );
  const insert = db.prepare("INSERT INTO files VALUES (?, ?)");
  const find = db.prepare("SELECT file FROM files WHERE n = ?");
  const [other, reader] = [await generateX25519Identity(), await generateX25519Identity()];
  const recipients = [await identityToRecipient(other), await identityToRecipient(reader)];
  return {
    async putAndGet(n, bytes) {
      const encrypter = new Encrypter();
      for (const recipient of recipients) encrypter.addRecipient(recipient);
      insert.run(n, await encrypter.encrypt(bytes));
      const decrypter = new Decrypter();
      decrypter.addIdentity(reader);
      const file = find.get(n)?.["file"] as Uint8Array; // the column of the statement
      assertLong({ bytes: await decrypter.decrypt(file) }, bytes);
    },
    async [Symbol.asyncDispose]() {
      db.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

function assertLong(found: { readonly bytes: Uint8Array }, expected: Uint8Array): void {
  if (found.bytes.byteLength !== expected.byteLength) throw new Error(`${found.bytes.byteLength} bytes were read`);
}
