import { once } from "@bzzz/base";
import { encodeCbor, toCamelCase, toSnakeCase } from "@bzzz/wire";
import { z } from "zod";
import { tryDecodeCbor } from "./codec.ts";
import { KEYS_PER_PAGE, MAX_CALL_TIMEOUT_MS, ROSTER_RECORDS_PER_MESSAGE } from "./constants.ts";
import { RegisterError } from "./errors.ts";
import * as schemas from "./schemas.ts";
import { seatSchema } from "./voter_roster.ts";

const accepted = once(() => z.object({ ballot: schemas.ballot(), epoch: schemas.epoch(), value: schemas.value() }));
const retryAfterMs = once(() => z.number().min(0).optional());
const records = once(() => z.array(schemas.bytes()).max(ROSTER_RECORDS_PER_MESSAGE));
const cursor = once(() => z.string().max(97));
const position = once(() => z.int().min(0).max(0xffff_ffff));
const timeoutMs = once(() => z.int().min(1).max(MAX_CALL_TIMEOUT_MS));

/** One request of `/bzzz/reg/1.0.0`: what voters ask each other, and what members ask voters. */
const requestSchema = once(() =>
  z.discriminatedUnion("type", [
    z.object({ type: z.literal("peek"), key: schemas.key(), epoch: schemas.epoch() }),
    z.object({ type: z.literal("prepare"), key: schemas.key(), epoch: schemas.epoch(), ballot: schemas.ballot() }),
    z.object({
      type: z.literal("accept"),
      key: schemas.key(),
      epoch: schemas.epoch(),
      ballot: schemas.ballot(),
      previous: accepted().optional(),
      command: schemas.commandBytes().optional(),
      value: schemas.value(),
    }),
    z.object({ type: z.literal("probe"), key: schemas.key(), epoch: schemas.epoch(), command: schemas.commandBytes() }),
    z.object({ type: z.literal("repair"), certificate: schemas.certificate() }),
    z.object({ type: z.literal("submit"), command: schemas.commandBytes(), timeoutMs: timeoutMs() }),
    z.object({ type: z.literal("ask"), command: schemas.commandBytes(), timeoutMs: timeoutMs() }),
    z.object({ type: z.literal("read"), key: schemas.key(), timeoutMs: timeoutMs() }),
    z.object({ type: z.literal("keys"), epoch: schemas.epoch(), after: cursor() }),
    z.object({ type: z.literal("rosters"), from: position() }),
    z.object({ type: z.literal("learn"), records: records() }),
    z.object({ type: z.literal("seat") }),
  ])
);

const outcomeSchema = once(() =>
  z.discriminatedUnion("type", [
    z.object({ type: z.literal("decided"), certificate: schemas.certificate(), isNew: z.boolean() }),
    z.object({
      type: z.literal("refused"),
      code: schemas.code(),
      value: schemas.value().optional(),
      retryAfterMs: retryAfterMs(),
    }),
    z.object({ type: z.literal("absent") }),
    z.object({ type: z.literal("would_accept") }),
    z.object({ type: z.literal("undecided"), reason: z.enum(["no_quorum", "timeout", "no_voter", "overtaken"]) }),
  ])
);

const replySchema = once(() =>
  z.discriminatedUnion("type", [
    z.object({ type: z.literal("peeked"), accepted: accepted().extend({ signature: schemas.signature() }).optional() }),
    z.object({ type: z.literal("promise"), accepted: accepted().optional() }),
    z.object({ type: z.literal("accepted"), signature: schemas.signature() }),
    z.object({ type: z.literal("would_accept") }),
    z.object({ type: z.literal("nack"), promised: schemas.ballot() }),
    z.object({ type: z.literal("refused"), code: schemas.code(), isFinal: z.boolean(), retryAfterMs: retryAfterMs() }),
    z.object({ type: z.literal("damaged") }),
    z.object({ type: z.literal("stale_epoch"), epoch: schemas.epoch() }),
    z.object({ type: z.literal("behind"), epoch: z.int().min(0) }),
    z.object({ type: z.literal("not_a_voter") }),
    z.object({ type: z.literal("unavailable") }),
    z.object({ type: z.literal("repaired") }),
    z.object({ type: z.literal("outcome"), outcome: outcomeSchema() }),
    z.object({ type: z.literal("keys"), keys: z.array(schemas.key()).max(KEYS_PER_PAGE), isLast: z.boolean() }),
    z.object({ type: z.literal("rosters"), records: records(), length: position() }),
    z.object({ type: z.literal("seat"), seat: seatSchema() }),
  ])
);

/** A request on a stream. */
export type WireRequest = z.infer<ReturnType<typeof requestSchema>>;
/** Its answer. */
export type WireReply = z.infer<ReturnType<typeof replySchema>>;
/** What a voter made of a member's command or question. */
export type WireOutcome = z.infer<ReturnType<typeof outcomeSchema>>;

const frameId = once(() => z.int().min(0).max(0xffff_ffff));
const requestFrame = once(() => z.tuple([frameId(), requestSchema()]));
const replyFrame = once(() => z.tuple([frameId(), replySchema()]));

/** CBOR array [id, request or reply]. The id is the asker's, unique on its stream while it waits. */
export function encodeFrame(id: number, message: WireRequest | WireReply): Uint8Array {
  return encodeCbor([id, toSnakeCase(message)]);
}

/** @throws RegisterError "register_protocol" when the bytes are no request */
export function decodeRequest(bytes: Uint8Array): readonly [number, WireRequest] {
  return parse(requestFrame(), bytes);
}

/** @throws RegisterError "register_protocol" when the bytes are no reply */
export function decodeReply(bytes: Uint8Array): readonly [number, WireReply] {
  return parse(replyFrame(), bytes);
}

function parse<T>(schema: z.ZodType<T>, bytes: Uint8Array): T {
  const parsed = schema.safeParse(toCamelCase(tryDecodeCbor(bytes)));
  if (parsed.success) return parsed.data;
  throw new RegisterError("register_protocol", "Cannot go on with a peer: it sent what is no message of the registers");
}
