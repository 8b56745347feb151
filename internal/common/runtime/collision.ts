import { type Clock, fileFailure, once, utf8Decode, utf8Encode } from "@bzzz/base";
import type { BinaryType } from "@bzzz/agentid";
import type { Logger } from "@bzzz/logging";
import { join } from "node:path";
import { z } from "zod";
import { RuntimeError } from "./errors.ts";
import { withFile } from "./home_error.ts";

/** The file in a data directory that its one running program keeps locked. */
export const INSTANCE_LOCK_FILE = "instance.lock";
/** What the file says fits easily; more is not ours. */
const MAX_LOCK_BYTES = 4096;

const holderSchema = once(() =>
  z.object({
    pid: z.number().int().positive(),
    started_at_ms: z.number(),
    binary_type: z.string().max(32),
    agent_id: z.string().max(64),
  })
);

/** Who holds a data directory, as it wrote itself: for messages only, the lock alone decides. */
export interface InstanceHolder {
  readonly pid: number;
  readonly startedAtMs: number;
  readonly binaryType: string;
  readonly agentId: string;
}

/** Whether a program runs on a data directory. `holder` is undefined when what it wrote cannot be read. */
export type RunningInstance =
  | { readonly isRunning: false }
  | { readonly isRunning: true; readonly holder: InstanceHolder | undefined };

/** Held for the life of the program. The kernel releases it when the process ends in any way: nothing is ever stale. */
export interface InstanceLock extends Disposable {
  readonly path: string;
  /** Lets the data directory go. Idempotent. */
  release(): void;
}

interface LockDeps {
  readonly clock: Pick<Clock, "nowMs" | "sleep">;
  readonly logger: Logger;
}

/** Somebody who only asks (`checkForRunningInstance`) holds the lock for a moment: that is waited out. */
const LOCK_ATTEMPTS = 3;
const LOCK_RETRY_MS = 20;

/**
 * Takes the data directory `home` for this process (specification section 12.2), creating it with mode 0700 if need be. One
 * directory has one program, whatever its agent id; the lock is the operating system's on `<home>/instance.lock` (mode 0600),
 * never the file's existence.
 * @throws RuntimeError `instance_running` (names the holder), `lock_unavailable` (the directory does not allow it)
 */
export async function acquireInstanceLock(
  deps: LockDeps,
  home: string,
  owner: { readonly agentId: string; readonly binaryType: BinaryType; readonly pid?: number },
): Promise<InstanceLock> {
  const path = join(home, INSTANCE_LOCK_FILE);
  const fail = (code: "instance_running" | "lock_unavailable", message: string, cause?: unknown) =>
    new RuntimeError(code, message, {
      binaryType: owner.binaryType,
      timestampMs: deps.clock.nowMs(),
      cause,
      details: { path },
    });
  let file: Deno.FsFile | undefined;
  try {
    file = openLockFile(home, path);
    if (!await tryLockPatiently(deps.clock, file)) {
      file.close();
      const held = describeHolder(await readHolder(path));
      throw fail(
        "instance_running",
        `Cannot start: ${held} uses the data directory "${home}"; stop it, or give this one a data directory of its own`,
      );
    }
  } catch (error) {
    if (error instanceof RuntimeError) throw error;
    file?.close();
    const advice = "check its owner, its permissions and that it is on a local disk";
    throw fail(
      "lock_unavailable",
      `Cannot lock the data directory "${home}": ${fileFailure(error)}; ${advice}`,
      error,
    );
  }
  const held = file;
  writeHolder(deps, held, {
    pid: owner.pid ?? Deno.pid,
    startedAtMs: deps.clock.nowMs(),
    binaryType: owner.binaryType,
    agentId: owner.agentId,
  });
  let isHeld = true;
  const release = () => {
    if (!isHeld) return;
    isHeld = false;
    // The file stays: removing it would let two programs lock two different files of one name.
    held.close();
  };
  return { path, release, [Symbol.dispose]: release };
}

/** Whether a program runs on `home`, without waiting and without keeping anything. A directory that is not there has none. @throws HomeError */
export async function checkForRunningInstance(home: string): Promise<RunningInstance> {
  const path = join(home, INSTANCE_LOCK_FILE);
  const file = await withFile("read", path, () => openIfThere(path));
  if (!file) return { isRunning: false };
  using _closed = file;
  // A shared lock suffices to see an exclusive one and does not make two askers see each other.
  if (await file.tryLock(false)) return { isRunning: false };
  return { isRunning: true, holder: await readHolder(path) };
}

async function openIfThere(path: string): Promise<Deno.FsFile | undefined> {
  try {
    return await Deno.open(path, { read: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function tryLockPatiently(clock: Pick<Clock, "sleep">, file: Deno.FsFile): Promise<boolean> {
  for (let attempt = 1; attempt < LOCK_ATTEMPTS; attempt++) {
    if (file.tryLockSync(true)) return true;
    await clock.sleep(LOCK_RETRY_MS);
  }
  return file.tryLockSync(true);
}

/** Done at once, and not in a thread call by call: it is small, and nothing else runs yet. */
function openLockFile(home: string, path: string): Deno.FsFile {
  Deno.mkdirSync(home, { recursive: true, mode: 0o700 });
  const found = lookAt(path);
  if (found && !found.isFile) throw new TypeError(`"${path}" is not a regular file; remove it`);
  const file = Deno.openSync(path, { read: true, write: true, create: true, mode: 0o600 });
  if (found && Deno.build.os !== "windows") Deno.chmodSync(path, 0o600);
  return file;
}

function lookAt(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function writeHolder(deps: LockDeps, file: Deno.FsFile, holder: InstanceHolder): void {
  const text = JSON.stringify({
    pid: holder.pid,
    started_at_ms: holder.startedAtMs,
    binary_type: holder.binaryType,
    agent_id: holder.agentId,
  });
  try {
    file.truncateSync(0);
    file.seekSync(0, Deno.SeekMode.Start);
    file.writeSync(utf8Encode(`${text}\n`));
  } catch (error) {
    // A full disk must not keep a node down that can still read: the lock holds, only its label is missing.
    deps.logger.warn("The instance lock could not be labelled", {}, error);
  }
}

async function readHolder(path: string): Promise<InstanceHolder | undefined> {
  try {
    using file = await Deno.open(path, { read: true });
    const buffer = new Uint8Array(MAX_LOCK_BYTES);
    const length = await file.read(buffer) ?? 0;
    const holder = holderSchema().parse(JSON.parse(utf8Decode(buffer.subarray(0, length))));
    return {
      pid: holder.pid,
      startedAtMs: holder.started_at_ms,
      binaryType: holder.binary_type,
      agentId: holder.agent_id,
    };
  } catch {
    // Not labelled, or (Windows) not readable while it is locked: the caller says "another program".
    return undefined;
  }
}

function describeHolder(holder: InstanceHolder | undefined): string {
  if (!holder) return "another program";
  const since = new Date(holder.startedAtMs).toISOString();
  return `bzzz-${JSON.stringify(holder.binaryType).slice(1, -1)} ${
    JSON.stringify(holder.agentId)
  } (process ${holder.pid}, since ${since})`;
}
