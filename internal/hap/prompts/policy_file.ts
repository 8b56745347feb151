import { isAbsolute, join } from "node:path";

/** A policy larger than this is not one. */
const MAX_POLICY_BYTES = 256 * 1024;

/** Where the policy of the configuration is. */
export function policyFile(path: string, home: string): string {
  return isAbsolute(path) ? path : join(home, path);
}

/** The text of a policy; undefined: there is none. Rejects when it is there and cannot be read. */
export async function readPolicy(path: string): Promise<string | undefined> {
  try {
    const { isFile, size } = await Deno.stat(path);
    if (!isFile) throw new TypeError("it is no file"); // reading a named pipe would wait for whoever writes into it
    if (size > MAX_POLICY_BYTES) throw new RangeError(`${size} bytes, more than ${MAX_POLICY_BYTES}`);
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
