import {
  type AccessDecision,
  type AccessOperation,
  type AuthorityLevel,
  can,
  levelMay,
  type Resource,
} from "@bzzz/crypto";
import type { EntryKind, SignalKind } from "@bzzz/wire";
import type { Grant } from "./grant.ts";

export type { AccessDecision } from "@bzzz/crypto";

/**
 * Things that members do to each other's world, each with its place in the matrix of `@bzzz/crypto`; what a node does to
 * itself needs no permission.
 */
const PLACE_OF = {
  read: ["message", "read"],
  announce: ["self", "create"],
  report_fork: ["fork", "create"],
  report_access: ["audit", "create"],
  discuss: ["message", "create"],
  create_task: ["task", "create"],
  execute_task: ["task", "execute"],
  cancel_task: ["task", "delete"],
  review_task: ["task", "create"], // who may judge which, the register's rules know
  tell_decision: ["self", "create"], // the certificate convinces by itself, whoever brings it
  open_request: ["request", "create"],
  withdraw_request: ["request", "delete"],
  answer_request: ["request", "answer"],
  write_context: ["context", "create"],
  delete_context: ["context", "delete"],
  vote_decision: ["decision", "update"],
  manage_members: ["member", "administer"],
  define_roles: ["role", "administer"],
  manage_role_keys: ["role_key", "administer"],
  share_admin_key: ["admin_key", "administer"],
  report_leadership: ["election", "create"],
  lead: ["election", "execute"],
  order_election: ["election", "administer"],
} as const satisfies Readonly<Record<string, readonly [Resource, AccessOperation]>>;

/** One of the things in that list. */
export type Operation = keyof typeof PLACE_OF;

const OPERATION_OF: Readonly<Record<EntryKind | SignalKind, Operation>> = {
  grant_issued: "manage_members",
  grant_revoked: "manage_members",
  person_record: "announce",
  agent_record: "announce",
  roles_defined: "define_roles",
  role_key_sealed: "manage_role_keys",
  admin_key_shared: "share_admin_key",
  access_decided: "report_access",
  leadership_decided: "report_leadership",
  roster_changed: "report_leadership",
  election_ordered: "order_election",
  leader_heartbeat: "lead",
  presence: "announce",
  leaving: "announce",
  fork_proved: "report_fork",
  context_put: "write_context",
  context_deleted: "delete_context",
  decision_voted: "vote_decision",
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
  task_retried: "cancel_task",
  task_reviewed: "review_task",
  task_decided: "tell_decision",
  request_opened: "open_request",
  request_answered: "answer_request",
  request_withdrawn: "withdraw_request",
  request_handled: "answer_request",
  request_revoked: "answer_request",
  request_covered: "open_request",
  request_performed: "open_request",
};

/** Whether a level alone suffices for an operation, whatever the program. For menus; receivers ask `mayPerform`. */
export function roleMay(level: AuthorityLevel, operation: Operation): boolean {
  const [resource, action] = PLACE_OF[operation];
  return levelMay(level, resource, action);
}

/** Whether the holder of `grant` may do `operation` (specification 8.2; the claim of the sender is never consulted). */
export function mayPerform(operation: Operation, grant: Pick<Grant, "level" | "role" | "binaryType">): AccessDecision {
  const [resource, action] = PLACE_OF[operation];
  return can(resource, action, grant);
}

/**
 * Whether the holder of `grant` may author an entry or signal of `kind`. The matrix, from reference section 2.7:
 *
 * | kinds | level | binary type |
 * |---|---|---|
 * | person_record, agent_record, presence, leaving, fork_proved, access_decided, leadership_decided, roster_changed, task_decided | read_only | any |
 * | leader_heartbeat, message_posted, task_posted, _cancelled, _retried, _reviewed | suggestion | any |
 * | request_opened, _withdrawn, _performed, _covered | suggestion | any |
 * | context_put, context_deleted, decision_voted | suggestion | any |
 * | task_claimed, _progress, _blocked, _resumed, _completed, _failed, _released | suggestion | agent |
 * | request_answered, request_handled, request_revoked | suggestion | hap |
 * | grant_issued, grant_revoked, roles_defined, role_key_sealed, admin_key_shared, election_ordered | master | any |
 *
 * A read_only member is seen but not heard. An unknown kind is refused. Rules about whose task or request it is (only
 * the holder reports progress, only the asker withdraws, an agent below coordination cancels only what it posted, a member
 * below coordination deletes only what it wrote, a vote binds when a person of level decision casts it) belong to the folds that know it.
 */
export function mayAuthor(kind: string, grant: Pick<Grant, "level" | "role" | "binaryType">): AccessDecision {
  if (!isKnownKind(kind)) return { allow: false, reason: `kind "${kind.slice(0, 48)}" is not known` };
  return mayPerform(OPERATION_OF[kind], grant);
}

function isKnownKind(kind: string): kind is EntryKind | SignalKind {
  return Object.hasOwn(OPERATION_OF, kind);
}
