import { IdentityError, readSecretFileIfThere } from "@bzzz/agentid";
import { errorMessage, utf8Decode } from "@bzzz/base";
import { MAX_TOKEN_BYTES } from "./constants.ts";
import { ModelError } from "./errors.ts";

/**
 * The token in a file of mode 0600, without the line break behind it. Read anew for each request, so that a token that
 * was replaced counts at once.
 *
 * @throws ModelError "model_token_unreadable"
 */
export async function readTokenFile(path: string): Promise<string> {
  const bytes = await read(path);
  if (!bytes) throw refuse(path, "there is no such file");
  if (bytes.byteLength > MAX_TOKEN_BYTES) throw refuse(path, `it has more than ${MAX_TOKEN_BYTES} bytes`);
  const token = utf8Decode(bytes).trim();
  // it becomes the value of a header
  if (!/^[\x21-\x7e]+$/.test(token)) throw refuse(path, "expected one line of ASCII without spaces");
  return token;
}

async function read(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readSecretFileIfThere(path);
  } catch (cause) {
    if (cause instanceof IdentityError) throw refuse(path, cause.message, cause);
    if (cause instanceof Deno.errors.NotCapable) {
      throw refuse(path, "this program may read only its data directory; put the file there", cause);
    }
    throw refuse(path, errorMessage(cause), cause);
  }
}

function refuse(path: string, why: string, cause?: unknown): ModelError {
  return new ModelError("model_token_unreadable", `Cannot use the token of the model in "${path}": ${why}`, {
    ...(cause === undefined ? {} : { cause }),
  });
}
