/**
 * What goes over the wire and into the journal: deterministic CBOR, the signed envelope, bundles of envelopes, the bodies of
 * every kind, hybrid logical clocks. Bytes become values here, once.
 *
 * @module
 */
export {
  type AnyBody,
  type BodyOf,
  bodySchema,
  ENTRY_BODIES,
  type EntryKind,
  ID_SCHEMAS,
  isEntryKind,
  isSignalKind,
  type Kind,
  MAX_AUDIENCE_ROLES,
  MAX_KEY_COPIES,
  MAX_MEDIA_TYPE_CHARACTERS,
  MESSAGE_TYPES,
  SIGNAL_BODIES,
  type SignalKind,
  VOTES,
} from "./bodies.ts";
export {
  MAX_LIST_ITEMS,
  MAX_MODEL_CHARACTERS,
  MAX_NAME_CHARACTERS,
  MAX_TEXT_CHARACTERS,
  MAX_TITLE_CHARACTERS,
} from "./fields.ts";
export {
  ANSWER_SCOPES,
  MAX_ACTION_ARGUMENTS,
  MAX_DELEGATION_CHAIN,
  MAX_FORM_SCHEMA_CHARACTERS,
  REQUEST_ACTS,
  REQUEST_DECISIONS,
  REQUEST_KINDS,
  REQUEST_OFFERS,
  REQUEST_STAKES,
  type RequestAction,
} from "./request_bodies.ts";
export {
  type BundleFault,
  countFrames,
  framesThatFit,
  isBundle,
  packFrames,
  type UnpackedBundle,
  unpackFrames,
} from "./bundle.ts";
export { toCamelCase, toSnakeCase } from "./case.ts";
export { CborError, decodeCbor, encodeCbor } from "./cbor.ts";
export * from "./constants.ts";
export {
  type BodyFault,
  decodeBody,
  type DecodedBody,
  type DecodedFrame,
  decodeFrame,
  type Envelope,
  type EnvelopeDraft,
  type FrameFault,
  pruneFrame,
  sealBodyBytes,
  sealEnvelope,
  verifyEnvelope,
} from "./envelope.ts";
export { type EnvelopeHeader, MAX_TO_ROLES } from "./header.ts";
export { compareHlc, type Hlc, HlcClock, MAX_HLC_COUNTER } from "./hlc.ts";
