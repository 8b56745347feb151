import { ID_SCHEMAS } from "@bzzz/wire";
import { z } from "zod";
import { MAX_CODE_CHARACTERS, MAX_COMMAND_BYTES, MAX_VALUE_BYTES, MAX_VOTERS } from "./constants.ts";
import { parseRegisterKey, type RegisterKey } from "./keys.ts";

/** Schemas shared by messages, records and certificates, in code's camelCase. */
export const bytes = z.custom<Uint8Array>((it) => it instanceof Uint8Array, "expected bytes");
export const peer = ID_SCHEMAS.peerId;
export const key = z.string().refine((s): s is RegisterKey => parseRegisterKey(s) !== undefined, "expected a key");
export const epoch = z.int().min(1).max(0xffff_ffff);
export const ballot = z.object({ counter: z.int().min(1), proposer: peer });
export const value = bytes.refine((b) => b.byteLength <= MAX_VALUE_BYTES, "too large");
export const signature = bytes.refine((b) => b.byteLength === 64, "expected a signature");
export const code = z.string().regex(/^[a-z][a-z0-9_]*$/).max(MAX_CODE_CHARACTERS);
export const commandBytes = bytes.refine((b) => b.byteLength <= MAX_COMMAND_BYTES, "too large");
export const certificate = z.object({
  key,
  epoch,
  ballot,
  value,
  signatures: z.array(z.object({ voter: peer, signature })).max(2 * MAX_VOTERS).readonly(),
});
