import { type EntryId, once, parseEntryId } from "@bzzz/base";
import { type Codec, createCodec, LEASE_ID_BYTES } from "@bzzz/register";
import { ID_SCHEMAS, MAX_LIST_ITEMS } from "@bzzz/wire";
import { z } from "zod";
import { TASK_STATES } from "./states.ts";

const counter = once(() => z.int().min(0).max(Number.MAX_SAFE_INTEGER));
/** The shortest lease, for tests and LANs; below it a pause of the event loop would lose the task. */
export const MIN_LEASE_MS = 500;
/** The longest lease: a day. */
export const MAX_LEASE_MS = 86_400_000;

const entryId = once(() => z.string().refine((s): s is EntryId => parseEntryId(s) === s, "expected an entry id"));

/** What of the post decides about the way of the task; voters compare it with the post. */
export const TASK_TERMS = once(() =>
  z.strictObject({
    /** A plan is wanted first, and others may object to it for so many milliseconds. */
    planWindowMs: z.int().min(0).max(MAX_LEASE_MS).optional(),
    /** The result is reviewed. */
    isReviewed: z.boolean(),
  })
);

/** What the voters keep of a task. The absent value is "announced, version 0, token 0". */
export const TASK_VALUE = once(() =>
  z.strictObject({
    /** +1 with every decided change. */
    version: counter().min(1),
    state: z.enum(TASK_STATES),
    /** The entry that posted it: of two posts under one id this one counts. */
    post: entryId(),
    terms: TASK_TERMS(),
    holder: ID_SCHEMAS.peerId().optional(),
    /** The fencing token: +1 with every claim, never less. */
    token: counter(),
    /** The number of the try, from 1; 0 before the first. */
    attempt: counter(),
    /** Tries that failed, were lost with their holder, or were rejected in review. */
    spent: counter(),
    leaseMs: z.int().min(MIN_LEASE_MS).max(MAX_LEASE_MS),
    /** The claim or renewal that granted the present lease; absent without a holder, and in values from before there was one. */
    leaseId: z.string().regex(new RegExp(`^[0-9a-f]{${2 * LEASE_ID_BYTES}}$`)).optional(),
    /** +1 with every renewal of this token. */
    renewals: counter(),
    /** Requests to people that the holder waits for; not empty exactly when `state` is "blocked". */
    waitingFor: z.array(ID_SCHEMAS.requestId()).max(MAX_LIST_ITEMS),
    /** Where the task goes on after its last answer; there exactly when `state` is "blocked". */
    resumesTo: z.enum(["discussing", "executing"]).optional(),
    /** The message with the plan of this token. */
    plan: entryId().optional(),
    /** The entry that tells how the newest try ended: a result, a failure, a release, a cancellation, a review. */
    told: entryId().optional(),
    /** The result that waits for review or was accepted. */
    result: entryId().optional(),
    /** Who did `result`: it may not review it. */
    worker: ID_SCHEMAS.peerId().optional(),
    /** A later deadline than the post's, set by a retry; milliseconds since the epoch. */
    deadlineMs: counter().optional(),
    /** Whose command made this value. */
    by: ID_SCHEMAS.peerId(),
  })
);
/** One value of `TASK_VALUE`. */
export type TaskValue = Readonly<z.infer<ReturnType<typeof TASK_VALUE>>>;
/** One value of `TASK_TERMS`. */
export type TaskTerms = Readonly<z.infer<ReturnType<typeof TASK_TERMS>>>;

const version = counter;
const token = once(() => counter().min(1));
/** What a holder's command names: a stale token is refused before anything else is looked at. */
const held = once(() => ({ version: version(), token: token() }));

/** What a member asks of a task's register. `version` is the value's as the member knows it, 0 for the absent one. */
export const TASK_COMMAND = once(() =>
  z.discriminatedUnion("type", [
    z.strictObject({
      type: z.literal("claim"),
      version: version(),
      /** The token that the claim takes over from. */
      token: counter(),
      post: entryId(),
      terms: TASK_TERMS(),
      leaseMs: z.int().min(MIN_LEASE_MS).max(MAX_LEASE_MS),
      /** The work begins with the claim, in one decision; only for a task that wants no plan. */
      isBegun: z.literal(true).optional(),
    }),
    z.strictObject({ type: z.literal("renew"), ...held(), renewals: counter() }),
    z.strictObject({ type: z.literal("plan"), ...held() }),
    z.strictObject({ type: z.literal("propose"), ...held(), plan: entryId() }),
    /** `approval` is a request that a person approved, over a blocking objection. */
    z.strictObject({ type: z.literal("begin"), ...held(), approval: ID_SCHEMAS.requestId().optional() }),
    z.strictObject({ type: z.literal("block"), ...held(), request: ID_SCHEMAS.requestId() }),
    z.strictObject({ type: z.literal("resume"), ...held(), request: ID_SCHEMAS.requestId() }),
    z.strictObject({ type: z.literal("complete"), ...held(), told: entryId() }),
    z.strictObject({ type: z.literal("fail"), ...held(), told: entryId(), isFinal: z.boolean() }),
    z.strictObject({ type: z.literal("release"), ...held(), told: entryId() }),
    z.strictObject({ type: z.literal("accept"), version: version(), told: entryId() }),
    z.strictObject({ type: z.literal("reject"), version: version(), told: entryId() }),
    z.strictObject({
      type: z.literal("cancel"),
      version: version(),
      post: entryId(),
      terms: TASK_TERMS(),
      told: entryId(),
    }),
    z.strictObject({ type: z.literal("expire"), version: version(), post: entryId(), terms: TASK_TERMS() }),
    z.strictObject({ type: z.literal("retry"), version: version(), told: entryId(), deadlineMs: counter().optional() }),
  ])
);
/** One command of `TASK_COMMAND`. */
export type TaskCommand = Readonly<z.infer<ReturnType<typeof TASK_COMMAND>>>;

/** The register's value as deterministic CBOR with snake_case keys. */
export const TASK_VALUE_CODEC: Codec<TaskValue> = createCodec(TASK_VALUE);
/** The register's command as deterministic CBOR with snake_case keys. */
export const TASK_COMMAND_CODEC: Codec<TaskCommand> = createCodec(TASK_COMMAND);
