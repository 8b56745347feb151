import type { RequestQuery } from "./inputs.ts";
import { isOpenRequest } from "./states.ts";
import type { RequestRecord } from "./views.ts";

/** Whether an approval holds for longer than once, now. */
function isStanding({ answer, revoked }: RequestRecord, nowMs: number): boolean {
  if (answer?.decision !== "approve" || revoked) return false;
  return answer.scope === "task" || (answer.scope === "until" && (answer.until_ms ?? 0) > nowMs);
}

/**
 * Those of `records`, which are oldest first, that a query asks for, in the same order. Where there are more than its limit: the oldest
 * of what waits, so that a flood pushes nobody out of the line; else the newest, which is what people look for.
 */
export function selectRequests(
  records: readonly RequestRecord[],
  { state, limit }: RequestQuery,
  { nowMs }: { readonly nowMs: number },
): readonly RequestRecord[] {
  const isWanted = (record: RequestRecord): boolean => {
    if (state === undefined) return true;
    if (state === "open") return isOpenRequest(record);
    return state === "standing" ? isStanding(record, nowMs) : record.state === state;
  };
  const found = records.filter(isWanted);
  const isWaiting = state !== undefined && state !== "standing" && (state === "open" || isOpenRequest({ state }));
  return isWaiting ? found.slice(0, limit) : found.slice(-limit);
}
