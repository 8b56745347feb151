import type { RequestView } from "@bzzz/api";
import { nameOf, relativeTime, titleOf } from "@bzzz/cli";
import { type Html, Said } from "@bzzz/web";
import { Live } from "./words.tsx";

/** Which asks are shown. */
export const TABS = ["waiting", "snoozed", "done"] as const;
/** One of `TABS`. */
export type Tab = (typeof TABS)[number];

/** The tab a request belongs to; a state of a newer node counts as done, because only pending ones wait. */
export function tabOf(state: string): Tab {
  if (state === "pending" || state === "escalated") return "waiting";
  return state === "snoozed" ? "snoozed" : "done";
}

/** Where a list of asks is. */
export function inboxHref(tab: Tab, isAll: boolean): string {
  const query = new URLSearchParams({ ...(tab === "waiting" ? {} : { show: tab }), ...(isAll ? { all: "1" } : {}) });
  return query.size === 0 ? "/" : `/?${query}`;
}

/** The asks of one tab. */
export function Inbox({ requests, tab, isAll, nowMs }: {
  readonly requests: readonly RequestView[];
  readonly tab: Tab;
  readonly isAll: boolean;
  readonly nowMs: number;
}): Html {
  const href = inboxHref(tab, isAll);
  return (
    <>
      <nav aria-label="Asks">
        <ul>
          {TABS.map((one) => (
            <li>
              <a href={inboxHref(one, isAll)} aria-current={one === tab ? "true" : undefined}>{one}</a>
            </li>
          ))}
          <li>
            <a href={inboxHref(tab, !isAll)}>{isAll ? "only mine" : "also others'"}</a>
          </li>
          <li>
            <a href="/grants">approvals that hold</a>
          </li>
        </ul>
      </nav>
      <Live name="asks" href={`${href}${href.includes("?") ? "&" : "?"}part=1`}>
        <InboxList requests={requests} tab={tab} nowMs={nowMs} />
      </Live>
    </>
  );
}

/** The list alone. */
export function InboxList({ requests, tab, nowMs }: {
  readonly requests: readonly RequestView[];
  readonly tab: Tab;
  readonly nowMs: number;
}): Html {
  if (requests.length === 0) {
    return <p class="quiet">{tab === "waiting" ? "Nobody waits for you." : `Nothing is ${tab}.`}</p>;
  }
  return (
    <ul class="list">
      {requests.map((request) => (
        <li>
          <a class="title" href={`/asks/${encodeURIComponent(request.request_id)}`}>
            <Said text={titleOf(request)} />
          </a>
          <Stakes request={request} /> {request.kind} from <Said text={nameOf(request.from)} />, ask {request.short_id}
          {tab === "done" ? `, ${request.state}` : ""}
          {request.deadline_ms === undefined || tab === "done"
            ? ""
            : `, due ${relativeTime(request.deadline_ms, nowMs)}`}
        </li>
      ))}
    </ul>
  );
}

/** How much is at stake, in a word. */
export function Stakes({ request }: { readonly request: RequestView }): Html {
  return request.stakes === "high"
    ? <span class="high">HIGH stakes:</span>
    : <span class="quiet">{request.stakes} stakes:</span>;
}
