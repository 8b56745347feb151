import { once } from "@bzzz/base";
import { encodeCbor, toCamelCase, toSnakeCase } from "@bzzz/wire";
import { z } from "zod";
import { tryDecodeCbor } from "./codec.ts";
import { REGISTER_VERSION } from "./constants.ts";
import * as schemas from "./schemas.ts";
import type { VoterRecord } from "./voter.ts";

const recordSchema = once(() =>
  z.object({
    v: z.literal(REGISTER_VERSION),
    promised: schemas.ballot(),
    accepted: z.object({ ballot: schemas.ballot(), epoch: schemas.epoch(), value: schemas.value() }).optional(),
  })
);

/** The bytes of a voter's record on its own disk. */
export function encodeRecord(record: VoterRecord): Uint8Array {
  return encodeCbor(toSnakeCase({ v: REGISTER_VERSION, ...record }));
}

/** Undefined unless `bytes` are a record. */
export function decodeRecord(bytes: Uint8Array): VoterRecord | undefined {
  const parsed = recordSchema().safeParse(toCamelCase(tryDecodeCbor(bytes)));
  if (!parsed.success) return undefined;
  const { v: _, ...record } = parsed.data;
  return record;
}
