import type { RequestView } from "@bzzz/api";
import { allowedBy, holdsFor, nameOf, sanitiseLine } from "@bzzz/cli";
import { type Html, Said } from "@bzzz/web";
import type { Moment } from "./request.tsx";

/** Approvals that hold for longer than once; each is taken back on the page of its ask. */
export function GrantList({ standing, at }: {
  readonly standing: readonly RequestView[];
  readonly at: Moment;
}): Html {
  if (standing.length === 0) return <p class="quiet">No approval holds for longer than once.</p>;
  return (
    <ul class="list">
      {standing.map((request) => (
        <li>
          <a class="title" href={`/asks/${encodeURIComponent(request.request_id)}#revoke-title`}>
            <Said text={allowedBy(request)} />
          </a>
          holds {request.answer?.until_ms === undefined ? "for " : ""}
          {holdsFor(request, at.format)}: ask {sanitiseLine(request.short_id)} of{" "}
          <Said text={nameOf(request.from)} />, approved by{" "}
          <Said text={request.answer ? nameOf(request.answer.by) : "nobody"} />
        </li>
      ))}
    </ul>
  );
}
