import { type Branded, hexEncode, type MeshId, once, parseMeshId, type PeerId } from "@bzzz/base";
import { isAgeRecipient } from "@bzzz/crypto";
import { ID_SCHEMAS } from "@bzzz/wire";
import { z } from "zod";
import { AUTHORITY_LEVELS, BINARY_TYPES, parseRole } from "./roles.ts";
import { MAX_KEPT } from "./constants.ts";
import type { Issuer } from "./signed_record.ts";

/** Schemas shared by grants, revocations, tokens, invitations and the mesh file. */
export const agentId = ID_SCHEMAS.agentId;
export const peerId = ID_SCHEMAS.peerId;
export const meshId = once(() => z.string().refine((s): s is MeshId => parseMeshId(s) === s, "expected a mesh id"));
export const role = once(() => z.string().refine((s) => parseRole(s) === s, "expected a role name"));
export const level = once(() => z.enum(AUTHORITY_LEVELS));
export const binaryType = once(() => z.enum(BINARY_TYPES));
export const issuer = once(() =>
  z.string().refine(
    (s): s is Issuer => s === "root" || peerId().safeParse(s).success,
    'expected "root" or a peer id',
  )
);
export const ageRecipient = once(() => z.string().refine(isAgeRecipient, "expected an age recipient"));
export const atMs = once(() => z.int().min(0));
export const bytes32 = once(() => z.instanceof(Uint8Array).refine((b) => b.byteLength === 32, "expected 32 bytes"));
/** 32 bytes on the wire, 64 hexadecimal digits in code. */
export const hash = once(() => bytes32().transform((b) => hexEncode(b)));
export const reason = once(() => z.string().max(256));
export const kept = once(() => z.array(hash()).max(MAX_KEPT));

/** A person: their root public key, as 64 lower-case hexadecimal digits. */
export type PersonId = Branded<"PersonId">;
const HEX_KEY = /^[0-9a-f]{64}$/;
/** A public key as text. */
export const publicKey = once(() => z.string().regex(HEX_KEY, "expected a public key in hexadecimal"));
export const personId = once(() =>
  z.string().refine((s): s is PersonId => HEX_KEY.test(s), "expected a person's root key")
);
/** The person in a text from outside. */
export function parsePersonId(text: string): PersonId | undefined {
  return HEX_KEY.test(text) ? text as PersonId : undefined; // just tested
}
export const seq = once(() => z.int().min(0));

/** Proof for the compiler that an issuer which is not the root is a peer. */
export function isPeerIssuer(value: Issuer): value is PeerId {
  return value !== "root";
}
