import { equalBytes, type MeshId, type PeerId } from "@bzzz/base";
import { type Ballot, compareBallots } from "./ballot.ts";
import type { ByteRules } from "./byte_rules.ts";
import { acceptStatement, verifyCertificate } from "./certificate.ts";
import type { Command } from "./command.ts";
import { MAX_VALUE_BYTES } from "./constants.ts";
import { prefixOf, type RegisterKey, ROSTER_KEY } from "./keys.ts";
import type { SeenLease } from "./lease_clock.ts";
import { type Accepted, contentOf, NOTHING, type VoterReply, type VoterRequest } from "./messages.ts";
import { rosterCodec, type VoterRoster, votersOf } from "./voter_roster.ts";

/** What a voter has on disk about one key. */
export interface VoterRecord {
  readonly promised: Ballot;
  readonly accepted?: Accepted | undefined;
}

/** A voter's record of a key as it was read: none, one, or one that cannot be trusted. */
export type VoterCell = VoterRecord | "damaged" | undefined;

/** What a voter knows beside the record. Its functions have no effects. */
export interface VoterContext {
  readonly mesh: MeshId;
  readonly self: PeerId;
  /** Who asks, as the connection proves it. */
  readonly sender: PeerId;
  readonly roster: VoterRoster | undefined;
  /** The seat that this voter's records belong to. */
  readonly seat: string | undefined;
  readonly rulesOf: (prefix: string) => ByteRules | undefined;
  readonly openCommand: (bytes: Uint8Array) => Command | undefined;
  readonly sign: (statement: Uint8Array) => Uint8Array;
  /** How long this voter has seen that lease of the key. `isOwn`: its own record has it. */
  readonly leaseAgeMs: (leaseId: string, isOwn: boolean) => number;
  /** Ballots of this key at which this voter said that its record is damaged. */
  readonly damagedAt: readonly Ballot[];
}

/** The voter's answer, and what must be on disk before it is given. */
export interface VoterStep {
  readonly reply: VoterReply;
  readonly record?: VoterRecord;
  /** The lease that the key has from here on, as far as this voter saw; null: none. Absent: nothing was seen. */
  readonly lease?: SeenLease | null;
}

/** One voter's part in CASPaxos for one key. Pure: the shell reads the cell, writes the record, and only then replies. */
export function answerAsVoter(cell: VoterCell, request: VoterRequest, context: VoterContext): VoterStep {
  if (request.type === "repair") return repair(cell, request.certificate, context);
  const objection = objectTo(request, context);
  if (objection) return { reply: objection };
  if (cell === "damaged") return { reply: { type: "damaged" } };
  switch (request.type) {
    case "peek":
      return { reply: { type: "peeked", accepted: cell?.accepted && signed(cell.accepted, request.key, context) } };
    case "prepare":
      // Strictly above: a proposer that lost its memory of a ballot cannot have it promised by a second majority.
      return cell && compareBallots(request.ballot, cell.promised) <= 0
        ? { reply: { type: "nack", promised: cell.promised } }
        : {
          reply: { type: "promise", accepted: cell?.accepted },
          record: { promised: request.ballot, accepted: cell?.accepted },
        };
    case "probe":
      return probe(cell, request, context);
    case "accept":
      return accept(cell, request, context);
  }
}

type AcceptRequest = VoterRequest & { readonly type: "accept" };

/** Epoch and voters: nothing else is looked at before these agree. */
function objectTo(
  request: Exclude<VoterRequest, { readonly type: "repair" }>,
  { roster, self, sender, seat }: VoterContext,
): VoterReply | undefined {
  if (!roster) return { type: "behind", epoch: 0 };
  if (request.epoch > roster.epoch) return { type: "behind", epoch: roster.epoch };
  if (request.epoch < roster.epoch) return { type: "stale_epoch", epoch: roster.epoch };
  const isMine = (voters: VoterRoster) => voters.voters.some((voter) => voter.peer === self && voter.seat === seat);
  // Who becomes a voter votes for the roster that says so.
  const next = request.type === "accept" && request.key === ROSTER_KEY ? rosterCodec.decode(request.value) : undefined;
  const votes = isMine(roster) || (next !== undefined && isMine(next));
  return votes && votersOf(roster).includes(sender) ? undefined : { type: "not_a_voter" };
}

function accept(cell: VoterRecord | undefined, request: AcceptRequest, context: VoterContext): VoterStep {
  const { key, ballot, value, epoch } = request;
  const order = compareBallots(ballot, cell?.promised);
  if (cell && order < 0) return { reply: { type: "nack", promised: cell.promised } };
  const own = cell?.accepted;
  if (own && compareBallots(own.ballot, ballot) === 0) {
    return equalBytes(own.value, value)
      ? { reply: { type: "accepted", signature: signatureOf(own, key, context) } }
      : refuse("ballot_reused");
  }
  const verdict = judge(cell, request, context);
  if (verdict.reply) return { reply: verdict.reply, ...(verdict.lease === undefined ? {} : { lease: verdict.lease }) };
  const accepted: Accepted = { ballot, epoch, value };
  return {
    reply: { type: "accepted", signature: signatureOf(accepted, key, context) },
    record: { promised: ballot, accepted },
    lease: seenLease(context.rulesOf(prefixOf(key)), { value }, own),
  };
}

