import type { Clock } from "./clock.ts";

/** Wall time that runs ahead by more than this between two readings was a sleep of the machine, or a set clock. */
const SLEEP_MS = 250;

/**
 * Monotonic milliseconds that go on while the machine sleeps. The monotonic clock of Linux stands still then, so that a
 * laptop would wake as the holder of a lease that the others have long given away. A wall clock that is set forward looks the
 * same and only ends a lease early; one that is set back changes nothing.
 */
export function createAwakeClock(clock: Pick<Clock, "nowMs" | "monotonicMs">): () => number {
  let sleptMs = 0;
  let monotonicMs = clock.monotonicMs();
  let wallMs = clock.nowMs();
  return () => {
    const nextMonotonicMs = clock.monotonicMs();
    const nextWallMs = clock.nowMs();
    const aheadMs = (nextWallMs - wallMs) - (nextMonotonicMs - monotonicMs);
    if (aheadMs > SLEEP_MS) sleptMs += aheadMs;
    monotonicMs = nextMonotonicMs;
    wallMs = nextWallMs;
    return monotonicMs + sleptMs;
  };
}
