import type { Clock, PeerId, Timer } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import { type ForkRecord, StoreError } from "@bzzz/store";
import type { BodyOf } from "@bzzz/wire";
import { FORK_RETRY_MS } from "./constants.ts";
import { JournalError, type JournalErrorCode } from "./errors.ts";

/** With these no append of a proof succeeds before the next start. */
const FINAL: readonly JournalErrorCode[] = ["journal_stopped", "journal_forked", "journal_entry_too_large"];

/** What telling of forks needs. */
export interface ForkTellerDeps {
  /** Resolves when the proof is in this node's log, on the disk. */
  readonly append: (body: BodyOf<"fork_proved">) => Promise<unknown>;
  readonly clock: Pick<Clock, "setTimer">;
  readonly logger: Logger;
}

/**
 * Tells the mesh of forks that this node saw. A log that stops here has to stop everywhere, so a proof that could not be
 * appended is tried again every 5 s until one is in a log here. Until then it may be in memory alone: a full disk takes neither the
 * proof nor the entry that tells of it.
 */
export class ForkTeller {
  readonly #deps: ForkTellerDeps;
  /** Proofs whose append failed: of each author who forked, so as many as logs have stopped, the one of the earliest place. */
  readonly #untold = new Map<PeerId, ForkRecord>();
  #retry: Timer | undefined;
  #isStopped = false;

  constructor(deps: ForkTellerDeps) {
    this.#deps = deps;
  }

  tell(fork: ForkRecord): void {
    // a body of the wire owns its bytes
    const body = { first: Uint8Array.from(fork.first), second: Uint8Array.from(fork.second) };
    this.#deps.append(body).catch((error) => this.#failed(fork, error));
  }

  /** A log of this node has a proof for this place: it makes later ones of the author needless. */
  told({ author, seq }: { readonly author: PeerId; readonly seq: number }): void {
    const fork = this.#untold.get(author);
    if (fork && seq <= fork.seq) this.#untold.delete(author);
  }

  /** What is on the disk and was not told is told at the next start. */
  stop(): void {
    this.#isStopped = true;
    this.#retry?.cancel();
  }

  #failed(fork: ForkRecord, error: unknown): void {
    const { author, seq } = fork;
    this.#deps.logger.debug("Proof of a fork was not published", { author, seq }, error);
    if (this.#isStopped || !isPassing(error)) return;
    if (seq < (this.#untold.get(author)?.seq ?? Infinity)) this.#untold.set(author, fork);
    this.#retry ??= this.#deps.clock.setTimer(FORK_RETRY_MS, () => this.#tellAgain(), { unref: true });
  }

  #tellAgain(): void {
    this.#retry = undefined;
    const forks = [...this.#untold.values()];
    this.#untold.clear();
    for (const fork of forks) this.tell(fork);
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof StoreError || (error instanceof JournalError && !FINAL.includes(error.code));
}
