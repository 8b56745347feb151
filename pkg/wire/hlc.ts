import type { Clock } from "@bzzz/base";

/**
 * A hybrid logical clock stamp (Kulkarni, Demirbas et al., "Logical Physical Clocks", 2014): wall milliseconds and a
 * counter that orders stamps of the same millisecond. Later in causality means later in order, whatever the clocks say.
 */
export interface Hlc {
  /** Milliseconds since the epoch, of the fastest clock heard of. */
  readonly ms: number;
  readonly counter: number;
}

/** A counter never exceeds this; past it the stamp moves on by a millisecond. */
export const MAX_HLC_COUNTER = 0xffff;

/** Negative when `a` is before `b`. */
export function compareHlc(a: Hlc, b: Hlc): number {
  return a.ms - b.ms || a.counter - b.counter;
}

function successor(stamp: Hlc): Hlc {
  return stamp.counter < MAX_HLC_COUNTER
    ? { ms: stamp.ms, counter: stamp.counter + 1 }
    : { ms: stamp.ms + 1, counter: 0 };
}

/** Makes stamps that never repeat and never go back, even when the wall clock does. */
export class HlcClock {
  readonly #clock: Pick<Clock, "nowMs">;
  #last: Hlc;

  /** `last` is the newest stamp known from disk, so that a restart does not go back. */
  constructor(deps: { clock: Pick<Clock, "nowMs"> }, last: Hlc = { ms: 0, counter: 0 }) {
    this.#clock = deps.clock;
    this.#last = last;
  }

  /** The newest stamp made or observed. */
  get last(): Hlc {
    return this.#last;
  }

  /** A stamp later than everything made or observed so far. */
  tick(): Hlc {
    const nowMs = Math.floor(this.#clock.nowMs());
    this.#last = nowMs > this.#last.ms ? { ms: nowMs, counter: 0 } : successor(this.#last);
    return this.#last;
  }

  /** Takes note of a peer's stamp. The caller bounds how far in the future it may be. */
  observe(remote: Hlc): void {
    if (compareHlc(remote, this.#last) > 0) this.#last = remote;
  }
}
