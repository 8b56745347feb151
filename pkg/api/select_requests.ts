import { fairPage, type ListedItem, type Page } from "./fair_page.ts";
import type { RequestQuery } from "./inputs.ts";
import { isOpenRequest } from "./states.ts";
import type { RequestRecord } from "./views.ts";

/** What decides whether a query asks for a request, and where it stands. */
export interface RequestFacts extends ListedItem {
  readonly state: RequestRecord["state"];
  /** Whether it is an approval that holds for longer than once, now. */
  readonly isStanding: boolean;
  readonly isForMe: boolean;
}

/**
 * Those that a query asks for, oldest first. Where there are more than one answer has: of each asker the oldest of what
 * waits, so that a flood pushes nobody out of the line; else the newest, which is what people look for.
 */
export function selectRequests<T, V>(
  requests: Iterable<T>,
  query: RequestQuery,
  { factsOf, view }: { readonly factsOf: (request: T) => RequestFacts; readonly view: (request: T) => V },
): Page<V> {
  const { state, limit, after } = query;
  const found = [...requests].map((request) => ({ request, facts: factsOf(request) }))
    .filter(({ facts }) => isWanted(facts, query));
  const isWaiting = state !== undefined && state !== "standing" && (state === "open" || isOpenRequest({ state }));
  const page = fairPage(found, {
    placeOf: ({ facts }) => facts,
    first: isWaiting ? "oldest" : "newest",
    limit,
    after,
    view: ({ request }) => view(request),
  });
  return isWaiting ? page : { ...page, items: page.items.toReversed() };
}

function isWanted(facts: RequestFacts, { state, addressed_to: addressedTo }: RequestQuery): boolean {
  if (addressedTo === "me" && !facts.isForMe) return false;
  if (state === undefined) return true;
  if (state === "open") return isOpenRequest(facts);
  return state === "standing" ? facts.isStanding : facts.state === state;
}

/** Whether an approval holds for longer than once at `nowMs`. */
export function isStandingAt(
  answer: { readonly decision: string; readonly scope?: string | undefined; readonly untilMs?: number | undefined },
  nowMs: number,
): boolean {
  if (answer.decision !== "approve") return false;
  return answer.scope === "task" || (answer.scope === "until" && (answer.untilMs ?? 0) > nowMs);
}
