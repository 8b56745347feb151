import { type EntryId, once, parseEntryId, parsePeerId, type PeerId } from "@bzzz/base";
import { type Codec, createCodec, LEASE_ID_BYTES, type RegisterKey, registerKey } from "@bzzz/register";
import { z } from "zod";
import { LEASE_BOUNDS_MS } from "./constants.ts";

/** The one register of the leadership. */
export const LEADER_KEY: RegisterKey = registerKey("leader");

const peerId = once(() =>
  z.string().refine((text): text is PeerId => parsePeerId(text) === text, "expected a peer id")
);
const entryId = once(() =>
  z.string().refine((text): text is EntryId => parseEntryId(text) === text, "expected an entry id")
);
const count = once(() => z.int().min(0));
const term = once(() => z.int().min(1));
const leaseMs = once(() => z.int().min(LEASE_BOUNDS_MS.min).max(LEASE_BOUNDS_MS.max));
const score = once(() => z.int().min(0).max(100));

/** What people can order: `trigger` lets everybody stand again, `step_down` puts the one who led behind all others. */
export const ELECTION_ORDERS = ["trigger", "step_down"] as const;
/** One of `ELECTION_ORDERS`. */
export type ElectionOrder = (typeof ELECTION_ORDERS)[number];

const deposed = once(() => z.object({ by: peerId(), order: z.enum(ELECTION_ORDERS), entry: entryId() }));

const leaderValue = once(() =>
  z.object({
    version: z.int().min(1),
    term: term(),
    holder: peerId().optional(),
    leaseMs: leaseMs(),
    leaseId: z.string().regex(new RegExp(`^[0-9a-f]{${2 * LEASE_ID_BYTES}}$`)).optional(),
    renewals: count(),
    score: score(),
    deposed: deposed().optional(),
    former: peerId().optional(),
  })
);

/**
 * The value of the register. `version` grows by one with every decided change, `term` with every acquisition. `holder` is
 * absent between two leaders. `leaseId` names the acquisition of the term, absent in values from
 * before there was one; `renewals` only grows within a term. `score` is the holder's own, out of 100. `deposed`: the
 * lease is not renewed any more, by that order. `former` led before and comes last in the next election.
 */
export type LeaderValue = Readonly<z.infer<ReturnType<typeof leaderValue>>>;

const leaderCommand = once(() =>
  z.discriminatedUnion("type", [
    z.object({ type: z.literal("acquire"), expectedTerm: count(), leaseMs: leaseMs(), score: score() }),
    z.object({ type: z.literal("renew"), term: term(), renewals: z.int().min(1), score: score() }),
    z.object({ type: z.literal("step_down"), term: term() }),
    z.object({ type: z.literal("depose"), term: term(), order: z.enum(ELECTION_ORDERS), entry: entryId() }),
  ])
);

/**
 * What members ask of the register, each naming the term it is about, so that a replay changes nothing. `renewals` of a
 * renewal is above every one sent before: each attempt is a lease of its own, counted from its own sending. `entry` of
 * `depose` is the entry in which the order was written down first.
 */
export type LeaderCommand = Readonly<z.infer<ReturnType<typeof leaderCommand>>>;

/** The bytes of a value in the register. */
export const leaderValueCodec: Codec<LeaderValue> = createCodec(leaderValue);

/** The bytes of a command's body. */
export const leaderCommandCodec: Codec<LeaderCommand> = createCodec(leaderCommand);
