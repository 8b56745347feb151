import { assertNever, equalBytes, type PeerId } from "@bzzz/base";
import { ballotAfter, compareBallots } from "./ballot.ts";
import type { Certificate } from "./certificate.ts";
import { READS_WRITE_AFTER, RETRY_DEFAULT_MS, RETRY_MAX_MS } from "./constants.ts";
import { type Accepted, contentOf, NOTHING, type VoterReply } from "./messages.ts";
import type {
  Confirmation,
  Failure,
  ProposalEffect,
  ProposalEvent,
  ProposalInput,
  ProposalOutcome,
  ProposalPhase,
  ProposalState,
  ProposalStep,
} from "./proposal_types.ts";
import { backOff, doubtWith, enter, finish, ignored, proposesOurs, wait } from "./proposal_steps.ts";
import { everybodyOf, highestAccepted, isDecidedBy, isOutOfReach, isReached, quorumsFor } from "./quorum.ts";
import { votersOf } from "./voter_roster.ts";

/** Begins a proposal: a read looks first whether all agree, a command prepares at once. Pure, as all of it. */
export function beginProposal(input: ProposalInput): ProposalStep {
  const state: ProposalState = {
    input,
    phase: { type: "waiting" },
    round: 0,
    attempt: 0,
    seen: input.seen,
    failures: new Map(),
    doubt: input.doubt,
    objection: undefined,
  };
  return input.work.type === "read" ? peek(state) : prepare(state);
}

/** The next state. Events that come too late, of an earlier round or after the end, change nothing. */
export function advanceProposal(state: ProposalState, event: ProposalEvent): ProposalStep {
  if (state.phase.type === "done") return { state, effects: [] };
  if (event.type === "deadline") return finish(state, { type: "undecided", reason: "timeout" });
  if (event.round !== state.round) return { state, effects: [] };
  switch (event.type) {
    case "waited":
      // who only wants to know looks again first: whoever was in the way may have decided it meanwhile
      return state.input.work.type === "read" ? peek(state) : prepare(state);
    case "lost":
      return fail(state, event.from, { type: "lost" });
    case "reply":
      return hear(state, event.from, event.reply);
    default:
      return assertNever(event);
  }
}

function hear(state: ProposalState, from: PeerId, reply: VoterReply): ProposalStep {
  const { phase } = state;
  switch (reply.type) {
    case "peeked":
      return phase.type === "peeking" ? onPeeked(state, phase, from, reply) : ignored(state);
    case "promise":
      return phase.type === "preparing" ? onPromise(state, phase, from, reply.accepted) : ignored(state);
    case "accepted":
      return phase.type === "accepting" ? onAccepted(state, phase, from, reply.signature) : ignored(state);
    case "nack": {
      const seen = compareBallots(reply.promised, state.seen) > 0 ? reply.promised : state.seen;
      return fail({ ...state, seen }, from, { type: "nack" });
    }
    case "refused":
      return fail(state, from, {
        type: "refused",
        code: reply.code,
        isFinal: reply.isFinal,
        ...(reply.retryAfterMs === undefined ? {} : { retryAfterMs: reply.retryAfterMs }),
      });
    case "damaged":
      return fail(state, from, { type: "damaged" });
    case "stale_epoch":
      return onStaleEpoch(state, reply.epoch);
    case "behind": {
      const step = fail(state, from, { type: "lost" });
      return { ...step, effects: [{ type: "teach", voter: from, fromEpoch: reply.epoch }, ...step.effects] };
    }
    case "not_a_voter":
    case "unavailable":
      return fail(state, from, { type: "lost" });
    case "would_accept":
    case "repaired":
      return ignored(state);
    default:
      return assertNever(reply);
  }
}

/** Voters of the old epoch may have accepted what was proposed a moment ago: the next proposal must not call it refused. */
function onStaleEpoch(state: ProposalState, epoch: number): ProposalStep {
  const { phase } = state;
  const doubt = phase.type === "accepting" && proposesOurs(phase) ? doubtWith(state.doubt, phase) : state.doubt;
  return finish(state, { type: "stale_epoch", epoch, ...(doubt ? { doubt } : {}) });
}

function peek(state: ProposalState): ProposalStep {
  const { key, roster } = state.input;
  return enter(state, { type: "peeking", replies: new Map() }, votersOf(roster), {
    type: "peek",
    key,
    epoch: roster.epoch,
  });
}

