import { assertPassphrase, IdentityError, type KeyLocation, listKeyFiles } from "@bzzz/agentid";
import { BzzzError, type Clock } from "@bzzz/base";
import { isAbsolute, join } from "node:path";

/** A passphrase that protects a key for years; what is shorter is guessed from a stolen file. */
export const MIN_PASSPHRASE_CHARACTERS = 8;
const MAX_PASSPHRASE_BYTES = 1024;
/** A person may mistype twice. */
const ATTEMPTS = 3;
/** Pause after a wrong one; the next pause is twice as long. */
const RETRY_PAUSE_MS = 1_000;

/** A passphrase that cannot be had: nobody to ask, a file that says nothing, a person who cancelled. */
export class PassphraseError extends BzzzError<"usage" | "cancelled" | "keys_unreadable"> {}

/** Where passphrases come from: never the command line, never a variable. */
export interface PassphraseSources {
  readonly clock: Pick<Clock, "sleep">;
  /** Missing where nobody can be asked. */
  readonly askSecret?: ((question: string) => Promise<string | undefined>) | undefined;
  /** The first line of standard input. */
  readonly readLine: () => Promise<string | undefined>;
  readonly tell: (text: string) => Promise<void>;
  /** A file whose first line it is, "-" for standard input; undefined asks the person. */
  readonly file: string | undefined;
}

/**
 * The passphrase of the keys in `location`, tried on one of them; undefined when none is locked. A person has three
 * attempts, with a pause after each that failed; a file has one.
 *
 * @throws IdentityError "passphrase_required", "wrong_passphrase", "key_permissions"; PassphraseError
 */
export async function passphraseOf(location: KeyLocation, sources: PassphraseSources): Promise<string | undefined> {
  const locked = (await listKeyFiles(location)).find(({ isLocked }) => isLocked);
  if (!locked) return undefined;
  if (sources.file !== undefined) {
    const passphrase = await readPassphrase(sources.file, sources);
    await assertPassphrase(location, { passphrase });
    return passphrase;
  }
  const { askSecret, clock, tell } = sources;
  if (!askSecret) await assertPassphrase(location, {}); // has the words for it
  for (let attempt = 1;; attempt++) {
    const passphrase = await askSecret?.("Passphrase of the keys: ");
    if (passphrase === undefined) {
      throw new PassphraseError("cancelled", "Cannot open the keys: no passphrase was given");
    }
    try {
      await assertPassphrase(location, { passphrase });
      return passphrase;
    } catch (error) {
      if (!(error instanceof IdentityError) || error.code !== "wrong_passphrase" || attempt === ATTEMPTS) throw error;
      await tell("That is not the passphrase.");
      await clock.sleep(RETRY_PAUSE_MS * 2 ** (attempt - 1));
    }
  }
}

/**
 * A passphrase for keys that are to be locked: from the file, or typed twice.
 * @throws PassphraseError
 */
export async function newPassphrase(sources: PassphraseSources): Promise<string> {
  if (sources.file !== undefined) return assertGoodPassphrase(await readPassphrase(sources.file, sources));
  const { askSecret, tell } = sources;
  if (!askSecret) {
    throw new PassphraseError(
      "usage",
      "Cannot lock the keys: nobody can be asked for a passphrase here; name a file that holds it with --passphrase-file",
    );
  }
  for (let attempt = 1;; attempt++) {
    const first = await askSecret("New passphrase for the keys: ");
    const second = first === undefined ? undefined : await askSecret("The same again: ");
    if (first === undefined || second === undefined) {
      throw new PassphraseError("cancelled", "Cannot lock the keys: no passphrase was given");
    }
    if (first === second) return assertGoodPassphrase(first);
    if (attempt === ATTEMPTS) throw new PassphraseError("usage", "Cannot lock the keys: the two did not match");
    await tell("The two do not match.");
  }
}

