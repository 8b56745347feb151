import { nameOf, relativeTime, sanitiseLine, voteMark } from "@bzzz/cli";
import type { DecisionDetailView, DecisionItemView } from "@bzzz/ucxi";
import { VOTES } from "@bzzz/wire";
import { type Html, Said, SaidBlock } from "@bzzz/web";
import { type Moment, Passphrase } from "./request.tsx";
import { At, Live } from "./words.tsx";
import { decisionHref, versionHref } from "./hrefs.ts";

/** Decisions and where they stand. */
export function DecisionList(
  { items, at }: { readonly items: readonly DecisionItemView[]; readonly at: Moment },
): Html {
  if (items.length === 0) return <p class="quiet">No decisions.</p>;
  return (
    <ul class="list">
      {items.map((item) => (
        <li>
          <a class="title" href={decisionHref(item.version.address)}>
            <Said text={item.record?.title ?? "(meant for others)"} />
          </a>
          <Standing item={item} at={at} /> · by <Said text={nameOf(item.version.author)} />,{" "}
          <At ms={item.version.written_at_ms} format={at.format} />
        </li>
      ))}
    </ul>
  );
}

function Standing({ item, at }: { readonly item: DecisionItemView; readonly at: Moment }): Html {
  const { counts, record, state, bound_by: boundBy } = item;
  const closes = state === "open" && record?.voting
    ? `, closes ${relativeTime(record.voting.closes_at_ms, at.nowMs)}`
    : "";
  return (
    <span>
      {state ?? "sealed"}
      {boundBy === undefined ? "" : (
        <>
          by <Said text={boundBy} />
        </>
      )}
      {counts
        ? `: ${counts.approve} approve, ${counts.reject} reject, ${counts.abstain} abstain, ${counts.defer} defer`
        : ""}
      {closes}
    </span>
  );
}

/** One decision, its votes as they come, and a vote of one's own. */
export function DecisionPage({ decision, at, form, isLocked, problem }: {
  readonly decision: DecisionDetailView;
  readonly at: Moment;
  /** Undefined = this person cannot vote here. */
  readonly form: string | undefined;
  /** The person's key is locked: a vote takes its passphrase. */
  readonly isLocked: boolean;
  readonly problem?: string | undefined;
}): Html {
  const { record, version } = decision;
  return (
    <>
      {problem === undefined ? "" : <p class="problem" role="alert">{sanitiseLine(problem)}</p>}
      {record === undefined ? <p>It is meant for other roles.</p> : (
        <>
          <SaidBlock
            label="What is decided"
            text={[record.summary, record.rationale ?? ""].join("\n\n").trim() || record.title}
          />
          <dl>
            <dt>Type</dt>
            <dd>
              <Said text={`${record.type}, ${record.outcome}`} />
            </dd>
            {record.chosen === undefined ? "" : (
              <>
                <dt>Chosen</dt>
                <dd>
                  <Said text={record.chosen} />
                </dd>
              </>
            )}
            {record.supersedes === undefined ? "" : (
              <>
                <dt>Replaces</dt>
                <dd>
                  <a href={decisionHref(record.supersedes)}>
                    <Said text={record.supersedes} />
                  </a>
                </dd>
              </>
            )}
            {record.citations.map((citation) => (
              <>
                <dt>Source</dt>
                <dd>
                  <a href={versionHref(citation.address)}>
                    <Said text={citation.address} />
                  </a>
                </dd>
              </>
            ))}
          </dl>
        </>
      )}
      <p>
        <a href={versionHref(version.address)}>History of this address</a>
      </p>
      <Live name="context" href={`${decisionHref(version.address)}&part=1`}>
        <Votes decision={decision} at={at} />
      </Live>
      {form === undefined ? "" : (
        <form method="post" action="/decisions/vote">
          <input type="hidden" name="form" value={form} />
          <input type="hidden" name="address" value={version.address} />
          <fieldset>
            <legend>Your vote</legend>
            {VOTES.map((vote) => (
              <label class="choice">
                <input type="radio" name="vote" value={vote} required /> {vote}
              </label>
            ))}
          </fieldset>
          <label for="reason">Why (sealed for those who may read the decision)</label>
          <textarea id="reason" name="reason" rows={2}></textarea>
          <Passphrase isAsked={isLocked} id="vote-passphrase" />
          <button type="submit">Vote</button>
        </form>
      )}
    </>
  );
}

/** Where a decision stands, vote by vote. */
export function Votes({ decision, at }: { readonly decision: DecisionDetailView; readonly at: Moment }): Html {
  return (
    <>
      <h2>Votes</h2>
      <p>
        <Standing item={decision} at={at} />
      </p>
      <ol class="list">
        {decision.votes.map((vote) => (
          <li>
            <Said text={nameOf(vote.author)} />: <Said text={vote.vote} />
            {voteMark(vote)}, <At ms={vote.at_ms} format={at.format} />
            {vote.reason === undefined ? "" : (
              <>
                : <Said text={vote.reason} />
              </>
            )}
          </li>
        ))}
      </ol>
    </>
  );
}
