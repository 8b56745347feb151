import { dirname, isAbsolute, join, normalize, relative, sep } from "node:path";
import { errorMessage } from "@bzzz/base";
import { AcpRefusal } from "./connection.ts";
import { RPC } from "./protocol.ts";

/** Bytes of a file that is read or written for the program. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;

/**
 * Text files of a workspace, read and written for the program. Links are followed first and looked at then: what leads out
 * of the workspace is refused. A guard against mistakes of a model; a program that wants to can reach what its user can.
 */
export class WorkspaceFiles {
  readonly #root: string;
  #writes = 0;

  /** `root` exists. */
  constructor(root: string) {
    this.#root = root;
  }

  /**
   * The text of a file, or `limit` lines from `line` on (the first is 1).
   *
   * @throws AcpRefusal when there is none, it is no regular file, too large or outside
   */
  async read(
    path: string,
    from: { readonly line?: number | null | undefined; readonly limit?: number | null | undefined } = {},
  ): Promise<string> {
    const wanted = this.#resolve(path);
    const real = await this.#inside(wanted, path);
    const { isFile, size } = await Deno.stat(real);
    if (!isFile) throw refuse(path, "it is not a regular file");
    if (size > MAX_FILE_BYTES) throw refuse(path, `it has ${size} bytes, more than ${MAX_FILE_BYTES}`);
    const text = await named(path, () => Deno.readTextFile(real));
    const start = Math.max(0, (from.line ?? 1) - 1);
    const limit = from.limit ?? undefined;
    if (start === 0 && limit === undefined) return text;
    return text.split("\n").slice(start, limit === undefined ? undefined : start + limit).join("\n");
  }

  /**
   * Puts a whole file in its place, making the folders it needs. A link in its place is replaced, not followed.
   *
   * @throws AcpRefusal when it is too large or outside
   */
  async write(path: string, content: string): Promise<void> {
    const wanted = this.#resolve(path);
    await named(path, () => this.#write(wanted, path, content));
  }

  async #write(wanted: string, path: string, content: string): Promise<void> {
    const bytes = new TextEncoder().encode(content);
    if (bytes.byteLength > MAX_FILE_BYTES) {
      throw refuse(path, `it would have ${bytes.byteLength} bytes, more than ${MAX_FILE_BYTES}`);
    }
    const folder = await this.#makeFolder(dirname(wanted), path);
    const target = join(folder, wanted.slice(dirname(wanted).length + 1));
    // a name that no other write of this run has; what a killed run left under it goes first, and no link is followed
    const aside = `${target}.bzzz-${this.#writes++}`;
    try {
      const mode = await modeOf(target);
      await removeFile(aside);
      await Deno.writeFile(aside, bytes, { createNew: true, mode });
      await Deno.rename(aside, target);
    } catch (error) {
      await removeFile(aside);
      if (error instanceof Deno.errors.IsADirectory) throw refuse(path, "it is a folder");
      throw error;
    }
  }

  /** How people are shown a path: from the workspace when it is in it; undefined for one that is outside. */
  shown(path: string): string | undefined {
    const from = relative(this.#root, this.#absolute(path));
    return from === ".." || from.startsWith(`..${sep}`) || isAbsolute(from) ? undefined : from === "" ? "." : from;
  }

  #absolute(path: string): string {
    return normalize(isAbsolute(path) ? path : join(this.#root, path));
  }

  #resolve(path: string): string {
    const shown = this.shown(path);
    if (shown === undefined) throw refuse(path, "it is outside of the workspace");
    if (shown === ".") throw refuse(path, "it is the workspace itself");
    return this.#absolute(path);
  }

  /** Makes the folder level by level, so that no link on the way leads out. */
  async #makeFolder(folder: string, path: string): Promise<string> {
    let real = await Deno.realPath(this.#root);
    for (const part of relative(this.#root, folder).split(sep).filter((name) => name !== "")) {
      const next = join(real, part);
      try {
        await Deno.mkdir(next, { mode: 0o700 });
      } catch (error) {
        if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      }
      real = await this.#inside(next, path);
      if (!(await Deno.stat(real)).isDirectory) throw refuse(path, `"${part}" is not a folder`);
    }
    return real;
  }

  async #inside(wanted: string, path: string): Promise<string> {
    const root = await Deno.realPath(this.#root);
    let real: string;
    try {
      real = await Deno.realPath(wanted);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) {
        throw new AcpRefusal(RPC.notFound, `Cannot use "${path}": it is not there`);
      }
      throw refuse(path, "it cannot be resolved");
    }
    if (real !== root && !real.startsWith(root + sep)) throw refuse(path, "it leads out of the workspace");
    return real;
  }
}

/** The disk's own reason, for the program: it is full, a name is too long, a folder is closed. */
async function named<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof AcpRefusal ? error : refuse(path, errorMessage(error));
  }
}

function refuse(path: string, state: string): AcpRefusal {
  return new AcpRefusal(RPC.invalidParams, `Cannot use "${path}": ${state}`);
}

/** A file keeps the permissions it has; a new one is this user's. */
async function modeOf(path: string): Promise<number> {
  try {
    const { isFile, mode } = await Deno.lstat(path);
    return isFile && mode !== null ? mode & 0o777 : 0o600;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0o600;
    throw error;
  }
}

async function removeFile(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
