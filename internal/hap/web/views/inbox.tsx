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

/** Where a list of asks is; `after`: a later part of it. */
export function inboxHref(tab: Tab, isAll: boolean, after?: string): string {
  const query = new URLSearchParams({
    ...(tab === "waiting" ? {} : { show: tab }),
    ...(isAll ? { all: "1" } : {}),
    ...(after === undefined ? {} : { after }),
  });
  return query.size === 0 ? "/" : `/?${query}`;
}

/** What a list of asks shows. */
interface ListProps {
  readonly requests: readonly RequestView[];
  readonly tab: Tab;
  readonly isAll: boolean;
  readonly nowMs: number;
  /** Which part of the list this is, and where the next begins. */
  readonly place: { readonly after: string | undefined; readonly next: string | undefined };
}

/** The asks of one tab. */
export function Inbox(props: ListProps): Html {
  const { tab, isAll, place } = props;
  const href = inboxHref(tab, isAll, place.after);
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
        <InboxList {...props} />
      </Live>
    </>
  );
}

/** The list alone. */
export function InboxList({ requests, tab, isAll, nowMs, place }: ListProps): Html {
  const more = place.next === undefined ? "" : (
    <p>
      <a href={inboxHref(tab, isAll, place.next)}>more asks</a>
    </p>
  );
  if (requests.length === 0) {
    const none = tab === "waiting" ? "Nobody waits for you." : `Nothing is ${tab}.`;
    return <>{more === "" ? <p class="quiet">{none}</p> : more}</>;
  }
  return (
    <>
      <ul class="list">
        {requests.map((request) => (
          <li>
            <a class="title" href={`/asks/${encodeURIComponent(request.request_id)}`}>
              <Said text={titleOf(request)} />
            </a>
            <Stakes request={request} /> {request.kind} from <Said text={nameOf(request.from)} />, ask{" "}
            {request.short_id}
            {tab === "done" ? `, ${request.state}` : ""}
            {request.deadline_ms === undefined || tab === "done"
              ? ""
              : `, due ${relativeTime(request.deadline_ms, nowMs)}`}
          </li>
        ))}
      </ul>
      {more}
    </>
  );
}

/** How much is at stake, in a word. */
export function Stakes({ request }: { readonly request: RequestView }): Html {
  return request.stakes === "high"
    ? <span class="high">HIGH stakes:</span>
    : <span class="quiet">{request.stakes} stakes:</span>;
}
