/**
 * Publish and subscribe over the mesh: fast, bounded, without guarantees (the journal's sync gives those).
 *
 * @module
 */
export { PubSubError, type PubSubErrorCode } from "./errors.ts";
export {
  createPubSub,
  type Gate,
  type GateAnswer,
  type GateVerdict,
  type PubSub,
  type PubSubDeps,
  type PubSubOptions,
  type PubSubStats,
} from "./pubsub.ts";
