import { SerialQueue } from "@bzzz/base";
import { removeIfThere } from "./files.ts";
import { PartialContent } from "./partial_content.ts";

/** Unfinished contents that nobody works on, at most. */
const MAX_IDLE_PARTS = 64;
/** Transfers that may wait for each other's beginning. */
const MAX_WAITING = 4096;

/**
 * The files of contents on their way here. What is left unfinished waits for who goes on with it, in bounds: a member that
 * begins transfers and breaks them off takes no more of the disk than this. What was left first goes first.
 */
export class Parts {
  /** Bytes by path, what was left first first. */
  readonly #idle = new Map<string, number>();
  #idleBytes = 0;
  readonly #maxIdleBytes: number;
  /** One after the other, so that no file is removed that is just taken up. */
  readonly #openings = new SerialQueue({ capacity: MAX_WAITING });

  /** `maxIdleBytes`: of all that nobody works on; what is beyond is asked for again. */
  constructor(options: { readonly maxIdleBytes: number }) {
    this.#maxIdleBytes = options.maxIdleBytes;
  }

  /** Takes over the files that an earlier process left, with their bytes; the last ones are kept longest. */
  async adopt(files: readonly { readonly path: string; readonly bytes: number }[]): Promise<void> {
    for (const { path, bytes } of files) this.#leave(path, bytes);
    await this.#openings.run(() => this.#trim(MAX_IDLE_PARTS));
  }

  /** Goes on with the file at `path`, or begins it. One at a time with a file. @throws BzzzError "queue_full" */
  open(path: string): Promise<PartialContent> {
    return this.#openings.run(async () => {
      this.#take(path);
      await this.#trim(MAX_IDLE_PARTS - 1);
      return await PartialContent.open(path, { onLeft: (bytes) => this.#leave(path, bytes) });
    });
  }

  #leave(path: string, bytes: number): void {
    this.#take(path);
    this.#idle.set(path, bytes);
    this.#idleBytes += bytes;
  }

  #take(path: string): void {
    this.#idleBytes -= this.#idle.get(path) ?? 0;
    this.#idle.delete(path);
  }

  async #trim(maxParts: number): Promise<void> {
    for (const path of this.#idle.keys()) {
      if (this.#idle.size <= maxParts && this.#idleBytes <= this.#maxIdleBytes) return;
      this.#take(path);
      await removeIfThere(path);
    }
  }
}
