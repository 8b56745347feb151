import { once } from "@bzzz/base";
import { ID_SCHEMAS } from "@bzzz/wire";
import { z } from "zod";
import { MAX_CODE_CHARACTERS, MAX_COMMAND_BYTES, MAX_VALUE_BYTES, MAX_VOTERS } from "./constants.ts";
import { parseRegisterKey, type RegisterKey } from "./keys.ts";

/** Schemas shared by messages, records and certificates, in code's camelCase. */
export const bytes = once(() => z.custom<Uint8Array>((it) => it instanceof Uint8Array, "expected bytes"));
export const peer = ID_SCHEMAS.peerId;
export const key = once(() =>
  z.string().refine((s): s is RegisterKey => parseRegisterKey(s) !== undefined, "expected a key")
);
export const epoch = once(() => z.int().min(1).max(0xffff_ffff));
export const ballot = once(() => z.object({ counter: z.int().min(1), proposer: peer() }));
export const value = once(() => bytes().refine((b) => b.byteLength <= MAX_VALUE_BYTES, "too large"));
export const signature = once(() => bytes().refine((b) => b.byteLength === 64, "expected a signature"));
export const code = once(() => z.string().regex(/^[a-z][a-z0-9_]*$/).max(MAX_CODE_CHARACTERS));
export const commandBytes = once(() => bytes().refine((b) => b.byteLength <= MAX_COMMAND_BYTES, "too large"));
export const certificate = once(() =>
  z.object({
    key: key(),
    epoch: epoch(),
    ballot: ballot(),
    value: value(),
    signatures: z.array(z.object({ voter: peer(), signature: signature() })).max(2 * MAX_VOTERS).readonly(),
  })
);
