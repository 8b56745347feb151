/**
 * The inbox as a view on the requests: which of them wait, in which order, and what may be done with one.
 *
 * @module
 */
import { isOpenRequest, type RequestView } from "@bzzz/api";
import { nameOf, sanitiseLine, titleOf } from "@bzzz/cli";
import { passes } from "./looking.ts";
import type { Model } from "./model.ts";

const STAKES = ["high", "normal", "low"];

/** Asks that wait for this person now: high stakes first, then by their deadline, then by age. */
export function waiting(model: Model): RequestView[] {
  return [...model.requests.values()]
    .filter((request) => isOpenRequest(request) && request.is_addressed_to_me && !isSnoozed(model, request))
    .sort(byUrgency);
}

/** What the inbox lists: what waits, then what is snoozed; with `showsAll` everything that is known. */
export function inboxRows(model: Model): RequestView[] {
  const isShown = (request: RequestView) => model.showsAll || (isOpenRequest(request) && request.is_addressed_to_me);
  const hasWords = (request: RequestView) => passes(model.lists.inbox, sayingOf(request));
  const rank = (request: RequestView) => !isOpenRequest(request) ? 2 : isSnoozed(model, request) ? 1 : 0;
  return [...model.requests.values()].filter((request) => isShown(request) && hasWords(request))
    .sort((a, b) => rank(a) - rank(b) || byUrgency(a, b));
}

/** What of an ask is looked at by find and filter. */
export function sayingOf(request: RequestView): string {
  return `${request.short_id} ${nameOf(request.from)} ${sanitiseLine(titleOf(request))}`;
}

/** Whether the person has put it off, on this screen or for all their views. */
export function isSnoozed(model: Model, request: RequestView): boolean {
  return putOffUntil(model, request) > model.nowMs;
}

/** Wall time until which it is put off, on this screen or for all views of the person; 0: it never was. */
export function putOffUntil(model: Model, request: RequestView): number {
  return Math.max(model.snoozed.get(request.request_id) ?? 0, request.snoozed_until_ms ?? 0);
}

/** The ask with that id or short id among what is known, pending ones first. */
export function findAsk(model: Model, reference: string): RequestView | undefined {
  const wanted = reference.toUpperCase();
  const all = [...model.requests.values()].filter(({ request_id: id }) => wanted.length >= 4 && id.endsWith(wanted));
  const open = all.filter((request) => isOpenRequest(request));
  return open.length === 1 ? open[0] : all.length === 1 ? all[0] : undefined;
}

function byUrgency(a: RequestView, b: RequestView): number {
  return STAKES.indexOf(a.stakes) - STAKES.indexOf(b.stakes) ||
    (a.deadline_ms ?? Number.MAX_SAFE_INTEGER) - (b.deadline_ms ?? Number.MAX_SAFE_INTEGER) ||
    a.opened_at_ms - b.opened_at_ms ||
    (a.request_id < b.request_id ? -1 : 1);
}
