import type { RequestOutline } from "./request_outline.ts";
import type { ClosedState, RequestState, RequestView } from "./types.ts";

/** Where a request stands at `nowMs` (wall clock). Silence denies or escalates if the request says so; it never approves. */
export function requestStateAt(view: RequestOutline, nowMs: number): RequestState {
  return closedAs(view, nowMs) ?? (isEscalatedAt(view, nowMs) || view.escalations.length > 0 ? "escalated" : "pending");
}

/** How a request has ended at `nowMs`; undefined while it can be answered. */
export function closedAs(view: RequestOutline, nowMs: number): ClosedState | undefined {
  if (view.recordedState !== "pending") return view.recordedState;
  return isPast(view, nowMs) && view.onTimeout === "deny" ? "expired" : undefined;
}

/** The deadline has passed and the request now goes to everybody who may decide. */
export function isEscalatedAt(view: RequestOutline, nowMs: number): boolean {
  return view.recordedState === "pending" && view.onTimeout === "escalate" && isPast(view, nowMs);
}

/** Whether the deadline has passed at `atMs`. */
export function isPast(view: Pick<RequestView, "deadlineMs">, atMs: number): boolean {
  return view.deadlineMs !== undefined && atMs > view.deadlineMs;
}

/** Until when this person has put a request off; undefined when they have not, or it is over. */
export function snoozedUntil(view: RequestOutline, author: string, nowMs: number): number | undefined {
  const untilMs = view.snoozes.find((snooze) => snooze.author === author)?.untilMs ?? 0;
  return untilMs > nowMs ? untilMs : undefined;
}
