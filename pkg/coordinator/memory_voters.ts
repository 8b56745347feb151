import type { Clock, PeerId, TaskId } from "@bzzz/base";
import {
  type Certificate,
  decodeCertificate,
  LEASE_ID_BYTES,
  type RegisterKey,
  type RegisterRules,
} from "@bzzz/register";
import type { TaskFacts } from "./task_facts.ts";
import { createTaskRules, taskKey, type TaskRegister } from "./task_rules.ts";
import { TASK_VALUE_CODEC, type TaskCommand, type TaskValue } from "./task_value.ts";
import type { DecisionReader } from "./types.ts";

/** A caller's way to the voters: `isCut` while they do not hear it, `isDead` when its program has ended. */
export interface MemoryLine {
  readonly peer: PeerId;
  readonly isCut?: () => boolean;
  readonly isDead?: () => boolean;
}

type Outcome = Awaited<ReturnType<TaskRegister["submit"]>>;

/**
 * A quorum in one object, for tests: the real rules over the facts of a journal, one decision after the other, with a
 * latency. Certificates carry no signatures; `readMemoryDecision` reads them.
 */
export class MemoryTaskVoters {
  /** Commands that were decided, in order. */
  readonly decided: { readonly taskId: TaskId; readonly by: PeerId; readonly value: TaskValue }[] = [];
  /** No majority answers anybody. */
  isDown = false;
  /** Replies that get lost from now on; what they tell of is decided. */
  lostReplies = 0;
  readonly #clock: Clock;
  readonly #rules: RegisterRules<TaskValue, TaskCommand>;
  readonly #latencyMs: number;
  #submitted = 0;
  readonly #values = new Map<RegisterKey, TaskValue>();
  readonly #leases = new Map<RegisterKey, { readonly id: string | undefined; readonly sinceMs: number }>();

  constructor(deps: { readonly clock: Clock; readonly facts: TaskFacts }, options: { readonly latencyMs: number }) {
    this.#clock = deps.clock;
    this.#rules = createTaskRules(deps.facts);
    this.#latencyMs = options.latencyMs;
  }

  value(taskId: TaskId): TaskValue | undefined {
    return this.#values.get(taskKey(taskId));
  }

  /** The register as one member uses it. */
  register(line: MemoryLine): TaskRegister {
    return {
      submit: async (key, command, options = {}) => {
        await this.#wait(this.#latencyMs);
        if (line.isDead?.()) return await new Promise<never>(() => {});
        const isHeard = !line.isCut?.() && !this.isDown;
        const outcome = isHeard ? this.#submit(key, command, line.peer) : undefined;
        const isLost = outcome !== undefined && this.lostReplies > 0 && this.lostReplies-- > 0;
        await this.#wait(isHeard && !isLost ? this.#latencyMs : options.timeoutMs ?? 5_000, {
          ...(options.signal ? { signal: options.signal } : {}),
        });
        if (line.isDead?.()) return await new Promise<never>(() => {});
        if (outcome && !isLost) return outcome;
        return { type: "undecided", reason: isHeard ? "timeout" : "no_quorum" };
      },
      read: async (key, options = {}) => {
        await this.#wait(2 * this.#latencyMs, options.signal ? { signal: options.signal } : {});
        if (line.isDead?.()) return await new Promise<never>(() => {});
        if (line.isCut?.() || this.isDown) return { type: "undecided", reason: "no_quorum" };
        const value = this.#values.get(key);
        return { type: "value", value, ...(value ? { certificate: this.#certify(key, value, line.peer) } : {}) };
      },
      probe: () => Promise.resolve({ type: "undecided", reason: "no_voter" }),
    };
  }

  /** Without a latency nothing waits for the clock of a test. */
  async #wait(delayMs: number, options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    if (delayMs > 0) await this.#clock.sleep(delayMs, options);
  }

  #submit(key: RegisterKey, command: TaskCommand, actor: PeerId): Outcome {
    const previous = this.#values.get(key);
    const known = previous ? { value: previous } : {};
    const decision = this.#rules.decide(key, previous, command, actor, this.#nextLeaseId());
    if ("refuse" in decision) return { type: "refused", code: decision.refuse, ...known };
    if ("same" in decision) {
      if (!previous) throw new TypeError("An absent value is the same as nothing");
      return {
        type: "decided",
        ...known,
        value: previous,
        certificate: this.#certify(key, previous, actor),
        isNew: false,
      };
    }
    const verdict = this.#rules.check(key, previous, command, actor, { leaseAgeMs: this.#leaseAgeMs(key) });
    if ("refuse" in verdict) return { type: "refused", code: verdict.refuse, ...known };
    if ("retry" in verdict) {
      const { retry: code, afterMs } = verdict;
      return { type: "refused", code, ...known, ...(afterMs === undefined ? {} : { retryAfterMs: afterMs }) };
    }
    const value = decision.next;
    this.#values.set(key, value);
    const id = this.#rules.leaseId(value);
    if (id !== this.#leases.get(key)?.id) this.#leases.set(key, { id, sinceMs: this.#clock.monotonicMs() });
    this.decided.push({ taskId: key.slice(key.indexOf("/") + 1) as TaskId, by: actor, value });
    return { type: "decided", value, certificate: this.#certify(key, value, actor), isNew: true };
  }

  #nextLeaseId(): string {
    return (++this.#submitted).toString(16).padStart(2 * LEASE_ID_BYTES, "0");
  }

  #leaseAgeMs(key: RegisterKey): number | undefined {
    const lease = this.#leases.get(key);
    return lease?.id === undefined ? undefined : this.#clock.monotonicMs() - lease.sinceMs;
  }

  #certify(key: RegisterKey, value: TaskValue, proposer: PeerId): Certificate {
    return {
      key,
      epoch: 1,
      ballot: { counter: value.version, proposer },
      value: TASK_VALUE_CODEC.encode(value),
      signatures: [{ voter: proposer, signature: new Uint8Array(64) }],
    };
  }
}

/** Believes every certificate: fake voters do not sign. */
export function readMemoryDecision({ certificate }: Parameters<DecisionReader>[0]): TaskValue | undefined {
  const decoded = decodeCertificate(certificate);
  return decoded && TASK_VALUE_CODEC.decode(decoded.value);
}
