import { hexDecode, hexEncode, once } from "@bzzz/base";
import { decodeCbor, encodeCbor, toCamelCase, toSnakeCase } from "@bzzz/wire";
import { MAX_SEALED_BYTES } from "@bzzz/crypto";
import { z } from "zod";
import { MAX_ASKED_HASHES } from "./constants.ts";
import type { ContentHash } from "./content_hash.ts";

const hash = once(() =>
  z.instanceof(Uint8Array).refine((bytes) => bytes.byteLength === 32, "expected 32 bytes")
    .transform((bytes) => hexEncode(bytes) as ContentHash) // 64 hexadecimal digits
);
const size = once(() => z.int().min(1).max(MAX_SEALED_BYTES));

const requestSchema = once(() =>
  z.discriminatedUnion("t", [
    /** Send it, from that byte on. */
    z.object({ t: z.literal("want"), hash: hash(), offset: z.int().min(0).max(MAX_SEALED_BYTES) }),
    /** Which of these have you? */
    z.object({ t: z.literal("which"), hashes: z.array(hash()).min(1).max(MAX_ASKED_HASHES) }),
    /** Keep this, please. */
    z.object({ t: z.literal("offer"), hash: hash(), size: size() }),
  ])
);

const answerSchema = once(() =>
  z.discriminatedUnion("t", [
    /** It comes, in pieces, of that many bytes in all. */
    z.object({ t: z.literal("have"), size: size() }),
    z.object({ t: z.literal("none") }),
    /** One byte for each hash asked: 1 = here. */
    z.object({ t: z.literal("these"), has: z.instanceof(Uint8Array) }),
    /** Send it, from that byte on. */
    z.object({ t: z.literal("send"), offset: z.int().min(0).max(MAX_SEALED_BYTES) }),
    /** It is on the disk here. */
    z.object({ t: z.literal("kept") }),
    z.object({ t: z.literal("refused") }),
  ])
);

/** What a node asks of another. */
export type ContentRequest = z.output<ReturnType<typeof requestSchema>>;
/** What it is answered. */
export type ContentAnswer = z.output<ReturnType<typeof answerSchema>>;

/** Undefined when the frame is no request of this version. */
export function decodeRequest(frame: Uint8Array): ContentRequest | undefined {
  return decode(requestSchema(), frame);
}

/** Undefined when the frame is no answer of this version. */
export function decodeAnswer(frame: Uint8Array): ContentAnswer | undefined {
  return decode(answerSchema(), frame);
}

export function encodeRequest(request: ContentRequest): Uint8Array {
  if (request.t === "which") return encodeCbor({ t: request.t, hashes: request.hashes.map((name) => hexDecode(name)) });
  return encodeCbor({ ...request, hash: hexDecode(request.hash) });
}

export function encodeAnswer(answer: ContentAnswer): Uint8Array {
  return encodeCbor(toSnakeCase(answer));
}

function decode<S extends z.ZodType>(schema: S, frame: Uint8Array): z.output<S> | undefined {
  try {
    const parsed = schema.safeParse(toCamelCase(decodeCbor(frame)));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined; // junk from outside is an expected outcome; the caller counts it
  }
}