/** A majority that has the same value at the same ballot is a decision, and nothing later can have been decided before. */
function onPeeked(
  state: ProposalState,
  phase: ProposalPhase & { readonly type: "peeking" },
  from: PeerId,
  reply: VoterReply & { readonly type: "peeked" },
): ProposalStep {
  const { key, roster, verify } = state.input;
  const { epoch } = roster;
  const { accepted } = reply;
  if (accepted?.epoch === epoch && !verify({ key, ...accepted }, { voter: from, signature: accepted.signature })) {
    return fail(state, from, { type: "lost" });
  }
  const replies = new Map(phase.replies).set(from, accepted && { ...accepted, voter: from });
  // a read that has to write after all begins above what it was shown, or it would be refused at first
  const seen = compareBallots(accepted?.ballot, state.seen) > 0 ? accepted?.ballot : state.seen;
  const next = { ...state, seen, phase: { ...phase, replies } };
  const highest = highestAccepted(replies.values());
  if (!isReached(quorumsFor(key, roster, highest?.value), replies)) return ignored(next);
  if (!highest) return finish(next, { type: "absent" });
  if (!isDecidedBy(key, roster, highest, replies)) {
    return writesAfter(state.attempt) ? prepare(next) : backOff(next);
  }
  if (!contentOf(highest)) return finish(next, { type: "absent" });
  const signatures = [...replies].flatMap(([voter, item]) =>
    item && compareBallots(item.ballot, highest.ballot) === 0 ? [{ voter, signature: item.signature }] : []
  );
  const { ballot, value } = highest;
  return finish(next, { type: "decided", certificate: { key, epoch, ballot, value, signatures }, isNew: false });
}

/**
 * Whether a read that found voters of two minds, after so many attempts, writes what it found, so that it is decided. Most
 * often somebody else is just at it, and readers that all write keep each other from it: so seldom, and ever more so.
 */
function writesAfter(attempt: number): boolean {
  return READS_WRITE_AFTER.includes(attempt);
}

function prepare(state: ProposalState): ProposalStep {
  const { key, roster, self } = state.input;
  const ballot = ballotAfter(state.seen, self);
  return enter({ ...state, seen: ballot }, { type: "preparing", ballot, promises: new Map() }, votersOf(roster), {
    type: "prepare",
    key,
    epoch: roster.epoch,
    ballot,
  });
}

function onPromise(
  state: ProposalState,
  phase: ProposalPhase & { readonly type: "preparing" },
  from: PeerId,
  accepted: Accepted | undefined,
): ProposalStep {
  const promises = new Map(phase.promises).set(from, accepted);
  const next = { ...state, phase: { ...phase, promises } };
  return isReached([votersOf(state.input.roster)], promises) ? decide(next, next.phase) : ignored(next);
}

