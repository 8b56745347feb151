import type { ExecutionJob } from "../types.ts";
import { fenced } from "./fence.ts";

/** Why earlier tries came to nothing, for a model that works on the next one. */
export function earlierTriesText(tries: ExecutionJob["earlierTries"]): string[] {
  return tries.map(({ outcome, reason }) =>
    outcome === "rejected"
      ? `A result of an earlier try was sent back. Do better.\n${fenced("why it was sent back", reason)}`
      : `An earlier try failed.\n${fenced("why it failed", reason)}`
  );
}
