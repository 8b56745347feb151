import type { ProbeOutcome, ReadOutcome, SubmitOutcome } from "@bzzz/register";
import type { LeaderValue } from "./leader_value.ts";
import type { ElectionAnswer } from "./types.ts";

/** What the machine hears of a read. */
export function readAnswer(outcome: ReadOutcome<LeaderValue>): ElectionAnswer {
  return outcome.type === "value" ? { type: "value", value: outcome.value } : { type: "no_answer" };
}

/** What the machine hears of a command or a probe. A refusal that time may lift is no refusal. */
export function submitAnswer(outcome: SubmitOutcome<LeaderValue> | ProbeOutcome<LeaderValue>): ElectionAnswer {
  switch (outcome.type) {
    case "would_accept":
      return { type: "would_accept" };
    case "decided":
      return { type: "decided", value: outcome.value };
    case "undecided":
      return { type: "no_answer" };
    case "refused": {
      const { code, value, retryAfterMs } = outcome;
      if (retryAfterMs !== undefined) return { type: "not_yet", afterMs: retryAfterMs };
      return { type: "refused", code, ...(value === undefined ? {} : { value }) };
    }
  }
}
