import { BzzzError } from "@bzzz/base";

/** What kept the source from reading or writing. Messages name GitHub's status, never its text and never the token. */
export type GitHubErrorCode =
  /** No answer: the network, a name, TLS. */
  | "unreachable"
  /** Status 500 and above. */
  | "server_error"
  /** Not what the API promises: too large, no JSON, another shape, a link to another server. */
  | "bad_answer"
  /** 401, or a token file that cannot be used. */
  | "unauthorized"
  /** 403 without a limit: the token may not do this. */
  | "forbidden"
  /** 404: it does not exist, or the token does not see it. */
  | "not_found"
  /** 410: the issue was deleted. */
  | "gone"
  /** 301 and the like: the repository or the issue has another name. */
  | "moved"
  /** A limit: nothing is sent until it has passed. */
  | "rate_limited"
  /** 422 and other refusals of what was sent. */
  | "refused"
  /** An issue with more comments than are read. */
  | "too_many_comments"
  /** The node leads no more. */
  | "term_over";

/** See `GitHubErrorCode`. `details` may have `status`, `what` and `retryAfterMs`. */
export class GitHubError extends BzzzError<GitHubErrorCode> {}

/** Whether an error says that GitHub is ill, rather than that it refused something. */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof BzzzError)) return true;
  return error.code === "unreachable" || error.code === "server_error" || error.code === "bad_answer" ||
    error.code === "timeout";
}

/** Whether nothing else would go better now, so that the round ends. */
export function endsRound(error: unknown): boolean {
  if (!(error instanceof BzzzError)) return false;
  return isOutage(error) || error.code === "rate_limited" || error.code === "breaker_open" ||
    error.code === "unauthorized" || error.code === "term_over";
}
