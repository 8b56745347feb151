import { errorMessage, utf8Decode } from "@bzzz/base";
import { ConfigError, type ConfigErrorCode, printable } from "./issues.ts";

/** The name of the file in the data directory. */
export const CONFIG_FILE_NAME = "config.yaml";

/** A configuration has a few kilobytes; this bounds what a wrong path can make us read. */
export const MAX_CONFIG_BYTES = 1024 * 1024;

/** A file that may be read. */
export interface ConfigCandidate {
  readonly path: string;
  /** Somebody named it, so it must exist. */
  readonly isNamed: boolean;
  /** Who named it, for messages. */
  readonly namedBy: string;
}

export interface ConfigFile {
  readonly path: string;
  readonly text: string;
}

/** Flag over BZZZ_CONFIG_PATH (specification section 11.2) over BZZZ_CONFIG over `config.yaml` of the data directory. */
export function findConfigFile(options: {
  readonly path?: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly home?: string | undefined;
}): ConfigCandidate | undefined {
  if (options.path !== undefined) return { path: options.path, isNamed: true, namedBy: "the command line" };
  for (const name of ["BZZZ_CONFIG_PATH", "BZZZ_CONFIG"]) {
    const path = options.env[name];
    if (path !== undefined && path !== "") return { path, isNamed: true, namedBy: `environment variable ${name}` };
  }
  if (options.home === undefined) return undefined;
  return { path: `${options.home}/${CONFIG_FILE_NAME}`, isNamed: false, namedBy: "the data directory" };
}

/**
 * The text of a candidate, or undefined when nobody named it and it does not exist.
 *
 * @throws ConfigError config_missing or config_unreadable.
 */
export async function readConfigFile(
  candidate: ConfigCandidate | undefined,
  program: string,
): Promise<ConfigFile | undefined> {
  if (candidate === undefined) return undefined;
  const { path, isNamed, namedBy } = candidate;
  const fail = (
    code: ConfigErrorCode,
    got: string,
    expected: string,
    suggestion?: string,
    cause?: unknown,
  ): ConfigError =>
    new ConfigError(code, path, [{
      source: "file",
      file: path,
      line: undefined,
      column: undefined,
      keyPath: "",
      got,
      expected,
      ...(suggestion === undefined ? {} : { suggestion }),
    }], cause === undefined ? {} : { cause });
  try {
    const info = await Deno.stat(path);
    if (!info.isFile) {
      throw fail("config_unreadable", info.isDirectory ? "a directory" : "no regular file", "a YAML file");
    }
    const bytes = await readAtMost(path, { expectedBytes: info.size, maxBytes: MAX_CONFIG_BYTES });
    if (bytes === undefined) {
      throw fail("config_unreadable", `more than ${MAX_CONFIG_BYTES} bytes`, "a YAML file of some kilobytes");
    }
    return { path, text: decode(bytes, fail) };
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      if (!isNamed) return undefined;
      const suggestion = `correct ${namedBy}, or create the file with "${program} init"`;
      throw fail("config_missing", "no such file", "a YAML file", suggestion, error);
    }
    if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable) {
      throw fail("config_unreadable", "no permission to read it", "a file this user may read", undefined, error);
    }
    throw fail("config_unreadable", printable(errorMessage(error)), "a file that can be read", undefined, error);
  }
}

function decode(
  bytes: Uint8Array,
  fail: (code: ConfigErrorCode, got: string, expected: string) => ConfigError,
): string {
  try {
    return utf8Decode(bytes);
  } catch {
    throw fail("config_unreadable", "bytes that are not UTF-8", "YAML in UTF-8");
  }
}

/** All of it, or undefined when there is more; with room for what its size says, and for all that is allowed where it grows. */
async function readAtMost(
  path: string,
  { expectedBytes, maxBytes }: { readonly expectedBytes: number; readonly maxBytes: number },
): Promise<Uint8Array | undefined> {
  using file = await Deno.open(path, { read: true });
  let buffer = new Uint8Array(Math.min(expectedBytes, maxBytes) + 1);
  for (let length = 0;;) {
    const count = await file.read(buffer.subarray(length));
    if (count === null) return buffer.subarray(0, length);
    length += count;
    if (length > maxBytes) return undefined;
    if (length < buffer.byteLength) continue;
    const larger = new Uint8Array(maxBytes + 1);
    larger.set(buffer);
    buffer = larger;
  }
}
