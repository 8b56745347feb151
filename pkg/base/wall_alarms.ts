import type { Clock, Timer } from "./clock.ts";

/** A wait is looked at again after so long: the wall clock may be set, or go on while the machine sleeps and timers do not. */
const MAX_STEP_MS = 60_000;
/** Alarms that are kept unless told otherwise; beyond, the latest goes. */
const DEFAULT_CAPACITY = 1_000;

/** Tells when times of the wall clock come, one for each id, each once and with one timer for all. Stop it. */
export class WallAlarms<Id> {
  readonly #clock: Pick<Clock, "nowMs" | "setTimer">;
  readonly #rang: (id: Id) => void;
  readonly #capacity: number;
  readonly #atMs = new Map<Id, number>();
  #timer: Timer | undefined;

  /** `rang` must not throw. */
  constructor(
    clock: Pick<Clock, "nowMs" | "setTimer">,
    rang: (id: Id) => void,
    options: { readonly capacity?: number } = {},
  ) {
    this.#clock = clock;
    this.#rang = rang;
    this.#capacity = options.capacity ?? DEFAULT_CAPACITY;
  }

  /** Rings for `id` at `atMs`, epoch, in place of its time so far; undefined: not at all. One whose time has come rings all the same. */
  set(id: Id, atMs: number | undefined): void {
    const known = this.#atMs.get(id);
    if (known === atMs || (atMs === undefined && known !== undefined && known <= this.#clock.nowMs())) return;
    this.#atMs.delete(id);
    if (atMs !== undefined) this.#atMs.set(id, atMs);
    if (this.#atMs.size > this.#capacity) this.#dropLatest();
    this.#arm();
  }

  /** Rings for nobody any more. Idempotent. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#atMs.clear();
  }

  #dropLatest(): void {
    let latest: readonly [Id, number] | undefined;
    for (const one of this.#atMs) if (!latest || one[1] > latest[1]) latest = one;
    if (latest) this.#atMs.delete(latest[0]);
  }

  #arm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#atMs.size === 0) return;
    let nextMs = Infinity;
    for (const atMs of this.#atMs.values()) nextMs = Math.min(nextMs, atMs);
    const leftMs = Math.max(0, Math.min(nextMs - this.#clock.nowMs(), MAX_STEP_MS));
    this.#timer = this.#clock.setTimer(leftMs, () => this.#look());
  }

  #look(): void {
    const nowMs = this.#clock.nowMs();
    const due = [...this.#atMs].filter(([, atMs]) => atMs <= nowMs).map(([id]) => id);
    for (const id of due) this.#atMs.delete(id);
    this.#arm();
    for (const id of due) this.#rang(id);
  }
}
