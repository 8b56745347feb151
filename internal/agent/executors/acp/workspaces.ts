import { join } from "node:path";
import { once, type TaskId } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import { z } from "zod";
import { removeTree } from "../remove_tree.ts";

/** What is known of the session of a task, so that another run of it goes on with it. */
const SESSION = once(() =>
  z.object({
    v: z.literal(1),
    sessionId: z.string().min(1),
    /** What the program has told of its use, over the whole session. */
    tokens: z.int().min(0),
    money: z.int().min(0),
  })
);
export type SessionRecord = Omit<z.infer<ReturnType<typeof SESSION>>, "v">;

/** Workspaces of tasks that wait (for a person, or for this agent to start again); beyond, the one left longest goes. */
const MAX_WAITING = 32;
const ENDED = "ended";
const SESSION_FILE = "session.json";

/**
 * A folder for each task (0700), below a root that is this agent's alone: `files` is where the program works, `home` is its
 * own when the person's is not handed over. It outlives the run, so that a task which waits goes on where it was.
 */
export class Workspaces {
  readonly #root: string;
  readonly #keepEnded: number;
  readonly #logger: Logger;
  readonly #inUse = new Set<string>();

  /** Of tasks that have ended `keepEnded` workspaces stay, the newest. */
  constructor(deps: { readonly logger: Logger }, options: { readonly root: string; readonly keepEnded: number }) {
    this.#logger = deps.logger;
    this.#root = options.root;
    this.#keepEnded = options.keepEnded;
  }

  /** The workspace of a task, new or as its last run left it. Close it with what became of the task. */
  async open(taskId: TaskId): Promise<Workspace> {
    const path = join(this.#root, taskId);
    this.#inUse.add(taskId);
    try {
      // what has ended is not gone on with: a failed try begins anew
      if (await exists(join(path, ENDED))) await removeTree(path);
      const workspace = new Workspace(path);
      for (const folder of [path, workspace.files, workspace.home]) {
        await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
      }
      await this.#tidy();
      return workspace;
    } catch (error) {
      this.#inUse.delete(taskId);
      throw error;
    }
  }

  /**
   * The run is over. One that waits finds its workspace again, that of a task that has ended stays as one of the ended ones,
   * and what never began leaves nothing.
   */
  async close(taskId: TaskId, end: "waiting" | "ended" | "unbegun"): Promise<void> {
    const path = join(this.#root, taskId);
    try {
      if (end === "ended") await Deno.writeTextFile(join(path, ENDED), "", { mode: 0o600 });
      if (end === "unbegun") await removeTree(path);
    } catch (error) {
      this.#logger.warn("Cannot put the workspace of a task away", { path }, error);
    }
    this.#inUse.delete(taskId);
    await this.#tidy();
  }

  /** Removes what is beyond the bounds, the oldest first. */
  async #tidy(): Promise<void> {
    try {
      const ended: Found[] = [];
      const waiting: Found[] = [];
      for await (const { name, isDirectory } of Deno.readDir(this.#root)) {
        if (!isDirectory || this.#inUse.has(name)) continue;
        const path = join(this.#root, name);
        const mark = await modifiedMs(join(path, ENDED));
        if (mark === undefined) waiting.push({ path, atMs: await modifiedMs(join(path, SESSION_FILE)) ?? 0 });
        else ended.push({ path, atMs: mark });
      }
      for (const { path } of [...beyond(ended, this.#keepEnded), ...beyond(waiting, MAX_WAITING)]) {
        await removeTree(path);
      }
    } catch (error) {
      this.#logger.warn("Cannot remove workspaces of earlier tasks", { path: this.#root }, error);
    }
  }
}

interface Found {
  readonly path: string;
  readonly atMs: number;
}

/** The folder of one task. */
export class Workspace {
  /** Where the program works. */
  readonly files: string;
  /** Its own home, unless it gets another. */
  readonly home: string;
  readonly #path: string;
  /** The newest record waits here while one before it is written. */
  #unsaved: SessionRecord | undefined;
  #saving: Promise<void> | undefined;

  constructor(path: string) {
    this.#path = path;
    this.files = join(path, "files");
    this.home = join(path, "home");
  }

  /** The session of an earlier run; undefined where there was none, or it cannot be read. */
  async session(): Promise<SessionRecord | undefined> {
    try {
      return SESSION().parse(JSON.parse(await Deno.readTextFile(join(this.#path, SESSION_FILE))));
    } catch {
      return undefined; // without it the work begins in a new session, which costs no more than that
    }
  }

  /** It, or a newer one, is on disk when it resolves; a kill leaves a whole record. */
  async saveSession(session: SessionRecord): Promise<void> {
    this.#unsaved = session;
    this.#saving ??= this.#saveAll().finally(() => this.#saving = undefined);
    await this.#saving;
  }

  /** Bytes that its files and its home hold, as far as `atMost`: it need not be known by how much it is more. */
  async bytes(atMost: number): Promise<number> {
    let bytes = 0;
    const folders = [this.#path];
    for (let folder = folders.pop(); folder !== undefined && bytes <= atMost; folder = folders.pop()) {
      try {
        for await (const { name, isDirectory, isFile } of Deno.readDir(folder)) {
          const path = join(folder, name);
          bytes += ENTRY_BYTES;
          if (isDirectory) folders.push(path);
          else if (isFile) bytes += (await Deno.lstat(path)).size;
        }
      } catch {
        // it was removed meanwhile, or its maker has closed it: what is in it is not counted
      }
    }
    return bytes;
  }

  async #saveAll(): Promise<void> {
    const path = join(this.#path, SESSION_FILE);
    for (let record = this.#unsaved; record; record = this.#unsaved) {
      this.#unsaved = undefined;
      const { sessionId, tokens, money } = record;
      await Deno.writeTextFile(`${path}.new`, JSON.stringify({ v: 1, sessionId, tokens, money }), { mode: 0o600 });
      await Deno.rename(`${path}.new`, path);
    }
  }
}

/** What an entry of a folder costs at least: without it a million empty files would be nothing. */
const ENTRY_BYTES = 512;

function beyond(found: Found[], keep: number): Found[] {
  return found.sort((a, b) => b.atMs - a.atMs).slice(keep);
}

async function exists(path: string): Promise<boolean> {
  return await modifiedMs(path) !== undefined;
}

async function modifiedMs(path: string): Promise<number | undefined> {
  try {
    return (await Deno.lstat(path)).mtime?.getTime() ?? 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
