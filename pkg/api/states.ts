/** The states of architecture section 6 that a reader can meet. */
export const TASK_STATES = [
  "announced",
  "claimed",
  "planning",
  "discussing",
  "executing",
  "review",
  "blocked",
  "completed",
  "failed",
  "cancelled",
  "expired",
] as const;

/** The states of a request to a person (design, portal C.2). */
export const REQUEST_STATES = [
  "pending",
  "snoozed",
  "escalated",
  "answered",
  "declined",
  "expired",
  "superseded",
  "withdrawn",
] as const;

/** Whether a request in this state can be answered. */
export function isOpenRequest(request: { readonly state: (typeof REQUEST_STATES)[number] }): boolean {
  return request.state === "pending" || request.state === "snoozed" || request.state === "escalated";
}
