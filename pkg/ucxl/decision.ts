import { once } from "@bzzz/base";
import { z } from "zod";
import { addressSchema, citationSchema } from "./address_schema.ts";
import { UcxlError } from "./errors.ts";

/** Kinds of decisions. */
export const DECISION_TYPES = [
  "task_completion",
  "architectural",
  "code",
  "policy",
  "escalation_answer",
  "status",
] as const;
/** What a decision means for who reads it. */
export const DECISION_OUTCOMES = ["approval", "blocker", "structural_change", "info"] as const;
/** Sources that one decision may name: reasoning stays bounded. */
export const MAX_CITATIONS = 32;
/** Decisions lie below this segment of a path. */
export const DECISIONS_FOLDER = "decisions";

const text = (maxCharacters: number) => z.string().max(maxCharacters);
const decisionSchema = once(() =>
  z.strictObject({
    v: z.literal(1),
    type: z.enum(DECISION_TYPES),
    title: text(120).min(1),
    summary: text(4_096),
    rationale: text(65_536).optional(),
    options: z.array(text(200).min(1)).max(16).default([]),
    chosen: text(200).optional(),
    outcome: z.enum(DECISION_OUTCOMES),
    task_id: text(64).optional(),
    citations: z.array(z.strictObject({ address: citationSchema(), quote: text(500).optional() })).max(MAX_CITATIONS)
      .default([]),
    supersedes: addressSchema().optional(),
    voting: z.strictObject({
      quorum: z.int().min(1).max(10_000),
      closes_at_ms: z.int().min(0),
    }).optional(),
  })
);

/** What was decided, or is proposed, with why: the content at a decision's address. With `voting` it is a proposal. */
export type Decision = z.output<ReturnType<typeof decisionSchema>>;

/** A decision out of JSON. @throws UcxlError "invalid_decision"; `details` name the field and what is expected */
export function parseDecision(value: unknown): Decision {
  const result = decisionSchema().safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = issue?.path.map(String).join(".") ?? "";
  throw new UcxlError(
    "invalid_decision",
    `Cannot use the decision: ${field === "" ? "" : `"${field}": `}${issue?.message ?? "it does not fit"}`,
    { details: { field, expected: issue?.message } },
  );
}

/** A vote that a receiver has accepted; votes come in the order that all nodes share. */
export interface CountedVote {
  /** Who votes: one vote each, the last counts. */
  readonly voter: string;
  /** Whose node the voter is, where that is known: all nodes of one person have one vote. */
  readonly person?: string | undefined;
  /** Whether a person has signed it. One that their node cast by itself takes no place of one that they signed. */
  readonly isSigned: boolean;
  readonly vote: "approve" | "reject" | "abstain" | "defer";
  readonly atMs: number;
  /** A person whose role has the authority to close it. */
  readonly isBinding: boolean;
}

/** Where a decision stands. */
export interface Tally {
  /** `recorded`: nothing to vote on; `undecided`: the time was over without enough votes. */
  readonly state: "recorded" | "open" | "approved" | "rejected" | "undecided";
  /** What closed it. */
  readonly by: "binding" | "quorum" | "time" | undefined;
  readonly counts: Readonly<Record<CountedVote["vote"], number>>;
  /** Who closed it by a binding vote. */
  readonly boundBy: string | undefined;
}

/**
 * What votes make of a decision. Pure: the same votes in the same order give the same answer everywhere. The first binding approval or
 * rejection closes it, and so does the quorum; what comes later, or after the time, does not count.
 */
export function tallyVotes(voting: Decision["voting"], votes: Iterable<CountedVote>, nowMs: number): Tally {
  const last = new Map<string, CountedVote["vote"]>();
  const counts = () => {
    const count = { approve: 0, reject: 0, abstain: 0, defer: 0 };
    for (const vote of last.values()) count[vote]++;
    return count;
  };
  if (!voting) return { state: "recorded", by: undefined, counts: counts(), boundBy: undefined };
  const signed = new Set<string>();
  for (const { voter, person, vote, atMs, isBinding, isSigned } of votes) {
    const key = person ?? voter;
    if (atMs > voting.closes_at_ms || (signed.has(key) && !isSigned)) continue;
    last.set(key, vote);
    if (isSigned) signed.add(key);
    const isClear = vote === "approve" || vote === "reject";
    if (isBinding && isClear) return { state: stateOf(vote), by: "binding", counts: counts(), boundBy: voter };
    const now = counts();
    if (isClear && now[vote] >= voting.quorum) {
      return { state: stateOf(vote), by: "quorum", counts: now, boundBy: undefined };
    }
  }
  const isOver = nowMs > voting.closes_at_ms;
  return {
    state: isOver ? "undecided" : "open",
    by: isOver ? "time" : undefined,
    counts: counts(),
    boundBy: undefined,
  };
}

function stateOf(vote: "approve" | "reject"): "approved" | "rejected" {
  return vote === "approve" ? "approved" : "rejected";
}

/** A segment of a path out of a title: "Choose a queue!" is "choose-a-queue"; `fallback` where nothing of it is left. */
export function slugOf(title: string, fallback = "decision"): string {
  const slug = title.normalize("NFKD").toLowerCase().replaceAll(/\p{M}/gu, "").replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "").slice(0, 60).replace(/-+$/, "");
  return slug === "" ? fallback : slug;
}

/** The path of a decision: `decisions/2026-11-22-choose-a-queue.json`. */
export function decisionPath(atMs: number, name: string): string {
  return `${DECISIONS_FOLDER}/${new Date(atMs).toISOString().slice(0, 10)}-${name}.json`;
}

/** A name of an address out of any text: what it may not hold becomes "-". Never empty, never a wildcard. */
export function nameOf(text: string): string {
  const name = text.toLowerCase().replaceAll(/[^a-z0-9._-]+/g, "-").replace(/^[-.]+/, "").slice(0, 64);
  return name === "" || name === "any" ? "mesh" : name;
}
