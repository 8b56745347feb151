/**
 * The view of a request to people: pure.
 *
 * @module
 */
import type { Grant } from "@bzzz/agentid";
import type { RequestRecord } from "@bzzz/api";
import type { PeerId } from "@bzzz/base";
import type { WordedRequest } from "../read_model.ts";
import {
  type AnswerView,
  closedAs,
  isRequestFor,
  parseFormSchema,
  type RequestOutline,
  requestStateAt,
  type RequestView,
  snoozedUntil,
} from "@bzzz/hmmm";
import { authorView, type GrantLookup } from "./views.ts";

/** The task state of A2A and the action of MCP that say the same (design, portal C.2). */
function mapped(request: RequestView, nowMs: number): Pick<RequestRecord, "a2a_state" | "mcp_action"> {
  const state = closedAs(request, nowMs);
  if (state === undefined) {
    if (request.kind === "notice") return {};
    return { a2a_state: request.kind === "auth" ? "auth-required" : "input-required" };
  }
  return { mcp_action: state === "answered" ? "accept" : state === "declined" ? "decline" : "cancel" };
}

function decided(answer: AnswerView, grantOf: GrantLookup): NonNullable<RequestRecord["answer"]> {
  const { decision, text, choice, reason, values, editedAction, editedDigest, scope, untilMs, auto, human } = answer;
  return {
    decision,
    ...(text === undefined ? {} : { text }),
    ...(choice === undefined ? {} : { choice }),
    ...(reason === undefined ? {} : { reason }),
    ...(values === undefined ? {} : { values: JSON.parse(values) as Record<string, unknown> }), // the fold has checked it
    ...(editedAction === undefined ? {} : { edited_action: editedAction }),
    ...(editedDigest === undefined ? {} : { edited_digest: editedDigest }),
    ...(scope === undefined ? {} : { scope }),
    ...(untilMs === undefined ? {} : { until_ms: untilMs }),
    ...(auto === undefined ? {} : { auto }),
    ...(human === undefined ? {} : { person: human.person }),
    by: authorView(answer.author, grantOf),
    at_ms: answer.answeredAt.ms,
    entry_id: answer.entry,
  };
}

/** A form as it was asked; one that cannot be read is left out, and its text is in the body's entry. */
function formOf({ schema }: RequestView): Pick<RequestRecord, "form"> {
  if (schema === undefined || !parseFormSchema(schema).ok) return {};
  return { form: JSON.parse(schema) as Record<string, unknown> }; // the parser has read it as an object
}

/** Nothing for an empty list: most requests have none of these. */
function listed<K extends string, T>(key: K, items: readonly T[] | undefined): { [P in K]?: T[] } {
  // A computed key widens to string; the one key is K.
  return items === undefined || items.length === 0 ? {} : { [key]: [...items] } as { [P in K]?: T[] };
}

/** Where a request stands for `self`, who may have put it off. */
export function shownState(request: RequestOutline, self: PeerId, nowMs: number): RequestRecord["state"] {
  const state = requestStateAt(request, nowMs);
  const isPutOff = (state === "pending" || state === "escalated") && snoozedUntil(request, self, nowMs) !== undefined;
  return isPutOff ? "snoozed" : state;
}

/** `self` is the person or agent of this node; only a person is ever addressed. */
export function requestRecord(
  request: RequestView,
  options: {
    readonly nowMs: number;
    readonly self: Pick<Grant, "peer" | "agentId" | "role" | "level" | "binaryType">;
    grantOf: GrantLookup;
    /** By a rule of this node's policy. */
    raised?: { readonly stakes: RequestRecord["stakes"]; readonly rule: string } | undefined;
    worded?: WordedRequest | undefined;
  },
): RequestRecord {
  const { grantOf, self, nowMs } = options;
  const { answer, to, performed } = request;
  const snoozedUntilMs = snoozedUntil(request, self.peer, nowMs);
  const state = requestStateAt(request, nowMs);
  const isOpen = state === "pending" || state === "escalated";
  const attention = (all: RequestView["claims"]) =>
    all.filter((one) => isOpen && one.untilMs > nowMs)
      .map((one) => ({ by: authorView(one.author, grantOf), at_ms: one.at.ms, until_ms: one.untilMs }));
  return {
    request_id: request.requestId,
    digest: request.digest,
    kind: request.kind,
    state: shownState(request, self.peer, nowMs),
    stakes: options.raised?.stakes ?? request.stakes,
    ...(options.raised ? { stakes_raised_by: options.raised.rule } : {}),
    title: request.title,
    body: request.body,
    ...(request.wording ? { wording: { ...request.wording, ...options.worded } } : {}),
    allow: [...request.allow, ...request.offers ?? ["escalate"]],
    ...(request.action ? { action: request.action } : {}),
    ...formOf(request),
    ...listed("refs", request.refs),
    ...listed("on_behalf_of", request.onBehalfOf),
    ...listed("eligible", request.eligible),
    ...(request.humanPresent ? { human_present: true } : {}),
    ...(request.thread === undefined ? {} : { thread: request.thread }),
    ...(request.choices ? { choices: [...request.choices] } : {}),
    from: authorView(request.openedBy, grantOf),
    to: {
      ...(to.human ? { human: to.human } : {}),
      ...(to.role ? { role: to.role } : {}),
      ...(to.quorum ? { quorum: to.quorum } : {}),
    },
    is_addressed_to_me: isRequestFor(request, self, self.peer, nowMs),
    ...(request.taskId ? { task_id: request.taskId } : {}),
    opened_at_ms: request.openedAt.ms,
    ...(request.deadlineMs === undefined ? {} : { deadline_ms: request.deadlineMs }),
    on_timeout: request.onTimeout,
    ...(request.supersedes ? { supersedes: request.supersedes } : {}),
    ...(request.supersededBy ? { superseded_by: request.supersededBy } : {}),
    ...(answer ? { answer: decided(answer, grantOf) } : {}),
    ...(to.quorum ? listed("votes", request.votes.map((vote) => decided(vote, grantOf))) : {}),
    ...listed("late", request.late.map((late) => ({ ...decided(late, grantOf), closed_as: late.closedAs }))),
    ...(request.revoked
      ? { revoked: { by: request.revoked.by, at_ms: request.revoked.at.ms, reason: request.revoked.reason } }
      : {}),
    ...(isOpen && snoozedUntilMs !== undefined ? { snoozed_until_ms: snoozedUntilMs } : {}),
    ...listed("snoozed", attention(request.snoozes)),
    ...listed("claimed", attention(request.claims)),
    ...listed(
      "escalations",
      request.escalations.map(({ by, at, to, reason }) => ({
        by,
        at_ms: at.ms,
        to: { ...(to.human ? { human: to.human } : {}), ...(to.role ? { role: to.role } : {}) },
        ...(reason === undefined ? {} : { reason }),
      })),
    ),
    ...(performed ? { performed: { outcome: performed.outcome, text: performed.text, at_ms: performed.at.ms } } : {}),
    ...mapped(request, nowMs),
    ...(request.withdrawnReason === undefined ? {} : { closed_reason: request.withdrawnReason }),
  };
}
