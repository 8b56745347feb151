import type { Chance } from "./chance.ts";
import type { EventLoop } from "./event_loop.ts";
import type { NodeHost } from "./node_host.ts";

/** What the network does to packets when nothing is cut. */
export interface LinkQuality {
  /** Milliseconds one way: at least, and the mean of what comes on top (exponential, so packets overtake each other). */
  readonly minDelayMs: number;
  readonly meanExtraMs: number;
  /** Probabilities per packet. */
  readonly loss: number;
  readonly duplication: number;
}

/** Mean of what comes on top of the least delay when nothing is wrong. */
const HEALTHY_EXTRA_MS = 5;

/** Packets between hosts: delayed, lost, doubled, reordered, and not delivered at all where a direction is cut. */
export class SimNetwork {
  readonly #loop: EventLoop;
  readonly #chance: Chance;
  #quality: LinkQuality;
  /** How many faults cut a direction "from>to" now. */
  readonly #cuts = new Map<string, number>();
  #sent = 0;
  #lost = 0;

  constructor(deps: { readonly loop: EventLoop; readonly chance: Chance }, quality: LinkQuality) {
    this.#loop = deps.loop;
    this.#chance = deps.chance;
    this.#quality = quality;
  }

  get stats(): { readonly sent: number; readonly lost: number } {
    return { sent: this.#sent, lost: this.#lost };
  }

  /** From now on packets arrive once, as on a healthy network. */
  heal(): void {
    const meanExtraMs = Math.min(this.#quality.meanExtraMs, HEALTHY_EXTRA_MS);
    this.#quality = { ...this.#quality, meanExtraMs, loss: 0, duplication: 0 };
  }

  /** Cuts one direction; the caller undoes it once. */
  cut(from: string, to: string): () => void {
    const key = `${from}>${to}`;
    this.#cuts.set(key, (this.#cuts.get(key) ?? 0) + 1);
    return () => {
      const left = (this.#cuts.get(key) ?? 1) - 1;
      if (left > 0) this.#cuts.set(key, left);
      else this.#cuts.delete(key);
    };
  }

  isOpen(from: string, to: string): boolean {
    return this.#cuts.size === 0 || !this.#cuts.has(`${from}>${to}`);
  }

  /** One packet: `deliver` runs in `to`'s process, 0, 1 or 2 times. */
  send(from: NodeHost, to: NodeHost, deliver: () => void): void {
    this.#sent++;
    const { loss, duplication } = this.#quality;
    // Drawn in any case, so that a cut changes nothing of what other packets meet.
    const isLost = this.#chance.happens(loss);
    const copies = this.#chance.happens(duplication) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      this.#carry(from, to, this.delayMs(), isLost ? undefined : deliver);
    }
  }

  /** One delay, as the quality says. */
  delayMs(): number {
    return this.#quality.minDelayMs + this.#chance.exponential(this.#quality.meanExtraMs);
  }

  #carry(from: NodeHost, to: NodeHost, delayMs: number, deliver: (() => void) | undefined): void {
    if (!deliver || !this.isOpen(from.name, to.name)) {
      this.#lost++;
      return;
    }
    this.#loop.later(delayMs, () => {
      // What was under way when a direction was cut, or its receiver went down or asleep, is lost.
      if (!this.isOpen(from.name, to.name) || to.state === "down" || to.state === "asleep") this.#lost++;
      else to.later(0, deliver);
    });
  }
}
