import type { Clock, PeerId, Timer } from "@bzzz/base";

/** When a node introduces itself to a newcomer, after the hello. */
const ANNOUNCE_AFTER_MS = [50, 400, 1_500] as const;

/**
 * Introduces this node to who comes: a newcomer must not wait for the interval to learn who is here. Gossip's subscriptions
 * are exchanged after the hello, so the first announcement may reach nobody new. At most three timers per peer.
 */
export class Introductions {
  readonly #clock: Pick<Clock, "setTimer">;
  readonly #announce: () => void;
  readonly #timers = new Map<PeerId, Timer[]>();
  #isStopped = false;

  constructor(deps: { readonly clock: Pick<Clock, "setTimer">; readonly announce: () => void }) {
    this.#clock = deps.clock;
    this.#announce = deps.announce;
  }

  /** `peer` is here; a peer that came a moment ago starts anew. */
  greet(peer: PeerId): void {
    this.#cancel(peer);
    if (this.#isStopped) return;
    const last = ANNOUNCE_AFTER_MS.length - 1;
    const timers = ANNOUNCE_AFTER_MS.map((delayMs, index) =>
      this.#clock.setTimer(delayMs, () => {
        if (index === last) this.#timers.delete(peer);
        this.#announce();
      }, { unref: true })
    );
    this.#timers.set(peer, timers);
  }

  /** Says nothing any more. */
  stop(): void {
    this.#isStopped = true;
    for (const peer of [...this.#timers.keys()]) this.#cancel(peer);
  }

  #cancel(peer: PeerId): void {
    for (const timer of this.#timers.get(peer) ?? []) timer.cancel();
    this.#timers.delete(peer);
  }
}
