import { IdentityError } from "@bzzz/agentid";
import { CryptoError, describeShare } from "@bzzz/crypto";
import { PassphraseError } from "./passphrase.ts";

/** Shares of the root key that `init` prints, and how many of them make it again, unless told. */
export const DEFAULT_RECOVERY = { shares: 3, threshold: 2 } as const;

/** Misspelt shares that a person may type before the command gives up. */
const MAX_MISTAKES = 10;

/** A file of shares is smaller. */
const MAX_SHARES_BYTES = 64 * 1024;

/** Where shares come from. */
export interface ShareSources {
  readonly askSecret?: ((question: string) => Promise<string | undefined>) | undefined;
  /** All of standard input. */
  readonly readInput: () => Promise<string>;
  readonly tell: (text: string) => Promise<void>;
  /** A file with one share a line, "-" for standard input; undefined asks the person, or reads standard input. */
  readonly file: string | undefined;
}

/**
 * The shares of a root key. A person is asked until there are enough of them; each is checked as it is typed.
 * @throws CryptoError, PassphraseError "cancelled"
 */
export async function collectShares(sources: ShareSources): Promise<readonly string[]> {
  const { askSecret, file } = sources;
  if (file !== undefined && file !== "-") return linesOf(await readSharesFile(file));
  if (file === "-" || !askSecret) return linesOf(await sources.readInput());
  const shares = new Set<string>();
  let needed = 0;
  for (let mistakes = 0; needed === 0 || shares.size < needed;) {
    const text = await askSecret(`Recovery share ${shares.size + 1}${needed === 0 ? "" : ` of ${needed}`}: `);
    if (text === undefined) {
      throw new PassphraseError("cancelled", "Cannot recover the root key: the shares were not given");
    }
    try {
      needed = describeShare(text).threshold;
      const known = shares.size;
      shares.add(text.trim().toLowerCase());
      if (shares.size === known) await sources.tell("That one was given already.");
    } catch (error) {
      if (!(error instanceof CryptoError) || ++mistakes >= MAX_MISTAKES) throw error;
      await sources.tell(error.message);
    }
  }
  return [...shares];
}

/** Of a file 0600, or of a pipe. Its folder is not looked at: the program may read the one file that was named, and nothing around it. */
async function readSharesFile(path: string): Promise<string> {
  const refuse = (code: "key_missing" | "key_permissions" | "key_malformed", why: string, cause?: unknown) =>
    new IdentityError(code, `Cannot read the recovery shares from "${path}": ${why}`, { cause, details: { path } });
  const opened = await Deno.open(path, { read: true }).catch((cause) => {
    if (cause instanceof Deno.errors.NotFound) throw refuse("key_missing", "there is no such file", cause);
    if (cause instanceof Deno.errors.NotCapable) {
      throw refuse(
        "key_permissions",
        "this program may read only its data directory; name the file with --shares-file",
        cause,
      );
    }
    throw refuse("key_permissions", "it is not readable for this user", cause);
  });
  using file = opened;
  const { isFile, isDirectory, mode } = await file.stat();
  if (isDirectory) throw refuse("key_missing", "it is a folder");
  if (isFile && mode !== null && (mode & 0o077) !== 0) {
    const found = (mode & 0o7777).toString(8).padStart(4, "0");
    throw refuse(
      "key_permissions",
      `other users can read it, its mode is ${found}, expected 0600; run: chmod 0600 "${path}"`,
    );
  }
  const buffer = new Uint8Array(MAX_SHARES_BYTES + 1);
  let length = 0;
  for (let count = 1; count > 0 && length < buffer.byteLength; length += count) {
    count = await file.read(buffer.subarray(length)) ?? 0;
  }
  try {
    if (length > MAX_SHARES_BYTES) throw refuse("key_malformed", `it has more than ${MAX_SHARES_BYTES} bytes`);
    return new TextDecoder().decode(buffer.subarray(0, length));
  } finally {
    buffer.fill(0);
  }
}

function linesOf(text: string): readonly string[] {
  return text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
}
