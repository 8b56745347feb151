/**
 * Every status with which the programs end: the one table. 0–8 and 130 are those of the commands (design, portal C.6); from
 * 10 on they tell a supervisor why a node did not run. Numbers are never given a new meaning.
 */
export const EXIT_STATUSES = [
  { status: 0, name: "ok", meaning: "Done, or stopped in good order" },
  { status: 1, name: "failure", meaning: "Failed for a reason that has no status of its own" },
  { status: 2, name: "usage", meaning: "The command line is wrong, or the person cancelled" },
  { status: 3, name: "not_found", meaning: "What was named does not exist, is already answered, or was replaced" },
  { status: 4, name: "not_allowed", meaning: "The identity is locked, or its role does not allow it" },
  { status: 5, name: "timed_out", meaning: "No answer within the time that was given" },
  { status: 6, name: "denied", meaning: "A person or the policy said no" },
  { status: 7, name: "node_unreachable", meaning: "The node that should do it does not run or does not answer" },
  { status: 8, name: "validation_failed", meaning: "The configuration or an input is not valid" },
  { status: 10, name: "service_failed", meaning: "A service of the node failed to start, or to stop in time" },
  { status: 11, name: "port_in_use", meaning: "A port the node needs is taken by another program" },
  {
    status: 12,
    name: "instance_running",
    meaning: "Another instance uses the data directory, or the agent id in the mesh",
  },
  { status: 13, name: "keys_unreadable", meaning: "Keys or grant are missing, damaged, void, or readable by others" },
  {
    status: 14,
    name: "store_damaged",
    meaning: "The database or its disk is damaged, full, not accessible, or written by a newer version",
  },
  { status: 15, name: "defect", meaning: "A defect of the program ended it; its log says where, please report it" },
  { status: 130, name: "interrupted", meaning: "A second signal ended it at once, without draining" },
] as const;

/** The name of an exit status, for code. */
export type ExitName = (typeof EXIT_STATUSES)[number]["name"];
/** A number the programs end with. */
export type ExitStatus = (typeof EXIT_STATUSES)[number]["status"];

/** The number of a named status. */
export function exitStatus(name: ExitName): ExitStatus {
  const found = EXIT_STATUSES.find((entry) => entry.name === name);
  if (!found) throw new TypeError(`Unknown exit status "${name}"`);
  return found.status;
}

/** The one-line meaning of a status, for `--help` and the operations page. */
export function exitMeaning(status: ExitStatus): string {
  return EXIT_STATUSES.find((entry) => entry.status === status)?.meaning ?? "Unknown";
}

/** The statuses that commands name themselves. */
export const EXIT = {
  ok: exitStatus("ok"),
  failure: exitStatus("failure"),
  usage: exitStatus("usage"),
  notFound: exitStatus("not_found"),
  timedOut: exitStatus("timed_out"),
  denied: exitStatus("denied"),
  validationFailed: exitStatus("validation_failed"),
  interrupted: exitStatus("interrupted"),
} as const;

