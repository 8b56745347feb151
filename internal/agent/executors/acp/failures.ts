/**
 * What goes wrong with a coding agent, in words that say what to do.
 *
 * @module
 */
import { ExecutorError } from "../../errors.ts";
import type { GroupExit } from "../process_group.ts";
import type { TurnEnded } from "./protocol.ts";
import { wordsOf } from "./words.ts";

/** It began, and did not come to an end. */
export function failed(state: string, isRetryable: boolean): ExecutorError {
  return new ExecutorError("work_failed", `The coding agent did not finish: ${state}`, { isRetryable });
}

/** It never began. Several of these make this agent claim no more for a while: another may have a program that works. */
export function notStarted(state: string): ExecutorError {
  return new ExecutorError("start_failed", `Cannot start the coding agent: ${state}`, { isRetryable: true });
}

/** A turn that ended in another way than well. */
export function stopFailure(reason: Exclude<TurnEnded["stopReason"], "end_turn">): ExecutorError {
  switch (reason) {
    case "refusal":
      return failed("it refuses to work on the task", false);
    case "max_tokens":
      return failed("its model has no tokens left for this turn", true);
    case "max_turn_requests":
      return failed("it asked its model as often as it may in one turn", true);
    case "cancelled":
      return failed("it says that it was cancelled, and nobody did that", true);
  }
}

/** The program has ended before its work had. `words` is what it wrote that was no message. */
export function endedEarly(
  exit: GroupExit,
  { isReady, words, stderr }: { readonly isReady: boolean; readonly words: string; readonly stderr: string },
): ExecutorError {
  const how = exit.signal === null ? `with status ${exit.code}` : `by ${exit.signal}`;
  const said = `${words}${stderr === "" ? "" : `: ${wordsOf(stderr, 500)}`}`;
  return isReady
    ? failed(`it ended ${how} in the middle of its work${said}`, true)
    : notStarted(`it ended ${how} before it had answered in the Agent Client Protocol${said}`);
}
