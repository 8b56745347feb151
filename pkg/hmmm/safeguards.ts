import type { PeerId } from "@bzzz/base";
import type { BodyOf } from "@bzzz/wire";
import { DEFAULT_TTL_MS, MAX_HOPS, MAX_THREAD_AGENTS, MAX_THREAD_MESSAGES } from "./constants.ts";

/** Why a message is not to be sent, or not to be acted on. */
export type MessageRefusal = "hop_limit" | "expired" | "too_many_agents" | "escalation_required";

/** What the safeguards look at; the same for a message that came and one that is about to go. */
export interface GuardedMessage {
  readonly author: PeerId;
  /** The author is a person: exempt from the limits of a thread. */
  readonly isPerson: boolean;
  readonly type: BodyOf<"message_posted">["type"];
  /** How often it was passed on. */
  readonly hop?: number | undefined;
  readonly ttlMs?: number | undefined;
  /** The stamp's wall milliseconds. */
  readonly sentAtMs: number;
}

/** What a thread has used of its limits. */
export interface ThreadUse {
  readonly agents: readonly PeerId[];
  /** Messages of agents since a person last spoke. */
  readonly agentMessages: number;
  /** An agent has summed up since; one summary is let in past the limit. */
  readonly hasSummary: boolean;
}

/** A thread nobody has spoken in. */
export const EMPTY_THREAD: ThreadUse = { agents: [], agentMessages: 0, hasSummary: false };

/**
 * Checks a message against its thread, before sending and on receipt. Leave `nowMs` out for history: a stored message is
 * never too old to be read, only too old to be acted on.
 */
export function checkMessage(
  thread: ThreadUse,
  message: GuardedMessage,
  nowMs?: number,
): MessageRefusal | undefined {
  if ((message.hop ?? 0) > MAX_HOPS) return "hop_limit";
  if (nowMs !== undefined && nowMs > message.sentAtMs + (message.ttlMs ?? DEFAULT_TTL_MS)) return "expired";
  if (message.isPerson) return undefined;
  if (!thread.agents.includes(message.author) && thread.agents.length >= MAX_THREAD_AGENTS) return "too_many_agents";
  if (thread.agentMessages < MAX_THREAD_MESSAGES) return undefined;
  return message.type === "summary" && !thread.hasSummary ? undefined : "escalation_required";
}

/** The agents' messages are used up: only a summary or a person can go on. */
export function needsEscalation(thread: ThreadUse): boolean {
  return thread.agentMessages >= MAX_THREAD_MESSAGES;
}

/** The thread after a message that was let in. */
export function useThread(thread: ThreadUse, message: GuardedMessage): ThreadUse {
  if (message.isPerson) return { ...thread, agentMessages: 0, hasSummary: false };
  return {
    agents: thread.agents.includes(message.author) ? thread.agents : [...thread.agents, message.author],
    agentMessages: thread.agentMessages + 1,
    hasSummary: thread.hasSummary || message.type === "summary",
  };
}
