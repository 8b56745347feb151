import type { EntryKind, SignalKind } from "@bzzz/wire";
import type { Grant } from "./grant.ts";
import { type AuthorityLevel, type BinaryType, levelAtLeast } from "./roles.ts";

/** The answer to "may it": the reason is for people and logs, in either case. */
export interface AccessDecision {
  readonly allow: boolean;
  readonly reason: string;
}

/** Things that members do to each other's world; what a node does to itself needs no permission. */
export type Operation =
  | "read"
  | "announce"
  | "report_fork"
  | "discuss"
  | "create_task"
  | "execute_task"
  | "cancel_task"
  | "open_request"
  | "withdraw_request"
  | "answer_request"
  | "manage_members";

interface Rule {
  readonly minLevel: AuthorityLevel;
  readonly binaryType?: BinaryType;
}

const RULES: Readonly<Record<Operation, Rule>> = {
  read: { minLevel: "read_only" },
  announce: { minLevel: "read_only" },
  report_fork: { minLevel: "read_only" }, // the proof convinces by itself, whoever brings it
  discuss: { minLevel: "suggestion" },
  create_task: { minLevel: "suggestion" },
  execute_task: { minLevel: "suggestion", binaryType: "agent" },
  cancel_task: { minLevel: "suggestion" }, // its own; whose task it is, and who may cancel others', the fold knows
  open_request: { minLevel: "suggestion" },
  withdraw_request: { minLevel: "suggestion" },
  answer_request: { minLevel: "suggestion", binaryType: "hap" },
  manage_members: { minLevel: "master" },
};

const OPERATION_OF: Readonly<Record<EntryKind | SignalKind, Operation>> = {
  grant_issued: "manage_members",
  grant_revoked: "manage_members",
  agent_record: "announce",
  presence: "announce",
  leaving: "announce",
  fork_proved: "report_fork",
  message_posted: "discuss",
  task_posted: "create_task",
  task_claimed: "execute_task",
  task_progress: "execute_task",
  task_blocked: "execute_task",
  task_resumed: "execute_task",
  task_completed: "execute_task",
  task_failed: "execute_task",
  task_released: "execute_task",
  task_cancelled: "cancel_task",
  request_opened: "open_request",
  request_answered: "answer_request",
  request_withdrawn: "withdraw_request",
};

/** Whether a level alone suffices for an operation, whatever the program. For menus; receivers ask `mayPerform`. */
export function roleMay(level: AuthorityLevel, operation: Operation): boolean {
  return levelAtLeast(level, RULES[operation].minLevel);
}

/** Whether the holder of `grant` may do `operation` (specification 8.2; the claim of the sender is never consulted). */
export function mayPerform(operation: Operation, grant: Pick<Grant, "level" | "role" | "binaryType">): AccessDecision {
  const { minLevel, binaryType } = RULES[operation];
  if (binaryType && grant.binaryType !== binaryType) {
    const who = binaryType === "hap" ? "a person (binary type hap)" : "an agent (binary type agent)";
    return { allow: false, reason: `${operation} is for ${who}, not for binary type ${grant.binaryType}` };
  }
  if (levelAtLeast(grant.level, minLevel)) {
    return { allow: true, reason: `role ${grant.role} (${grant.level}) may ${operation}` };
  }
  return { allow: false, reason: `${operation} needs level ${minLevel}, role ${grant.role} has ${grant.level}` };
}

/**
 * Whether the holder of `grant` may author an entry or signal of `kind`. The matrix, from reference section 2.7:
 *
 * | kinds | level | binary type |
 * |---|---|---|
 * | agent_record, presence, leaving, fork_proved | read_only | any |
 * | message_posted, task_posted, task_cancelled, request_opened, request_withdrawn | suggestion | any |
 * | task_claimed, _progress, _blocked, _resumed, _completed, _failed, _released | suggestion | agent |
 * | request_answered | suggestion | hap |
 * | grant_issued, grant_revoked | master | any |
 *
 * A read_only member is seen but not heard. An unknown kind is refused. Rules about whose task or request it is (only
 * the holder reports progress, only the asker withdraws, an agent below coordination cancels only what it posted) belong to the folds that know it.
 */
export function mayAuthor(kind: string, grant: Pick<Grant, "level" | "role" | "binaryType">): AccessDecision {
  if (!isKnownKind(kind)) return { allow: false, reason: `kind "${kind.slice(0, 48)}" is not known` };
  return mayPerform(OPERATION_OF[kind], grant);
}

function isKnownKind(kind: string): kind is EntryKind | SignalKind {
  return Object.hasOwn(OPERATION_OF, kind);
}