/** Whether the value is what the command makes of the previous one, and this voter has nothing against it. */
function judge(
  cell: VoterRecord | undefined,
  request: AcceptRequest,
  context: VoterContext,
): { readonly reply?: VoterReply; readonly lease?: SeenLease } {
  const { key, previous, value } = request;
  const rules = context.rulesOf(prefixOf(key));
  if (!rules || value.byteLength > MAX_VALUE_BYTES) return refuse("unknown_register");
  const own = cell?.accepted;
  if (own && previous && compareBallots(own.ballot, previous.ballot) === 0 && !equalBytes(own.value, previous.value)) {
    return refuse("previous_differs");
  }
  if (request.command === undefined) {
    return equalBytes(previous?.value ?? NOTHING, value) ? {} : refuse("identity_differs");
  }
  const command = context.openCommand(request.command);
  if (!command || command.key !== key) return refuse("bad_command");
  const decision = rules.decide(key, contentOf(previous), command);
  if (!("next" in decision) || !equalBytes(decision.next, value)) return refuse("illegal_transition");
  return checkLocally(rules, own, previous, command, context);
}

function checkLocally(
  rules: ByteRules,
  own: Accepted | undefined,
  previous: Accepted | undefined,
  command: Command,
  context: VoterContext,
): { readonly reply?: VoterReply; readonly lease?: SeenLease } {
  const leaseId = leaseOf(rules, previous);
  const isOwn = leaseId !== undefined && leaseOf(rules, own) === leaseId;
  const leaseAgeMs = leaseId === undefined ? undefined : context.leaseAgeMs(leaseId, isOwn);
  const verdict = rules.check(command.key, contentOf(previous), command, { leaseAgeMs });
  if ("ok" in verdict) return {};
  const reply: VoterReply = "refuse" in verdict
    ? { type: "refused", code: verdict.refuse, isFinal: true }
    : { type: "refused", code: verdict.retry, isFinal: false, retryAfterMs: verdict.afterMs };
  // Seen for the first time in this request: its age begins here, unless this voter knows of something newer.
  const isOlder = own !== undefined && compareBallots(previous?.ballot, own.ballot) < 0;
  return { reply, ...(leaseId === undefined || isOlder ? {} : { lease: { id: leaseId, isOnDisk: isOwn } }) };
}

/**
 * What the voter would say. The lease that it says is running is noted, as with a command: one that it met elsewhere and that
 * came to nothing may stand in its place, and then the age of this one would never begin.
 */
function probe(
  cell: VoterRecord | undefined,
  request: VoterRequest & { readonly type: "probe" },
  context: VoterContext,
): VoterStep {
  const rules = context.rulesOf(prefixOf(request.key));
  const command = context.openCommand(request.command);
  if (!rules) return refuse("unknown_register");
  if (!command || command.key !== request.key) return refuse("bad_command");
  const own = cell?.accepted;
  const decision = rules.decide(request.key, contentOf(own), command);
  if ("refuse" in decision) return refuse(decision.refuse);
  if ("same" in decision) return { reply: { type: "would_accept" } };
  const { reply = { type: "would_accept" as const }, lease } = checkLocally(rules, own, own, command, context);
  return { reply, ...(lease === undefined ? {} : { lease }) };
}

/**
 * A damaged record may be replaced by a decision at a ballot for which this voter said that it was damaged: that ballot was
 * prepared without it, by a majority of the others, who know everything it may have promised or accepted (docs/reliability.md
 * has the argument). An older certificate would not do.
 */
function repair(
  cell: VoterCell,
  certificate:
    & { readonly key: RegisterKey; readonly epoch: number; readonly ballot: Ballot; readonly value: Uint8Array }
    & Parameters<typeof verifyCertificate>[0],
  context: VoterContext,
): VoterStep {
  const { roster, mesh } = context;
  if (cell !== "damaged") return { reply: { type: "repaired" } };
  const isSince = context.damagedAt.some((ballot) => compareBallots(ballot, certificate.ballot) === 0);
  const { key, epoch, ballot, value } = certificate;
  if (!isSince || !roster || roster.epoch !== epoch) return { reply: { type: "damaged" } };
  if (!verifyCertificate(certificate, { mesh, key, voters: votersOf(roster) })) return refuse("bad_certificate");
  return {
    reply: { type: "repaired" },
    record: { promised: ballot, accepted: { ballot, epoch, value } },
    lease: seenLease(context.rulesOf(prefixOf(key)), { value }, undefined),
  };
}

function seenLease(
  rules: ByteRules | undefined,
  accepted: { readonly value: Uint8Array },
  own: Accepted | undefined,
): SeenLease | null {
  const id = leaseOf(rules, accepted);
  return id === undefined ? null : { id, isOnDisk: leaseOf(rules, own) === id };
}

function leaseOf(
  rules: ByteRules | undefined,
  accepted: { readonly value: Uint8Array } | undefined,
): string | undefined {
  const content = contentOf(accepted);
  return content && rules?.leaseId(content);
}

function signed(
  accepted: Accepted,
  key: RegisterKey,
  context: VoterContext,
): Accepted & { readonly signature: Uint8Array } {
  return { ...accepted, signature: signatureOf(accepted, key, context) };
}

function signatureOf(accepted: Accepted, key: RegisterKey, { mesh, sign }: VoterContext): Uint8Array {
  return sign(acceptStatement(mesh, { key, ...accepted }));
}

function refuse(code: string): { readonly reply: VoterReply } {
  return { reply: { type: "refused", code, isFinal: true } };
}
