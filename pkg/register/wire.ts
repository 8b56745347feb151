import { encodeCbor, toCamelCase, toSnakeCase } from "@bzzz/wire";
import { z } from "zod";
import { tryDecodeCbor } from "./codec.ts";
import { KEYS_PER_PAGE, MAX_CALL_TIMEOUT_MS, ROSTER_RECORDS_PER_MESSAGE } from "./constants.ts";
import { RegisterError } from "./errors.ts";
import * as schemas from "./schemas.ts";
import { seatSchema } from "./voter_roster.ts";

const accepted = z.object({ ballot: schemas.ballot, epoch: schemas.epoch, value: schemas.value });
const retryAfterMs = z.number().min(0).optional();
const records = z.array(schemas.bytes).max(ROSTER_RECORDS_PER_MESSAGE);
const cursor = z.string().max(97);
const position = z.int().min(0).max(0xffff_ffff);
const timeoutMs = z.int().min(1).max(MAX_CALL_TIMEOUT_MS);

/** One request of `/bzzz/reg/1.0.0`: what voters ask each other, and what members ask voters. */
const requestSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("peek"), key: schemas.key, epoch: schemas.epoch }),
  z.object({ type: z.literal("prepare"), key: schemas.key, epoch: schemas.epoch, ballot: schemas.ballot }),
  z.object({
    type: z.literal("accept"),
    key: schemas.key,
    epoch: schemas.epoch,
    ballot: schemas.ballot,
    previous: accepted.optional(),
    command: schemas.commandBytes.optional(),
    value: schemas.value,
  }),
  z.object({ type: z.literal("probe"), key: schemas.key, epoch: schemas.epoch, command: schemas.commandBytes }),
  z.object({ type: z.literal("repair"), certificate: schemas.certificate }),
  z.object({ type: z.literal("submit"), command: schemas.commandBytes, timeoutMs }),
  z.object({ type: z.literal("ask"), command: schemas.commandBytes, timeoutMs }),
  z.object({ type: z.literal("read"), key: schemas.key, timeoutMs }),
  z.object({ type: z.literal("keys"), epoch: schemas.epoch, after: cursor }),
  z.object({ type: z.literal("rosters"), from: position }),
  z.object({ type: z.literal("learn"), records }),
  z.object({ type: z.literal("seat") }),
]);

const outcomeSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("decided"), certificate: schemas.certificate, isNew: z.boolean() }),
  z.object({
    type: z.literal("refused"),
    code: schemas.code,
    value: schemas.value.optional(),
    retryAfterMs,
  }),
  z.object({ type: z.literal("absent") }),
  z.object({ type: z.literal("would_accept") }),
  z.object({ type: z.literal("undecided"), reason: z.enum(["no_quorum", "timeout", "no_voter", "overtaken"]) }),
]);

const replySchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("peeked"), accepted: accepted.extend({ signature: schemas.signature }).optional() }),
  z.object({ type: z.literal("promise"), accepted: accepted.optional() }),
  z.object({ type: z.literal("accepted"), signature: schemas.signature }),
  z.object({ type: z.literal("would_accept") }),
  z.object({ type: z.literal("nack"), promised: schemas.ballot }),
  z.object({ type: z.literal("refused"), code: schemas.code, isFinal: z.boolean(), retryAfterMs }),
  z.object({ type: z.literal("damaged") }),
  z.object({ type: z.literal("stale_epoch"), epoch: schemas.epoch }),
  z.object({ type: z.literal("behind"), epoch: z.int().min(0) }),
  z.object({ type: z.literal("not_a_voter") }),
  z.object({ type: z.literal("unavailable") }),
  z.object({ type: z.literal("repaired") }),
  z.object({ type: z.literal("outcome"), outcome: outcomeSchema }),
  z.object({ type: z.literal("keys"), keys: z.array(schemas.key).max(KEYS_PER_PAGE), isLast: z.boolean() }),
  z.object({ type: z.literal("rosters"), records, length: position }),
  z.object({ type: z.literal("seat"), seat: seatSchema }),
]);

/** A request on a stream. */
export type WireRequest = z.infer<typeof requestSchema>;
/** Its answer. */
export type WireReply = z.infer<typeof replySchema>;
/** What a voter made of a member's command or question. */
export type WireOutcome = z.infer<typeof outcomeSchema>;

const id = z.int().min(0).max(0xffff_ffff);
const requestFrame = z.tuple([id, requestSchema]);
const replyFrame = z.tuple([id, replySchema]);

/** CBOR array [id, request or reply]. The id is the asker's, unique on its stream while it waits. */
export function encodeFrame(id: number, message: WireRequest | WireReply): Uint8Array {
  return encodeCbor([id, toSnakeCase(message)]);
}

/** @throws RegisterError "register_protocol" when the bytes are no request */
export function decodeRequest(bytes: Uint8Array): readonly [number, WireRequest] {
  return parse(requestFrame, bytes);
}

/** @throws RegisterError "register_protocol" when the bytes are no reply */
export function decodeReply(bytes: Uint8Array): readonly [number, WireReply] {
  return parse(replyFrame, bytes);
}

function parse<T>(schema: z.ZodType<T>, bytes: Uint8Array): T {
  const parsed = schema.safeParse(toCamelCase(tryDecodeCbor(bytes)));
  if (parsed.success) return parsed.data;
  throw new RegisterError("register_protocol", "Cannot go on with a peer: it sent what is no message of the registers");
}
