import { join } from "node:path";
import { createSystemRandom, once, type Random } from "@bzzz/base";
import { encodeCbor } from "@bzzz/wire";
import { z } from "zod";
import { IdentityError } from "./errors.ts";
import { readSecretFileIfThere, SECRET_FILE_MODE, writeFileAtomic } from "./files.ts";
import { tryDecode } from "./signed_record.ts";

/** A file of a folder, and what is to be in it. */
export interface FileChange {
  /** A name in the folder. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Holds what the files become. From the moment it is there the change is made; it goes when every file is written. */
const CHANGE_FILE = "change.cbor";
/** Held while files are written, so that no process writes what another has replaced since. The kernel frees it. */
const CHANGE_LOCK = "change.lock";

const changeSchema = once(() =>
  z.strictObject({
    v: z.literal(1),
    files: z.array(z.strictObject({
      name: z.string().regex(/^[a-z][a-z0-9.]*$/),
      bytes: z.instanceof(Uint8Array),
    })).max(16),
  })
);

/**
 * Writes several files of a folder, 0600, as one change: a crash leaves all as they were, or a change that
 * `finishChange` makes whole. What has to be read for it is read by `changes`, while nobody else changes files this way.
 *
 * @throws IdentityError "keys_busy" while another process changes files of this folder
 */
export async function replaceTogether(
  folder: string,
  deps: { readonly random: Random },
  changes: () => Promise<readonly FileChange[]>,
): Promise<void> {
  using lock = await lockFolder(folder);
  if (!lock) {
    throw new IdentityError(
      "keys_busy",
      `Cannot change the key files in "${folder}": another program changes them now; try again when it has ended`,
      { details: { folder } },
    );
  }
  await carryOut(folder, deps);
  const change = encodeCbor({ v: 1, files: await changes() });
  const options = { mode: SECRET_FILE_MODE, overwrite: true, random: deps.random };
  await writeFileAtomic(join(folder, CHANGE_FILE), change, options);
  await carryOut(folder, deps);
}

/** Makes a change whole that a crash has cut off; nothing is written where there is none. @throws IdentityError "key_malformed" */
export async function finishChange(folder: string): Promise<void> {
  if (!await readSecretFileIfThere(join(folder, CHANGE_FILE))) return;
  using lock = await lockFolder(folder);
  // else its holder is about to do it; chance makes no more than names of temporary files here
  if (lock) await carryOut(folder, { random: createSystemRandom() });
}

async function carryOut(folder: string, { random }: { readonly random: Random }): Promise<void> {
  const path = join(folder, CHANGE_FILE);
  const found = await readSecretFileIfThere(path);
  if (!found) return;
  const change = changeSchema().safeParse(tryDecode(found));
  if (!change.success) {
    throw new IdentityError(
      "key_malformed",
      `Cannot change the key files in "${folder}": "${path}" is damaged; move it away, and use the passphrase from before`,
      { details: { path } },
    );
  }
  for (const { name, bytes } of change.data.files) {
    await writeFileAtomic(join(folder, name), bytes, { mode: SECRET_FILE_MODE, overwrite: true, random });
  }
  await Deno.remove(path);
}

/** Undefined while another process holds it. */
async function lockFolder(folder: string): Promise<Deno.FsFile | undefined> {
  const file = await Deno.open(join(folder, CHANGE_LOCK), {
    read: true,
    write: true,
    create: true,
    mode: SECRET_FILE_MODE,
  });
  if (await file.tryLock(true)) return file;
  file.close();
  return undefined;
}
