import type { Clock, Timer } from "@bzzz/base";
import type { SigningKey } from "@bzzz/crypto";

/** How long a key stays open. */
export interface OpenKeyLimits {
  /** After its passphrase was given, ms. */
  readonly forMs: number;
  /** Without being used, ms. */
  readonly idleMs: number;
}

/** How often it is looked whether the machine has slept. */
export const SUSPEND_LOOK_MS = 5_000;
/**
 * The wall clock running this far ahead of the monotonic one, or behind it, means that the machine slept, or that somebody
 * set its clock: the monotonic clock stands still meanwhile. More than the steps of NTP.
 */
export const SUSPEND_TOLERANCE_MS = 30_000;

/** Why a key was closed. */
export type CloseReason = "told" | "hang_up" | "time_over" | "idle" | "suspended";

interface Held {
  readonly key: SigningKey;
  readonly limits: OpenKeyLimits;
  /** Monotonic. */
  readonly openedAtMs: number;
  /** Wall clock minus monotonic one when it was opened. */
  readonly offsetMs: number;
  usedAtMs: number;
  timer: Timer;
  readonly watch: Timer;
}

/**
 * A person's key while it is open: closed when its time is over, when nobody used it for a while, and when the machine has
 * slept. A closed key is wiped. `close` it with the node.
 */
export class OpenKey {
  readonly #clock: Pick<Clock, "nowMs" | "monotonicMs" | "setTimer" | "setPeriodic">;
  readonly #closed: (reason: CloseReason) => void;
  #held: Held | undefined;

  /** `closed` is told of each key that was closed, after it was wiped. */
  constructor(
    clock: Pick<Clock, "nowMs" | "monotonicMs" | "setTimer" | "setPeriodic">,
    closed: (reason: CloseReason) => void,
  ) {
    this.#clock = clock;
    this.#closed = closed;
  }

  /** Holds `key` in place of what it held. */
  hold(key: SigningKey, limits: OpenKeyLimits): void {
    this.close("told");
    const clock = this.#clock;
    const atMs = clock.monotonicMs();
    this.#held = {
      key,
      limits,
      openedAtMs: atMs,
      offsetMs: clock.nowMs() - atMs,
      usedAtMs: atMs,
      timer: this.#timer(Math.min(limits.forMs, limits.idleMs)),
      watch: clock.setPeriodic(SUSPEND_LOOK_MS, () => this.#look(), { unref: true }),
    };
  }

  /** Wall time at which it closes when nobody uses it; undefined: it is closed. */
  untilMs(): number | undefined {
    this.#look();
    return this.#held && this.#clock.nowMs() + Math.max(0, endOf(this.#held) - this.#clock.monotonicMs());
  }

  /** The key, which counts as a use; undefined: it is closed. Not to be kept. */
  use(): SigningKey | undefined {
    this.#look();
    const held = this.#held;
    if (!held) return undefined;
    held.usedAtMs = this.#clock.monotonicMs();
    held.timer.cancel();
    held.timer = this.#timer(endOf(held) - held.usedAtMs);
    return held.key;
  }

  /** Wipes it. Idempotent. */
  close(reason: CloseReason): void {
    const held = this.#held;
    if (!held) return;
    this.#held = undefined;
    held.timer.cancel();
    held.watch.cancel();
    held.key.wipe();
    this.#closed(reason);
  }

  #timer(afterMs: number): Timer {
    return this.#clock.setTimer(afterMs, () => this.#look());
  }

  #look(): void {
    const held = this.#held;
    if (!held) return;
    const nowMs = this.#clock.monotonicMs();
    const driftMs = Math.abs(this.#clock.nowMs() - nowMs - held.offsetMs);
    if (driftMs > SUSPEND_TOLERANCE_MS) this.close("suspended");
    else if (nowMs - held.openedAtMs >= held.limits.forMs) this.close("time_over");
    else if (nowMs - held.usedAtMs >= held.limits.idleMs) this.close("idle");
  }
}

/** Monotonic time at which it closes when nobody uses it. */
function endOf({ openedAtMs, usedAtMs, limits }: Held): number {
  return Math.min(openedAtMs + limits.forMs, usedAtMs + limits.idleMs);
}
