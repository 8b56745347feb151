import { BzzzError, type BzzzErrorOptions } from "@bzzz/base";
import type { ErrorView } from "./error_view.ts";

/** The HTTP status of every code a caller may meet: the one table. A code that is not here is a defect and becomes 500. */
export const STATUS_OF_CODE = {
  invalid_request: 400,
  malformed_json: 400,
  invalid_topic: 400,
  invalid_kind: 400,
  unknown_role: 400,
  invalid_address: 400,
  wildcard_not_allowed: 400,
  invalid_audience: 400,
  invalid_media_type: 400,
  invalid_decision: 400,
  unauthorized: 401,
  forbidden: 403,
  host_not_allowed: 403,
  not_allowed: 403,
  journal_not_allowed: 403,
  not_a_recipient: 403,
  not_found: 404,
  method_not_allowed: 405,
  ambiguous_id: 409,
  already_answered: 409,
  already_exists: 409,
  already_revoked: 409,
  client_id_conflict: 409,
  decision_closed: 409,
  decision_not_offered: 409,
  digest_mismatch: 409,
  duplicate_agent_id: 409,
  invite_used: 409,
  no_leader: 409,
  not_the_leader: 409,
  slurp_disabled: 409,
  request_closed: 409,
  task_closed: 409,
  task_refused: 409,
  deleted: 410,
  precondition_failed: 412,
  term_moved: 409,
  result_moved: 409,
  body_too_large: 413,
  content_too_large: 413,
  too_large: 413,
  journal_entry_too_large: 413,
  unsupported_media_type: 415,
  range_not_satisfiable: 416,
  invalid_goals: 422,
  malformed: 422,
  not_text: 422,
  version_out_of_bounds: 422,
  voter_refused: 409,
  identity_locked: 423,
  person_missing: 409,
  rate_limited: 429,
  thread_limit: 429,
  internal: 500,
  content_damaged: 502,
  content_unavailable: 503,
  role_key_exposed: 503,
  role_key_missing: 503,
  degraded: 503,
  no_quorum: 503,
  journal_behind: 503,
  journal_busy: 503,
  journal_forked: 503,
  journal_stopped: 503,
  node_starting: 503,
  node_stopping: 503,
  queue_full: 503,
  store_corrupt: 503,
  store_locked: 503,
  store_closed: 503,
  store_newer_version: 503,
  store_unavailable: 503,
  too_many_event_clients: 503,
  timeout: 504,
  content_quota: 507,
  store_full: 507,
} as const;

/** Codes that the API itself or the mesh answers with. */
export type ApiErrorCode = keyof typeof STATUS_OF_CODE;
/** What only the client reports: nobody answered, or the answer was not this API's. */
export type ApiClientErrorCode = "node_unreachable" | "unexpected_answer";

/** A refusal of the API, on either side of the wire. `code` is an `ApiErrorCode`, an `ApiClientErrorCode`, or one of a newer node. */
export class ApiError extends BzzzError {
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** Id of the request in the node's log, when a node answered. */
  readonly requestId: string | undefined;
  /** Details that are not flat, as answered: `issues` of a refused body, `candidates` of an ambiguous id. */
  readonly data: Readonly<Record<string, unknown>>;

  constructor(
    code: ApiErrorCode | ApiClientErrorCode | (string & Record<never, never>),
    message: string,
    options: BzzzErrorOptions & { status?: number; requestId?: string; data?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(code, message, options);
    this.status = options.status ?? statusOf(code) ?? 0;
    this.requestId = options.requestId;
    this.data = options.data ?? {};
  }
}

function statusOf(code: string): number | undefined {
  return Object.hasOwn(STATUS_OF_CODE, code) ? STATUS_OF_CODE[code as ApiErrorCode] : undefined; // hasOwn is the proof
}

/** The body and status for anything thrown. A defect keeps its message to the log: it may quote what it worked on. */
export function toErrorView(
  error: unknown,
  at: { readonly requestId: string; readonly nowMs: number; readonly source?: string; readonly path?: string },
): { readonly status: number; readonly view: ErrorView; readonly isDefect: boolean } {
  const known = error instanceof BzzzError ? statusOf(error.code) : undefined;
  const isDefect = known === undefined || known === 500;
  const status = known ?? 500;
  const code = error instanceof BzzzError && known !== undefined ? error.code : "internal";
  const details: Record<string, unknown> = isDefect || !(error instanceof BzzzError)
    ? {}
    : { ...error.details, ...(error instanceof ApiError ? error.data : {}) };
  return {
    status,
    isDefect,
    view: {
      error: {
        code: `UCXL-${status}-${code.toUpperCase()}`,
        message: isDefect || !(error instanceof Error)
          ? "Cannot answer the request: the node failed; its log has the reason under this request id"
          : error.message,
        details,
        ...(at.source === undefined ? {} : { source: at.source }),
        ...(at.path === undefined ? {} : { path: at.path }),
        request_id: at.requestId,
        timestamp: new Date(at.nowMs).toISOString(),
      },
    },
  };
}

/** The other way: the error a client throws for an error body. */
export function fromErrorView(status: number, view: ErrorView): ApiError {
  const { code, message, details, request_id: requestId } = view.error;
  const match = /^UCXL-\d{3}-([A-Z0-9_]+)$/.exec(code);
  const flat = Object.fromEntries(
    Object.entries(details).filter((pair): pair is [string, string | number | boolean] =>
      ["string", "number", "boolean"].includes(typeof pair[1])
    ),
  );
  return new ApiError((match?.[1] ?? code).toLowerCase(), message, { status, requestId, data: details, details: flat });
}
