import { assertNever, type PeerId } from "@bzzz/base";
import { type RegisterRules, TAKEOVER_AFTER_LEASES, type Verdict } from "@bzzz/register";
import {
  LEADER_KEY,
  type LeaderCommand,
  leaderCommandCodec,
  type LeaderValue,
  leaderValueCodec,
} from "./leader_value.ts";

/** Why the register refuses a command for good. */
export type LeaderRefusal =
  /** The command is about a term that is over, or not there yet. */
  | "term_moved"
  /** Somebody else holds the term. */
  | "not_the_leader"
  /** By order of a person; the holder must step down. */
  | "deposed"
  /** A newer renewal was decided. */
  | "renewal_superseded"
  /** Nobody leads, so there is nobody to depose. */
  | "no_leader"
  /** The member's grant does not allow it. */
  | "not_allowed";

/** The next value, or that nothing changes, or why not. */
export type LeaderDecision =
  | { readonly next: LeaderValue }
  | { readonly same: true }
  | { readonly refuse: LeaderRefusal };

/**
 * Pure, the same on every voter: what `command` of `actor` makes of `previous`. `leaseId`: this very command's, for the term
 * that it may begin.
 */
export function decideLeader(
  previous: LeaderValue | undefined,
  command: LeaderCommand,
  actor: PeerId,
  leaseId?: string,
): LeaderDecision {
  if (command.type === "acquire") return acquire(previous, command, actor, leaseId);
  if (!previous || command.term !== previous.term) return { refuse: "term_moved" };
  switch (command.type) {
    case "renew":
      if (previous.holder !== actor) return { refuse: "not_the_leader" };
      if (previous.deposed) return { refuse: "deposed" };
      if (command.renewals <= previous.renewals) return { refuse: "renewal_superseded" };
      return {
        next: {
          ...previous,
          version: previous.version + 1,
          renewals: command.renewals,
          score: command.score,
        },
      };
    case "step_down":
      if (previous.holder === undefined) return previous.former === actor ? { same: true } : { refuse: "no_leader" };
      if (previous.holder !== actor) return { refuse: "not_the_leader" };
      return { next: released(previous, actor) };
    case "depose": {
      if (previous.holder === undefined) return { refuse: "no_leader" };
      if (previous.deposed) return { same: true };
      const { order, entry } = command;
      return { next: { ...previous, version: previous.version + 1, deposed: { by: actor, order, entry } } };
    }
    default:
      return assertNever(command);
  }
}

function acquire(
  previous: LeaderValue | undefined,
  { expectedTerm, leaseMs, score }: LeaderCommand & { readonly type: "acquire" },
  actor: PeerId,
  leaseId: string | undefined,
): LeaderDecision {
  if (expectedTerm !== (previous?.term ?? 0)) return { refuse: "term_moved" };
  // who was deposed gives the term back first: taking the next one would be a way around the order
  if (previous?.deposed && previous.holder === actor) return { refuse: "deposed" };
  return {
    next: {
      version: (previous?.version ?? 0) + 1,
      term: expectedTerm + 1,
      holder: actor,
      leaseMs,
      ...(leaseId === undefined ? {} : { leaseId }),
      renewals: 0,
      score,
    },
  };
}

function released(previous: LeaderValue, former: PeerId): LeaderValue {
  const { version, term, leaseMs, renewals, score, deposed } = previous;
  const isAmongEquals = deposed?.order === "trigger";
  return { version: version + 1, term, leaseMs, renewals, score, ...(isAmongEquals ? {} : { former }) };
}

/** What only the voter itself knows. */
export interface LeaderFacts {
  /** Whether the member's grant lets it lead, now. */
  mayLead(actor: PeerId): boolean;
  /** Whether the member's grant lets it depose a leader, now. */
  mayDepose(actor: PeerId): boolean;
}

/**
 * Whether this voter goes along. `leaseAgeMs`: for how long it has known the lease of `previous`, on its own monotonic
 * clock; a lease it has only just heard of counts as new.
 */
export function checkLeader(
  facts: LeaderFacts,
  previous: LeaderValue | undefined,
  command: LeaderCommand,
  actor: PeerId,
  leaseAgeMs: number | undefined,
): Verdict {
  switch (command.type) {
    case "acquire": {
      if (!facts.mayLead(actor)) return { refuse: "not_allowed" };
      // the holder itself has stopped before it asks for the next term
      if (previous?.holder === undefined || previous.holder === actor) return { ok: true };
      const remainingMs = previous.leaseMs * TAKEOVER_AFTER_LEASES - (leaseAgeMs ?? 0);
      return remainingMs > 0 ? { retry: "lease_running", afterMs: Math.ceil(remainingMs) } : { ok: true };
    }
    case "renew":
      return facts.mayLead(actor) ? { ok: true } : { refuse: "not_allowed" };
    case "step_down":
      return { ok: true };
    case "depose":
      return facts.mayDepose(actor) ? { ok: true } : { refuse: "not_allowed" };
    default:
      return assertNever(command);
  }
}

/** What a lease is known by: it changes with every acquisition and renewal, and an order does not prolong it. */
export function leaderLeaseId({ holder, term, renewals, leaseId = "" }: LeaderValue): string | undefined {
  return holder === undefined ? undefined : `${term}/${holder}/${renewals}/${leaseId}`;
}

/** The rules of the register `leader`, for `RegisterService.use`; `facts` are this voter's own. */
export function createLeaderRules(facts: LeaderFacts): RegisterRules<LeaderValue, LeaderCommand> {
  return {
    prefix: LEADER_KEY,
    value: leaderValueCodec,
    command: leaderCommandCodec,
    decide: (_key, previous, command, actor, leaseId) => decideLeader(previous, command, actor, leaseId),
    check: (_key, previous, command, actor, { leaseAgeMs }) => checkLeader(facts, previous, command, actor, leaseAgeMs),
    leaseId: leaderLeaseId,
  };
}
