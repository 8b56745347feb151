/** The statuses of commands (design, portal C.6). A program may add others for its node; these never change their meaning. */
export const EXIT = {
  ok: 0,
  failure: 1,
  /** The command line is wrong, or the person cancelled. */
  usage: 2,
  /** What was named does not exist, or is already answered. */
  notFound: 3,
  notAllowed: 4,
  timedOut: 5,
  denied: 6,
  nodeUnreachable: 7,
  validationFailed: 8,
  interrupted: 130,
} as const;

/** A number a program ends with: one of `EXIT`, or one that the node itself ended with. */
export type ExitStatus = number;

const STATUS_OF_CODE: Readonly<Record<string, ExitStatus>> = {
  usage: EXIT.usage,
  cancelled: EXIT.usage,
  ambiguous_id: EXIT.usage,
  not_found: EXIT.notFound,
  already_answered: EXIT.notFound,
  already_revoked: EXIT.notFound,
  invite_used: EXIT.notFound,
  request_closed: EXIT.notFound,
  task_closed: EXIT.notFound,
  unauthorized: EXIT.notAllowed,
  forbidden: EXIT.notAllowed,
  host_not_allowed: EXIT.notAllowed,
  identity_locked: EXIT.notAllowed,
  not_allowed: EXIT.notAllowed,
  timeout: EXIT.timedOut,
  denied: EXIT.denied,
  node_unreachable: EXIT.nodeUnreachable,
  node_starting: EXIT.nodeUnreachable,
  node_stopping: EXIT.nodeUnreachable,
  invalid_request: EXIT.validationFailed,
  invalid_topic: EXIT.validationFailed,
  invalid_kind: EXIT.validationFailed,
  decision_not_offered: EXIT.validationFailed,
  digest_mismatch: EXIT.validationFailed,
  client_id_conflict: EXIT.validationFailed,
  body_too_large: EXIT.validationFailed,
};

/** The status for a failure with this code; undefined for a code that commands do not know. */
export function exitStatusOfCode(code: string): ExitStatus | undefined {
  return Object.hasOwn(STATUS_OF_CODE, code) ? STATUS_OF_CODE[code] : undefined;
}
