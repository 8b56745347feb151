import { type Clock, type PeerId, type Timer, TypedEventTarget } from "@bzzz/base";
import type { BodyOf } from "@bzzz/wire";
import {
  foldPresence,
  type LivenessChange,
  type PresenceEvent,
  type PresenceIdentity,
  type PresenceRecord,
  type PresenceState,
} from "./presence.ts";
import { Introductions } from "./introductions.ts";

/** What the service consumes. */
export interface PresenceDeps {
  readonly clock: Clock;
  /** Signs and sends a signal; it may be lost. Failures are the sender's to log. */
  readonly send: (body: BodyOf<"presence">) => void;
  /** What this node says about itself now. */
  readonly describe: () => BodyOf<"presence">;
}

/** Plain settings of the service. */
export interface PresenceOptions {
  /** Milliseconds between two announcements; default of the configuration is 5 s. */
  readonly intervalMs: number;
  /** Silence after which a node counts as failed; default 15 s, three missed announcements. */
  readonly timeoutMs: number;
}

/** Announces this node, and keeps what the others announce. Close it with `stop`. */
export class PresenceService {
  readonly events: TypedEventTarget<{ "liveness:changed": LivenessChange; "presence:heard": PresenceRecord }> =
    new TypedEventTarget();
  readonly #deps: PresenceDeps;
  readonly #options: PresenceOptions;
  #state: PresenceState = new Map();
  readonly #introductions: Introductions;
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(deps: PresenceDeps, options: PresenceOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#introductions = new Introductions({ clock: deps.clock, announce: () => this.announce() });
  }

  /** Announces at once and then every interval. */
  start(): void {
    if (this.#timer) return;
    this.announce();
    this.#timer = this.#deps.clock.setPeriodic(this.#options.intervalMs, () => {
      this.#apply({ type: "swept", timeoutMs: this.#options.timeoutMs, nowMs: this.#deps.clock.monotonicMs() });
      this.announce();
    });
  }

  /** Says nothing any more: an announcement after the good-bye would bring this node back to life for the others. */
  stop(): void {
    this.#isStopped = true;
    this.#introductions.stop();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** `peer` was let in: it hears of this node at once, not at the next interval. */
  greet(peer: PeerId): void {
    this.#introductions.greet(peer);
  }

  /** Says now what this node is; called on every change of status, so that nobody waits for the interval. */
  announce(): void {
    if (this.#isStopped) return;
    this.#deps.send(this.#deps.describe());
  }

  /** A verified presence signal of a member. */
  heard(identity: PresenceIdentity, body: BodyOf<"presence">): void {
    this.#apply({ type: "heard", identity, body, nowMs: this.#deps.clock.monotonicMs() });
    const record = this.#state.get(identity.peer);
    if (record) this.events.emit("presence:heard", record);
  }

  /** A verified good-bye of a member. */
  left(peer: PeerId, reason: string): void {
    this.#apply({ type: "leaving", peer, reason, nowMs: this.#deps.clock.monotonicMs() });
  }

  /** A member whose grant was revoked is gone at once. */
  revoked(peer: PeerId): void {
    this.#apply({ type: "revoked", peer });
  }

  get(peer: PeerId): PresenceRecord | undefined {
    return this.#state.get(peer);
  }

  /** Everybody ever heard of since the start, this node not included. */
  records(): PresenceRecord[] {
    return [...this.#state.values()];
  }

  #apply(event: PresenceEvent): void {
    const { state, changes } = foldPresence(this.#state, event);
    this.#state = state;
    for (const change of changes) this.events.emit("liveness:changed", change);
  }
}