/**
 * A passphrase for the keys of a person that are about to be made: from the file, or typed twice where somebody can be
 * asked; an empty line, or nobody to ask, means none.
 * @throws PassphraseError
 */
export async function optionalPassphrase(sources: PassphraseSources): Promise<string | undefined> {
  if (sources.file !== undefined) return await newPassphrase(sources);
  const { askSecret, tell } = sources;
  if (!askSecret) return undefined;
  let isFirst = true;
  let isNone = false;
  const asked = async (question: string): Promise<string | undefined> => {
    if (!isFirst) return await askSecret(question);
    isFirst = false;
    await tell("What you decide is signed with a key of your own. With a passphrase nobody else can use it.");
    const text = await askSecret("Passphrase of your own key (Enter: none): ");
    isNone = text === "";
    return isNone ? undefined : text;
  };
  try {
    return await newPassphrase({ ...sources, askSecret: asked });
  } catch (error) {
    if (isNone) return undefined;
    throw error;
  }
}

/** A path of the configuration is relative to the data directory. */
export function passphraseFileIn(home: string, path: string): string {
  return isAbsolute(path) ? path : join(home, path);
}

/** The first line of a file; "-" is standard input. @throws PassphraseError "keys_unreadable" */
export async function readPassphrase(
  file: string,
  { readLine }: Pick<PassphraseSources, "readLine">,
): Promise<string> {
  const line = file === "-" ? await readLine() : await readFirstLine(file);
  const passphrase = line?.replace(/\r$/, "");
  if (passphrase) return passphrase;
  const where = file === "-" ? "standard input" : `"${file}"`;
  throw new PassphraseError("keys_unreadable", `Cannot read the passphrase: ${where} begins with an empty line`);
}

/** Of a file 0600, or of a pipe (`/dev/fd/3`, a process substitution), which has no mode that means anything. */
async function readFirstLine(path: string): Promise<string | undefined> {
  const refuse = (why: string, cause?: unknown) =>
    new PassphraseError("keys_unreadable", `Cannot read the passphrase from "${path}": ${why}`, { cause });
  const opened = await Deno.open(path, { read: true }).catch((cause) => {
    if (cause instanceof Deno.errors.NotFound) throw refuse("there is no such file", cause);
    if (cause instanceof Deno.errors.NotCapable) {
      throw refuse("this program may read only its data directory; name the file with --passphrase-file", cause);
    }
    throw refuse("it is not readable for this user", cause);
  });
  using file = opened;
  const { isFile, isDirectory, mode } = await file.stat();
  if (isDirectory) throw refuse("it is a folder");
  if (isFile && mode !== null && (mode & 0o077) !== 0) {
    const found = (mode & 0o7777).toString(8).padStart(4, "0");
    throw refuse(`other users can read it, its mode is ${found}, expected 0600; run: chmod 0600 "${path}"`);
  }
  const buffer = new Uint8Array(MAX_PASSPHRASE_BYTES + 1);
  let length = 0;
  while (length < buffer.byteLength && !buffer.subarray(0, length).includes(0x0a)) {
    const count = await file.read(buffer.subarray(length));
    if (count === null) break;
    length += count;
  }
  const end = buffer.subarray(0, length).indexOf(0x0a);
  if (end < 0 && length > MAX_PASSPHRASE_BYTES) {
    throw refuse(`its first line has more than ${MAX_PASSPHRASE_BYTES} bytes`);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(buffer.subarray(0, end < 0 ? length : end));
  } catch (cause) {
    throw refuse("it is not UTF-8 text", cause);
  } finally {
    buffer.fill(0);
  }
}

/** The passphrase, when it is long enough for a key. @throws PassphraseError */
export function assertGoodPassphrase(passphrase: string): string {
  if ([...passphrase].length >= MIN_PASSPHRASE_CHARACTERS) return passphrase;
  throw new PassphraseError(
    "usage",
    `Cannot lock the keys: the passphrase has fewer than ${MIN_PASSPHRASE_CHARACTERS} characters`,
  );
}
