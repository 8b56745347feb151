import { readSecretFileIfThere } from "@bzzz/agentid";
import { errorMessage, utf8Decode } from "@bzzz/base";
import { GitHubError } from "@bzzz/github";
import { isAbsolute, join } from "node:path";

/** Printable, without spaces: it becomes a header. GitHub's have 40 to 255 characters. */
const TOKEN = /^[\x21-\x7e]{1,1024}$/;

/**
 * The token in the first line of a file that nobody else can read.
 * @throws GitHubError "unauthorized", with what to do; never with what is in the file
 */
export async function readTokenFile(path: string): Promise<string> {
  const refuse = (why: string, cause?: unknown) =>
    new GitHubError("unauthorized", `Cannot use the token of GitHub: ${why}`, { cause, details: { path } });
  let bytes: Uint8Array | undefined;
  try {
    bytes = await readSecretFileIfThere(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) {
      throw refuse(`this program may read only its data directory; move "${path}" there`, cause);
    }
    throw refuse(errorMessage(cause), cause);
  }
  if (!bytes) throw refuse(`there is no file "${path}"`);
  const [token = ""] = decode(bytes).split(/\r?\n/, 1);
  if (!TOKEN.test(token)) throw refuse(`the first line of "${path}" is no token`);
  return token;
}

function decode(bytes: Uint8Array): string {
  try {
    return utf8Decode(bytes);
  } catch {
    return ""; // no text, so no token
  }
}

/** A path of the configuration is relative to the data directory. */
export function tokenFileIn(home: string, path: string): string {
  return isAbsolute(path) ? path : join(home, path);
}
