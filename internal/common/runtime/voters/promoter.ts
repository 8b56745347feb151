import { type Clock, errorMessage, type PeerId, type Timer } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import type { PresenceRecord } from "@bzzz/presence";
import { type RegisterNode, votersOf } from "@bzzz/register";
import { planVoters } from "./plan.ts";

const LOOK_PERIOD_MS = 5_000;

/** What a promoter stands on. */
export interface VoterPromoterDeps {
  readonly registers: Pick<RegisterNode, "roster" | "hasQuorum" | "addVoter" | "removeVoter">;
  readonly presence: { records(): readonly PresenceRecord[] };
  readonly isConnected: (peer: PeerId) => boolean;
  readonly isMember: (peer: PeerId) => boolean;
  /** Whether this node may change the voters. */
  readonly isMaster: () => boolean;
  readonly clock: Pick<Clock, "monotonicMs" | "setPeriodic">;
  readonly logger: Logger;
}

/** Makes steady agents voters, up to the chosen number, on the node of a master. */
export class VoterPromoter {
  /** How many voters there shall be, and how long an agent must have been here. */
  readonly settings: { readonly chosen: number; readonly steadyMs: number };
  readonly #deps: VoterPromoterDeps;
  /** Since when each agent has been seen without a break. */
  readonly #steadySinceMs = new Map<PeerId, number>();
  #timer: Timer | undefined;
  #isChanging = false;

  constructor(deps: VoterPromoterDeps, options: { readonly chosen: number; readonly steadyMs: number }) {
    this.#deps = deps;
    this.settings = options;
  }

  start(): void {
    this.#timer = this.#deps.clock.setPeriodic(LOOK_PERIOD_MS, () => void this.look(), { unref: true }); // never rejects
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /** One look, and the step that follows from it. Never rejects. */
  async look(): Promise<void> {
    this.#observe();
    const { registers, isMember, isMaster, logger } = this.#deps;
    const roster = registers.roster();
    if (!roster || this.#isChanging || !isMaster() || !registers.hasQuorum()) return;
    const candidates = this.#steady().filter((peer) => isMember(peer) && !votersOf(roster).includes(peer));
    const plan = planVoters({ roster, chosen: this.settings.chosen, candidates, isMember });
    if (!plan) return;
    this.#isChanging = true;
    try {
      const change = await (plan.type === "add" ? registers.addVoter(plan.peer) : registers.removeVoter(plan.peer));
      logger.info("The voters were to change", { ...plan, outcome: change.type });
    } catch (error) {
      logger.debug("The voters could not be changed", { reason: errorMessage(error) });
    } finally {
      this.#isChanging = false;
    }
  }

  #observe(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    const here = new Set<PeerId>();
    for (const { peer, binaryType, liveness, body } of this.#deps.presence.records()) {
      const isHere = liveness === "alive" && body.status !== "draining" && this.#deps.isConnected(peer);
      if (binaryType === "agent" && isHere) here.add(peer);
    }
    for (const peer of this.#steadySinceMs.keys()) if (!here.has(peer)) this.#steadySinceMs.delete(peer);
    for (const peer of here) if (!this.#steadySinceMs.has(peer)) this.#steadySinceMs.set(peer, nowMs);
  }

  #steady(): PeerId[] {
    const untilMs = this.#deps.clock.monotonicMs() - this.settings.steadyMs;
    return [...this.#steadySinceMs].filter(([, sinceMs]) => sinceMs <= untilMs)
      .sort(([a, aMs], [b, bMs]) => aMs - bMs || (a < b ? -1 : 1))
      .map(([peer]) => peer);
  }
}
