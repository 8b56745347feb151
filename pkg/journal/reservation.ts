import { errorMessage, hexEncode, once, type PeerId, utf8Encode } from "@bzzz/base";
import { sha256 } from "@bzzz/crypto";
import { StoreError } from "@bzzz/store";
import { z } from "zod";
import { SEQ_BLOCK } from "./constants.ts";
import { createWholeFile, type WholeFile } from "./whole_file.ts";

const FILE = once(() =>
  z.strictObject({
    v: z.literal(1),
    peer: z.string(),
    /** So many entries of this node's log were on disk when this was written: a database with fewer is an old copy. */
    from: z.int().min(0),
    /** Seqs up to here may be in use. */
    until: z.int().min(0),
    /** Of the other members; absent in files of before there was one, and in those that people write. */
    check: z.string().optional(),
  })
);
type Mark = Omit<z.infer<ReturnType<typeof FILE>>, "v" | "check">;

const CHECK_BYTES = 8;

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
 * from a backup, the mark is not, and no seq is used twice. One sync of the disk at the start, at the end and per 256 entries; two
 * for a larger commit or the first.
 *
 * What the mark promises: `from` never names an entry that is not on disk, else a power cut inside a commit would look
 * like a restored backup; and it is never more than two blocks behind what was acknowledged. So numbers are reserved
 * before a commit with the `from` of the commit before, and `from` follows afterwards.
 */
export class SeqReservation {
  readonly #path: string;
  readonly #peer: PeerId;
  readonly #file: WholeFile;
  #from = 0;
  #until = 0;

  constructor(path: string, peer: PeerId, file: WholeFile = createWholeFile()) {
    this.#path = path;
    this.#peer = peer;
    this.#file = file;
  }

  read(): ReservationFinding {
    let text: string | undefined;
    try {
      text = this.#file.read(this.#path);
    } catch {
      return { kind: "unreadable" }; // the safe side: peers are asked before anything is written
    }
    if (text === undefined) return { kind: "none" };
    const parsed = parseFile(text);
    if (!parsed) return { kind: "unreadable" };
    // Another key has another log.
    if (parsed.peer !== this.#peer) return { kind: "none" };
    return { kind: "block", from: parsed.from, isClosed: parsed.until === parsed.from };
  }

  /** Makes sure that seqs up to `last` are reserved on disk; `head` entries are on disk now. @throws StoreError */
  cover(head: number, last: number): void {
    if (last > this.#until) this.#write(head, last + SEQ_BLOCK);
  }

  /**
   * `head` entries are on disk now: follows when they are a block ahead, and from the first one on. A database without entries
   * knows of no peers to ask, so that it was lost has to be seen in the mark. @throws StoreError
   */
  follow(head: number): void {
    const isFirst = this.#from === 0 && head > 0;
    if (isFirst || head - this.#from >= SEQ_BLOCK) this.#write(head, Math.max(head, this.#until));
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
    const text = encodeMark({ peer: this.#peer, from, until });
    try {
      this.#file.write(this.#path, text);
    } catch (error) {
      const isFull = error instanceof Error && /No space left|os error 28|Disk quota/.test(error.message);
      throw new StoreError(
        isFull ? "store_full" : "store_unavailable",
        `Cannot reserve sequence numbers in "${this.#path}": ${errorMessage(error)}`,
        { details: { path: this.#path }, cause: error },
      );
    }
    this.#from = from;
    this.#until = until;
  }
}

function encodeMark(mark: Mark): string {
  const { peer, from, until } = mark;
  return JSON.stringify({ v: 1, peer, from, until, check: checkOf(mark) } satisfies z.infer<ReturnType<typeof FILE>>);
}

/** Undefined for what is no mark, and for a mixture of two that a power cut left: of both nothing is known. */
function parseFile(text: string): Mark | undefined {
  try {
    const mark = FILE().safeParse(JSON.parse(text), { jitless: true }).data;
    return mark?.check === undefined || mark.check === checkOf(mark) ? mark : undefined;
  } catch {
    return undefined; // not JSON: the caller treats the file as unreadable
  }
}

function checkOf({ peer, from, until }: Mark): string {
  return hexEncode(sha256(utf8Encode(JSON.stringify([peer, from, until]))).subarray(0, CHECK_BYTES));
}
