import { BzzzError } from "@bzzz/base";

/** What a command itself refuses: how it was called, a person who cancelled, a node that is not there. */
export class CliError extends BzzzError<
  | "usage"
  | "cancelled"
  | "node_unreachable"
  | "not_available_here"
  | "invalid_request"
  | "decision_not_offered"
> {}

/** A wrong command line; the message says what was found and what is expected. */
export function usageError(message: string): CliError {
  return new CliError("usage", message);
}