/** Which codes end with which status, whoever threw them: a command, the API's answer, a layer of the node. */
const CODES: Readonly<Partial<Record<ExitName, readonly string[]>>> = {
  usage: ["usage", "cancelled", "ambiguous_id", "not_available_here"],
  not_found: [
    "not_found",
    "already_answered",
    "already_revoked",
    "deleted",
    "version_out_of_bounds",
    "decision_closed",
    "invite_used",
    "request_closed",
    "task_closed",
    "no_leader",
    "term_moved",
    "result_moved",
    "version_moved",
    "task_refused",
    "mesh_missing",
  ],
  not_allowed: [
    "not_allowed",
    "unauthorized",
    "forbidden",
    "host_not_allowed",
    "not_a_master",
    "not_the_leader",
    "slurp_disabled",
    "journal_not_allowed",
    "not_a_recipient",
    "identity_locked",
    "person_missing",
    "passphrase_required",
    "wrong_passphrase",
  ],
  timed_out: ["timeout"],
  denied: ["denied", "voter_refused", "p2p_join_refused", "thread_limit"],
  node_unreachable: [
    "node_unreachable",
    "unexpected_answer",
    "node_starting",
    "node_stopping",
    "no_quorum",
    "journal_stopped",
    "p2p_dial_failed",
    "p2p_not_connected",
    "content_unavailable",
    "content_quota",
    "role_key_exposed",
    "role_key_missing",
  ],
  validation_failed: [
    "validation_failed",
    "config_invalid",
    "config_unreadable",
    "config_missing",
    "deployment_invalid",
    "token_malformed",
    "unknown_role",
    "token_version",
    "invalid_request",
    "invalid_topic",
    "invalid_kind",
    "invalid_address",
    "wildcard_not_allowed",
    "invalid_audience",
    "invalid_media_type",
    "invalid_decision",
    "invalid_goals",
    "already_exists",
    "precondition_failed",
    "content_too_large",
    "too_large",
    "malformed",
    "content_damaged",
    "not_text",
    "invalid_invite",
    "invalid_mesh",
    "invalid_agent_id",
    "invalid_revocation",
    "decision_not_offered",
    "digest_mismatch",
    "client_id_conflict",
    "body_too_large",
    "journal_entry_too_large",
    "invalid_share",
    "mixed_shares",
    "too_few_shares",
    "snapshot_damaged",
    "snapshot_foreign",
    "snapshot_unwritable",
  ],
  service_failed: [
    "p2p_listen_failed",
    "p2p_init_failed",
    "dht_unavailable",
    "election_failed",
    "service_start_failed",
    "service_stop_failed",
  ],
  port_in_use: ["port_in_use"],
  instance_running: ["instance_running", "agent_id_taken", "duplicate_agent_id", "store_locked"],
  keys_unreadable: [
    "keys_unreadable",
    "key_missing",
    "key_permissions",
    "key_malformed",
    "mesh_malformed",
    "invalid_grant",
    "identity_mismatch",
    "grant_missing",
    "grant_revoked",
    "grant_expired",
    "journal_forked",
  ],
  store_damaged: [
    "store_damaged",
    "store_corrupt",
    "store_full",
    "store_newer_version",
    "store_unavailable",
    "lock_unavailable",
    "home_unreadable",
    "home_unwritable",
  ],
  defect: ["defect"],
  interrupted: ["interrupted"],
};

const NAME_OF_CODE: ReadonlyMap<string, ExitName> = new Map(
  EXIT_STATUSES.flatMap(({ name }) => (CODES[name] ?? []).map((code) => [code, name] as const)),
);

/** Statuses that only say that something failed; a cause may say what. */
const GENERIC: ReadonlySet<ExitName> = new Set<ExitName>(["failure", "service_failed", "timed_out"]);
/** How far causes are followed: a cycle of causes must not hang the program's end. */
const MAX_CAUSES = 32;

/**
 * The status for anything thrown. The chain of causes is followed (and the errors of an `AggregateError`, in order), because
 * "a service failed to start" says less than "its port is in use": the first specific status wins, then the first generic one.
 */
export function exitStatusOf(error: unknown): ExitStatus {
  const names = namesOf(error);
  return exitStatus(names.find((name) => !GENERIC.has(name)) ?? names[0] ?? "failure");
}

function namesOf(error: unknown): ExitName[] {
  const names: ExitName[] = [];
  const queue: unknown[] = [error];
  for (let seen = 0; queue.length > 0 && seen < MAX_CAUSES; seen++) {
    const next = queue.shift();
    if (!(next instanceof Error)) continue;
    const name = nameOf(next);
    if (name) names.push(name);
    if (next.cause !== undefined) queue.push(next.cause);
    if (next instanceof AggregateError) queue.push(...next.errors);
  }
  return names;
}

function nameOf(error: Error): ExitName | undefined {
  if ("code" in error && typeof error.code === "string") {
    const name = NAME_OF_CODE.get(error.code);
    if (name) return name;
  }
  if (error.name === "TimeoutError") return "timed_out"; // what `AbortSignal.timeout` aborts with
  // Node's listeners (libp2p's TCP among them) put the system's own name into `code`; Deno's have classes.
  const isAddrInUse = error instanceof Deno.errors.AddrInUse || ("code" in error && error.code === "EADDRINUSE");
  return isAddrInUse ? "port_in_use" : undefined;
}
