import type { RegisterKey } from "./keys.ts";

/** Leases that are watched; beyond, the age of all others begins anew, which can only delay a takeover. */
const MAX_WATCHED = 16_384;

/** A lease as a voter meets it. `isOnDisk`: the voter's own record had it before. */
export interface SeenLease {
  readonly id: string;
  readonly isOnDisk: boolean;
}

/**
 * How long one voter has seen the present lease of each key, on its own monotonic clock. In memory alone: a voter that starts
 * has seen nothing, so every lease begins anew there.
 */
export class LeaseClock {
  readonly #nowMs: () => number;
  readonly #seen = new Map<RegisterKey, { readonly leaseId: string; readonly sinceMs: number }>();
  /** What is not watched was seen at this moment at the latest. */
  #floorMs: number;

  constructor(monotonicMs: () => number) {
    this.#nowMs = monotonicMs;
    this.#floorMs = monotonicMs();
  }

  /** 0 for a lease that was not seen before. `isOnDisk`: the voter's own record has it, so it was there when it started. */
  ageMs(key: RegisterKey, leaseId: string, isOnDisk: boolean): number {
    const seen = this.#seen.get(key);
    if (seen?.leaseId === leaseId) return this.#nowMs() - seen.sinceMs;
    return isOnDisk && !seen ? this.#nowMs() - this.#floorMs : 0;
  }

  /**
   * The key has this lease now, or none. The same one again changes nothing, and one that was on the disk when the voter
   * started is as old as that: who writes a value once more, as a read may, prolongs nobody's lease.
   */
  saw(key: RegisterKey, lease: SeenLease | null): void {
    const seen = this.#seen.get(key);
    if (lease === null) {
      this.#seen.delete(key);
      return;
    }
    const { id: leaseId, isOnDisk } = lease;
    if (seen?.leaseId === leaseId) return;
    this.#seen.delete(key);
    this.#seen.set(key, { leaseId, sinceMs: isOnDisk && !seen ? this.#floorMs : this.#nowMs() });
    if (this.#seen.size <= MAX_WATCHED) return;
    const oldest = this.#seen.keys().next();
    if (!oldest.done) this.#seen.delete(oldest.value);
    this.#floorMs = this.#nowMs();
  }

  /** Forgets all: the voter has taken a new seat. */
  reset(): void {
    this.#seen.clear();
    this.#floorMs = this.#nowMs();
  }
}

/** What one group of requests brings to a lease clock, which hears of it once the group is written. */
export class LeaseNotes {
  readonly #clock: LeaseClock;
  readonly #notes = new Map<RegisterKey, (SeenLease | null)[]>();

  constructor(clock: LeaseClock) {
    this.#clock = clock;
  }

  note(key: RegisterKey, lease: SeenLease | null): void {
    const notes = this.#notes.get(key) ?? [];
    this.#notes.set(key, notes);
    notes.push(lease);
  }

  /** The clock's `ageMs`; what this very group has brought was not on the disk, though the group's records have it. */
  ageMs(key: RegisterKey, leaseId: string, isOnDisk: boolean): number {
    const isBrought = this.#notes.get(key)?.some((lease) => lease?.id === leaseId && !lease.isOnDisk) ?? false;
    return this.#clock.ageMs(key, leaseId, isOnDisk && !isBrought);
  }

  /** Tells the clock, in order. */
  pass(): void {
    for (const [key, notes] of this.#notes) for (const lease of notes) this.#clock.saw(key, lease);
  }
}
