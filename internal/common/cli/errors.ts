import { BzzzError } from "@bzzz/base";

/** What a command itself refuses: how it was called, a person who cancelled, a node that is not there. */
export class CliError extends BzzzError<
  | "usage"
  | "cancelled"
  | "config_invalid"
  | "port_in_use"
  | "node_unreachable"
  | "not_available_here"
  | "invalid_request"
  | "decision_not_offered"
  | "invalid_address"
  | "wildcard_not_allowed"
  | "validation_failed"
  | "not_found"
  | "task_refused"
  | "version_moved"
  | "timeout"
> {}

/** A wrong command line; the message says what was found and what is expected. */
export function usageError(message: string): CliError {
  return new CliError("usage", message);
}
