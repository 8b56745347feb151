/**
 * Who is here: periodic signed signals, folded into alive, left and failed.
 *
 * @module
 */
export { foldPresence, MAX_PRESENCE_RECORDS } from "./presence.ts";
export type {
  Liveness,
  LivenessChange,
  PresenceEvent,
  PresenceIdentity,
  PresenceRecord,
  PresenceState,
} from "./presence.ts";
export { PresenceService } from "./presence_service.ts";
export type { PresenceDeps, PresenceOptions } from "./presence_service.ts";