/** A majority has promised: what the register had is known, and what the command makes of it follows from the rules. */
function decide(state: ProposalState, phase: ProposalPhase & { readonly type: "preparing" }): ProposalStep {
  const { key, work, rules, roster } = state.input;
  const { doubt, objection } = state;
  const previous = highestAccepted(phase.promises.values());
  // The same bytes at any ballot are ours: we or somebody else may have confirmed them since.
  const isOurs = previous !== undefined && (doubt?.values.some((value) => equalBytes(value, previous.value)) ?? false);
  const content = contentOf(previous);
  if (isOurs) return confirm(state, phase, previous, { type: "same", isNew: true });
  // Ours may have been decided and followed by this one: then neither a decision nor a refusal of ours can be claimed.
  const isOvertaken = doubt !== undefined && compareBallots(previous?.ballot, doubt.since) > 0;
  if (objection) {
    if (isOvertaken) return finish(state, { type: "undecided", reason: "overtaken" });
    // The voters refused, and what some of them had accepted of it is superseded from here on.
    const { code, retryAfterMs } = objection;
    const refusal = { type: "refused" as const, code, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
    return confirm(state, phase, previous, refusal);
  }
  if (work.type === "read") {
    return previous ? confirm(state, phase, previous, { type: "value" }) : finish(state, { type: "absent" });
  }
  const decision = rules.decide(key, content, work.command);
  if ("next" in decision) return propose(state, phase, previous, decision.next, undefined);
  if ("same" in decision) {
    return previous
      ? confirm(state, phase, previous, { type: "same", isNew: false })
      : finish(state, { type: "refused", code: "nothing_there" });
  }
  if (isOvertaken) return finish(state, { type: "undecided", reason: "overtaken" });
  // A value in doubt may still come up: only a decision above it makes the refusal final.
  if (!doubt && !previous) return finish(state, { type: "refused", code: decision.refuse });
  if (!doubt && previous && isDecidedBy(key, roster, previous, phase.promises)) {
    return finish(state, { type: "refused", code: decision.refuse, ...(content ? { value: content } : {}) });
  }
  return confirm(state, phase, previous, { type: "refused", code: decision.refuse });
}

/** Writes the present value again, or that there is none: once a majority has it at our ballot, it is decided. */
function confirm(
  state: ProposalState,
  phase: ProposalPhase & { readonly type: "preparing" },
  previous: Accepted | undefined,
  confirms: Confirmation,
): ProposalStep {
  return propose(state, phase, previous, previous?.value ?? NOTHING, confirms);
}

function propose(
  state: ProposalState,
  phase: ProposalPhase & { readonly type: "preparing" },
  previous: Accepted | undefined,
  value: Uint8Array,
  confirms: Confirmation | undefined,
): ProposalStep {
  const { key, work, roster } = state.input;
  const { ballot } = phase;
  const damaged = [...state.failures].filter(([, failure]) => failure.type === "damaged").map(([peer]) => peer);
  const command = confirms === undefined && work.type === "command" ? work.bytes : undefined;
  return enter(
    state,
    { type: "accepting", ballot, value, confirms, signatures: new Map(), damaged },
    everybodyOf(quorumsFor(key, roster, value)),
    { type: "accept", key, epoch: roster.epoch, ballot, previous, command, value },
  );
}

function onAccepted(
  state: ProposalState,
  phase: ProposalPhase & { readonly type: "accepting" },
  from: PeerId,
  signature: Uint8Array,
): ProposalStep {
  const { key, roster, verify } = state.input;
  const { ballot, value } = phase;
  const accept = { key, epoch: roster.epoch, ballot, value };
  if (!verify(accept, { voter: from, signature })) return fail(state, from, { type: "lost" });
  const signatures = new Map(phase.signatures).set(from, signature);
  const next = { ...state, phase: { ...phase, signatures } };
  if (!isReached(quorumsFor(key, roster, value), signatures)) return ignored(next);
  const certificate: Certificate = {
    ...accept,
    signatures: [...signatures].map(([voter, signature]) => ({ voter, signature })),
  };
  const step = finish(next, outcomeOf(phase.confirms, certificate));
  const repairs = phase.damaged.map((to): ProposalEffect => ({
    type: "send",
    to,
    round: state.round,
    request: { type: "repair", certificate },
  }));
  return { ...step, effects: [...repairs, ...step.effects] };
}

function outcomeOf(confirms: Confirmation | undefined, certificate: Certificate): ProposalOutcome {
  if (!confirms) return { type: "decided", certificate, isNew: true };
  const value = contentOf(certificate);
  if (confirms.type === "refused") {
    const { code, retryAfterMs } = confirms;
    return {
      type: "refused",
      code,
      ...(value ? { value, certificate } : {}),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    };
  }
  if (!value) return { type: "absent" };
  return { type: "decided", certificate, isNew: confirms.type === "same" && confirms.isNew };
}

/** A voter does not help in this round; when too few are left, the round is over. */
function fail(state: ProposalState, from: PeerId, failure: Failure): ProposalStep {
  const failures = new Map(state.failures).set(from, failure);
  const next = { ...state, failures };
  const { phase } = next;
  const { key, roster } = state.input;
  const value = phase.type === "accepting" ? phase.value : undefined;
  if (!isOutOfReach(quorumsFor(key, roster, value), failures)) return ignored(next);
  const kinds = new Set([...failures.values()].map(({ type }) => type));
  if (phase.type === "accepting") return acceptFailed(next, phase, kinds);
  if (kinds.has("nack")) return backOff(next);
  return finish(next, { type: "undecided", reason: "no_quorum" });
}

function acceptFailed(
  state: ProposalState,
  phase: ProposalPhase & { readonly type: "accepting" },
  kinds: ReadonlySet<Failure["type"]>,
): ProposalStep {
  const { key, roster } = state.input;
  const everybody = everybodyOf(quorumsFor(key, roster, phase.value));
  // Who said nack, refused or damaged has not accepted; of the others nobody knows.
  const mayHaveIt = everybody.some((peer) => {
    const failure = state.failures.get(peer);
    return failure === undefined || failure.type === "lost";
  });
  const doubt = proposesOurs(phase) && mayHaveIt ? doubtWith(state.doubt, phase) : state.doubt;
  const next = { ...state, doubt };
  if (kinds.has("refused") && !phase.confirms) return refusedByVoters(next);
  if (kinds.has("nack")) return backOff(next);
  return finish(next, { type: "undecided", reason: "no_quorum" });
}

/** The rules allow it and voters object: to what only they know (not yet), or for good. */
function refusedByVoters(state: ProposalState): ProposalStep {
  const refusals = [...state.failures.values()].filter((failure) => failure.type === "refused");
  const final = refusals.find(({ isFinal }) => isFinal);
  const soonest =
    refusals.toSorted((a, b) => (a.retryAfterMs ?? RETRY_DEFAULT_MS) - (b.retryAfterMs ?? RETRY_DEFAULT_MS))[0];
  const refusal = final ?? soonest;
  if (!refusal) return backOff(state);
  const afterMs = refusal.retryAfterMs ?? RETRY_DEFAULT_MS;
  if (!final && afterMs <= RETRY_MAX_MS) return wait(state, afterMs, afterMs);
  const objection = final ? { code: refusal.code } : { code: refusal.code, retryAfterMs: afterMs };
  if (!state.doubt) return finish(state, { type: "refused", ...objection });
  // Some voter may have accepted it: only once a later ballot is decided does it count for nothing.
  return prepare({ ...state, objection });
}
