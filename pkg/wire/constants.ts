/**
 * Constants of the protocol (design section 5). A change here is a change of the wire format.
 *
 * @module
 */

/** The envelope version this program writes; it reads it and, once there is one, the version before. */
export const PROTOCOL_VERSION = 1;

/** One maximum for the whole mesh, so that no honest peer drops what another accepts (design section 5). */
export const MAX_ENVELOPE_BYTES = 1024 * 1024;

/** A header is small: ids, names, times. What does not fit here belongs into the body. */
export const MAX_HEADER_BYTES = 4096;

/** Envelope frames that travel in one message of gossip, at most. */
export const MAX_BUNDLE_FRAMES = 64;

/** Size of such a message: below the 32 KiB from which gossip announces one before it passes it on (`pkg/pubsub/params.ts`). */
export const MAX_BUNDLE_BYTES = 31 * 1024;

/** Topics of the mesh, by short name (specification section 10.2 uses the short name "coordination"). */
export const TOPICS = {
  coordination: "bzzz/coordination/v1",
  hmmm: "hmmm/meta-discussion/v1",
  agents: "bzzz/agents/v1",
  context: "bzzz/context/v1",
  election: "bzzz/election/v1",
} as const;

/** A topic's full name. */
export type Topic = (typeof TOPICS)[keyof typeof TOPICS];

const TOPIC_LIST: readonly Topic[] = Object.values(TOPICS);

/** The topic of a full or short name ("coordination", "meta-discussion"), or undefined. */
export function resolveTopic(name: string): Topic | undefined {
  const full = TOPIC_LIST.find((topic) => topic === name);
  if (full) return full;
  if (name === "meta-discussion") return TOPICS.hmmm;
  return Object.hasOwn(TOPICS, name) ? TOPICS[name as keyof typeof TOPICS] : undefined; // hasOwn proved the key
}
