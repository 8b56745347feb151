import type { Random } from "./random.ts";

declare const brand: unique symbol;

/** A string of a kind of its own, made only by that kind's parser. */
export type Branded<Name extends string> = string & { readonly [brand]: Name };

/** The libp2p identity of a node: base58 text of an Ed25519 public key ("12D3Koo…"). */
export type PeerId = Branded<"PeerId">;
/** The name of an agent or person in the mesh: `[a-z0-9][a-z0-9-]{1,62}`. */
export type AgentId = Branded<"AgentId">;
/** A mesh: 32 lower-case hexadecimal digits of SHA-256 over its root public key. */
export type MeshId = Branded<"MeshId">;
/** A task: a ULID. */
export type TaskId = Branded<"TaskId">;
/** A request to a person: a ULID. */
export type RequestId = Branded<"RequestId">;
/** An entry or signal: 64 lower-case hexadecimal digits of SHA-256 over its signed bytes. */
export type EntryId = Branded<"EntryId">;

const PEER_ID = /^12D3Koo[1-9A-HJ-NP-Za-km-z]{45}$/;
const AGENT_ID = /^[a-z0-9][a-z0-9-]{1,62}$/;
const MESH_ID = /^[0-9a-f]{32}$/;
const ENTRY_ID = /^[0-9a-f]{64}$/;
const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/** Undefined when `text` is not a PeerId of an Ed25519 key. */
export function parsePeerId(text: string): PeerId | undefined {
  return PEER_ID.test(text) ? text as PeerId : undefined;
}

/** Undefined when `text` is not an agent id. */
export function parseAgentId(text: string): AgentId | undefined {
  return AGENT_ID.test(text) ? text as AgentId : undefined;
}

/** Undefined when `text` is not a mesh id. */
export function parseMeshId(text: string): MeshId | undefined {
  return MESH_ID.test(text) ? text as MeshId : undefined;
}

/** Undefined when `text` is not an entry id. */
export function parseEntryId(text: string): EntryId | undefined {
  return ENTRY_ID.test(text) ? text as EntryId : undefined;
}

/** Undefined when `text` is not a ULID; lower case is accepted and raised. */
export function parseTaskId(text: string): TaskId | undefined {
  const upper = text.toUpperCase();
  return ULID.test(upper) ? upper as TaskId : undefined;
}

/** Undefined when `text` is not a ULID; lower case is accepted and raised. */
export function parseRequestId(text: string): RequestId | undefined {
  const upper = text.toUpperCase();
  return ULID.test(upper) ? upper as RequestId : undefined;
}

const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** A new ULID (github.com/ulid/spec): 48 bits of time, 80 random bits; sorts by time. */
export function createUlid(nowMs: number, random: Random): string {
  let time = Math.max(0, Math.floor(nowMs));
  let head = "";
  for (let i = 0; i < 10; i++) {
    head = CROCKFORD[time % 32] + head;
    time = Math.floor(time / 32);
  }
  let tail = "";
  for (const byte of random.bytes(16)) tail += CROCKFORD[byte & 31];
  return head + tail;
}
