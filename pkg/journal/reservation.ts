import { dirname } from "node:path";
import { errorMessage, type PeerId } from "@bzzz/base";
import { StoreError } from "@bzzz/store";
import { z } from "zod";
import { SEQ_BLOCK } from "./constants.ts";

const FILE = z.strictObject({
  v: z.literal(1),
  peer: z.string(),
  /** This node's log had this many entries when the block was reserved: a database with fewer is an old copy. */
  from: z.int().min(0),
  /** Seqs up to here may be in use. */
  until: z.int().min(0),
});

/** What the file said when it was opened. `unreadable` is handled as "an old copy": nothing is known, so ask the peers. */
export type ReservationFinding =
  | { readonly kind: "none" }
  | {
    readonly kind: "block";
    readonly from: number; /** The run that reserved it ended in order. */
    readonly isClosed: boolean;
  }
  | { readonly kind: "unreadable" };

/**
 * The high-water mark of this node's own log, in a file of its own beside the database: when the database is restored
 * from a backup, the mark is not, and no seq is used twice. One fsync per 256 entries.
 */
export class SeqReservation {
  readonly #path: string;
  readonly #peer: PeerId;
  #until = 0;

  constructor(path: string, peer: PeerId) {
    this.#path = path;
    this.#peer = peer;
  }

  read(): ReservationFinding {
    let text: string;
    try {
      text = Deno.readTextFileSync(this.#path);
    } catch (error) {
      return error instanceof Deno.errors.NotFound ? { kind: "none" } : { kind: "unreadable" };
    }
    const parsed = parseFile(text);
    if (!parsed) return { kind: "unreadable" };
    // Another key has another log.
    if (parsed.peer !== this.#peer) return { kind: "none" };
    return { kind: "block", from: parsed.from, isClosed: parsed.until === parsed.from };
  }

  /** Makes sure that `seq`, the one after `head`, is reserved on disk before it is used. @throws StoreError */
  cover(head: number, seq: number): void {
    if (seq > this.#until) this.#write(head, head + SEQ_BLOCK);
  }

  /** Starts a block at `head`: from here on an older copy of the database is noticed. */
  begin(head: number): void {
    this.#write(head, head + SEQ_BLOCK);
  }

  /** An orderly end: exactly `head` entries exist. */
  end(head: number): void {
    this.#write(head, head);
  }

  #write(from: number, until: number): void {
    const text = JSON.stringify({ v: 1, peer: this.#peer, from, until } satisfies z.infer<typeof FILE>);
    try {
      writeDurably(this.#path, text);
    } catch (error) {
      const isFull = error instanceof Error && /No space left|os error 28|Disk quota/.test(error.message);
      throw new StoreError(
        isFull ? "store_full" : "store_unavailable",
        `Cannot reserve sequence numbers in "${this.#path}": ${errorMessage(error)}`,
        { details: { path: this.#path }, cause: error },
      );
    }
    this.#until = until;
  }
}

function parseFile(text: string): z.infer<typeof FILE> | undefined {
  try {
    return FILE.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // not JSON: the caller treats the file as unreadable
  }
}

/** Write, fsync, rename, fsync of the folder: after a power cut the old or the new content is there, whole. */
function writeDurably(path: string, text: string): void {
  const temporary = `${path}.tmp`;
  {
    using file = Deno.openSync(temporary, { create: true, write: true, truncate: true, mode: 0o600 });
    file.writeSync(new TextEncoder().encode(text));
    file.syncSync();
  }
  Deno.renameSync(temporary, path);
  using folder = Deno.openSync(dirname(path));
  folder.syncSync();
}
