import { LruMap, type PeerId } from "@bzzz/base";
import { MAX_VECTOR_AUTHORS } from "./constants.ts";

const DAY_MS = 24 * 60 * 60_000;

/** An entry as the quota sees it. */
export interface QuotaClaim {
  readonly author: PeerId;
  /** When its author says that it was written. */
  readonly stampMs: number;
  /** Of its frame. */
  readonly bytes: number;
  readonly nowMs: number;
}

/**
 * How much of one author is stored over time, so that no member can fill the disks of all (generic cell rate algorithm,
 * ITU-T I.371: a day's worth at once, and that much a day in the long run). It goes by the author's stamps, so that a
 * newcomer takes a long history at once: what others took in a year was due in that year. Stamps ahead of the clock count
 * as now; stamps set back gain no more than the days the author was silent.
 *
 * An author beyond its quota is paused, not skipped: a log has no holes. Its next entry is taken when it is due. In memory,
 * of the 10,000 authors last heard; who is forgotten, or all of them after a restart, begin with a full day.
 */
export class AuthorQuota {
  readonly #msPerByte: number;
  /** When all that was taken of an author would have been written at the allowed rate. */
  readonly #writtenUntilMs = new LruMap<PeerId, number>(MAX_VECTOR_AUTHORS);
  /** Authors that are paused: at most as many as are remembered. */
  readonly #pausedUntilMs = new Map<PeerId, number>();

  /** Without `bytesPerDay` nobody is ever paused. */
  constructor(bytesPerDay: number | undefined) {
    this.#msPerByte = bytesPerDay === undefined ? 0 : DAY_MS / bytesPerDay;
  }

  /** Whether nothing of `author` is taken now. */
  isPaused(author: PeerId, nowMs: number): boolean {
    const untilMs = this.#pausedUntilMs.get(author);
    if (untilMs === undefined) return false;
    if (nowMs < untilMs) return true;
    this.#pausedUntilMs.delete(author);
    return false;
  }

  /** Who is paused now. */
  paused(nowMs: number): PeerId[] {
    return [...this.#pausedUntilMs.keys()].filter((author) => this.isPaused(author, nowMs));
  }

  /** Counts the next entry of an author; or, when it is beyond the quota, pauses the author until it is due. */
  take({ author, stampMs, bytes, nowMs }: QuotaClaim): boolean {
    if (this.#msPerByte === 0) return true;
    const atMs = Math.min(stampMs, nowMs);
    const writtenMs = Math.max(this.#writtenUntilMs.get(author) ?? atMs, atMs) + bytes * this.#msPerByte;
    const dueMs = writtenMs - DAY_MS;
    if (dueMs <= nowMs) {
      this.#writtenUntilMs.set(author, writtenMs);
      return true;
    }
    if (this.#pausedUntilMs.size < MAX_VECTOR_AUTHORS) this.#pausedUntilMs.set(author, dueMs);
    return false;
  }

  /** Forgets everything: what was counted has not reached the disk. */
  reset(): void {
    this.#writtenUntilMs.clear();
    this.#pausedUntilMs.clear();
  }
}
