import { basename, dirname, join } from "node:path";
import { base64UrlEncode, type Random, utf8Encode } from "@bzzz/base";
import { withFile } from "./home_error.ts";

/** The files of a data directory, beside those of `@bzzz/agentid`. The directory is 0700, secrets in it 0600. */
export interface HomePaths {
  readonly home: string;
  /** The journal and everything else that must survive kill -9. */
  readonly database: string;
  /** How far this node's sequence numbers were used; see `@bzzz/journal`. */
  readonly reservation: string;
  /** Which start of the node its database belongs to; see `voters/seat_guard.ts`. */
  readonly voterMark: string;
  /** Addresses of peers met before; losing it costs time, not data. */
  readonly addressBook: string;
  /** Bearer token that may change things. */
  readonly writeToken: string;
  /** Bearer token that may only look. */
  readonly readToken: string;
  /** Where a running node answers; there only while it runs. */
  readonly endpoints: string;
  /** The API for programs of this user on this host; there only while a node runs. */
  readonly socket: string;
  /** Sealed content by its hash. */
  readonly content: string;
  /** Private folders of executions. */
  readonly work: string;
}

/** The files of `home`; nothing is created. */
export function homePaths(home: string): HomePaths {
  return {
    home,
    database: join(home, "journal.db"),
    reservation: join(home, "journal.seq"),
    voterMark: join(home, "voter.mark"),
    addressBook: join(home, "peers.json"),
    writeToken: join(home, "run", "api.token"),
    readToken: join(home, "run", "api-read.token"),
    endpoints: join(home, "run", "endpoints.json"),
    socket: join(home, "run", "api.sock"),
    content: join(home, "content"),
    work: join(home, "work"),
  };
}

/** Where the keys of a role are exported to. */
export function exportedKeyPath(home: string, role: string): string {
  return join(home, "exports", `${role}.agekey`);
}

/** Where a running node answers, for the command line and the tests. */
export interface Endpoints {
  readonly pid: number;
  readonly api_url: string;
  readonly health_url: string;
  readonly ucxi_url: string;
  /** Missing where no socket is served. */
  readonly socket_path?: string;
  readonly p2p_addresses: readonly string[];
}

/**
 * Writes a private file so that a crash, a full disk or another writer leave the old or the new content, never half of it;
 * the folder is made when it is missing. On disk when it resolves. @throws HomeError "home_unwritable"
 */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  await withFile("write", path, () => writeInOneStep(path, text));
}

/** Only what waits for the disk is done in a thread. */
async function writeInOneStep(path: string, text: string): Promise<void> {
  const temporary = makeTemporary(path);
  try {
    {
      using file = writeOpen(temporary, text);
      await file.sync();
    }
    renameNow(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {}); // a leftover harms nobody
    throw error;
  }
  if (Deno.build.os === "windows") return; // folders cannot be opened there
  using opened = openFolder(dirname(path));
  await opened.sync();
}

/** A new private file (0600) beside `path`, in its folder, which is made when it is missing. */
function makeTemporary(path: string): string {
  const folder = dirname(path);
  Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  return Deno.makeTempFileSync({ dir: folder, prefix: `.${basename(path)}.`, suffix: ".tmp" });
}

function renameNow(from: string, to: string): void {
  Deno.renameSync(from, to);
}

function openFolder(path: string): Deno.FsFile {
  return Deno.openSync(path, { read: true });
}

function writeOpen(path: string, text: string): Deno.FsFile {
  const file = Deno.openSync(path, { write: true });
  try {
    const bytes = utf8Encode(text);
    for (let at = 0; at < bytes.byteLength;) at += file.writeSync(bytes.subarray(at));
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}

/**
 * The same for what is said of this process, which need not outlive the machine it runs on: nothing waits for the disk, and it is
 * done at once. @throws HomeError "home_unwritable"
 */
export async function writeRunFile(path: string, text: string): Promise<void> {
  await withFile("write", path, () => {
    const temporary = makeTemporary(path);
    try {
      Deno.writeTextFileSync(temporary, text);
      Deno.renameSync(temporary, path);
    } catch (error) {
      removeSync(temporary);
      throw error;
    }
  });
}

function removeSync(temporary: string): void {
  try {
    Deno.removeSync(temporary);
  } catch {
    // a leftover harms nobody
  }
}

/** Whether there is something at `path`. @throws HomeError "home_unreadable" */
export async function isThere(path: string): Promise<boolean> {
  return await withFile("read", path, () => ifThere(() => Deno.stat(path))) !== undefined;
}

/** Removes what is at `path`, a folder with all that is in it. */
export async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** The content of a file, or undefined when there is none. @throws HomeError "home_unreadable" */
export async function readTextIfThere(path: string): Promise<string | undefined> {
  return await withFile("read", path, () => ifThere(() => Deno.readTextFile(path)));
}

/**
 * The same for a small file of this program's own, read here and now: through a thread, which a file that a person names
 * needs (it may be a pipe), it takes ten times as long. @throws HomeError "home_unreadable"
 */
export async function readOwnTextIfThere(path: string): Promise<string | undefined> {
  return await withFile("read", path, () => ifThere(() => readTextNow(path)));
}

function readTextNow(path: string): string {
  // before it is opened: a pipe would be waited for, and nothing else would run meanwhile
  if (!Deno.statSync(path).isFile) throw new TypeError("it is no regular file; remove it");
  return Deno.readTextFileSync(path);
}

async function ifThere<T>(look: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** The token in `path`; the first call makes one of 256 random bits. */
export async function ensureToken(path: string, random: Random): Promise<string> {
  const known = (await readOwnTextIfThere(path))?.trim();
  if (known) return known;
  const token = base64UrlEncode(random.bytes(32));
  await writePrivateFile(path, `${token}\n`);
  return token;
}

/** Where the node of this data directory answers, or undefined when none has said so. */
export async function readEndpoints(home: string): Promise<Endpoints | undefined> {
  const text = await readOwnTextIfThere(homePaths(home).endpoints);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Endpoints; // written by this very program, atomically
  } catch {
    return undefined; // somebody else's file: the node counts as not running
  }
}

/** Removes the file that says where the node answers. */
export async function removeEndpoints(home: string): Promise<void> {
  try {
    await Deno.remove(homePaths(home).endpoints);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
