import { IdentityError, readSecretFileIfThere } from "@bzzz/agentid";
import { CryptoError, describeShare } from "@bzzz/crypto";
import { PassphraseError } from "./passphrase.ts";

/** Shares of the root key that `init` prints, and how many of them make it again, unless told. */
export const DEFAULT_RECOVERY = { shares: 3, threshold: 2 } as const;

/** Misspelt shares that a person may type before the command gives up. */
const MAX_MISTAKES = 10;

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

async function readSharesFile(path: string): Promise<string> {
  const bytes = await readSecretFileIfThere(path);
  if (bytes) return new TextDecoder().decode(bytes);
  throw new IdentityError("key_missing", `Cannot read the recovery shares: there is no file "${path}"`, {
    details: { path },
  });
}

function linesOf(text: string): readonly string[] {
  return text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
}
