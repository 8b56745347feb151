import { sanitiseLine } from "@bzzz/cli";
import type { ContentAnswer, HistoryView, SearchView, VersionView } from "@bzzz/ucxi";
import { parseConcrete, PATCHES_FOLDER } from "@bzzz/ucxl";
import { type Html, Said, SaidBlock } from "@bzzz/web";
import type { Moment } from "./request.tsx";
import { textIn } from "../text_in.ts";
import { displaySize } from "./size.ts";
import { At } from "./words.tsx";
import { newPatchHref, patchHref, slurpHref, versionHref, writeHref } from "./hrefs.ts";

/** Of one content; a longer one is not shown. */
const MAX_SHOWN_BYTES = 512 * 1024;

function diffHref(address: string, from: number, to: number): string {
  return `/context/diff?${new URLSearchParams({ address, from: `*~${from}`, to: `*~${to}` })}`;
}

/** The fields that find something. */
export function ContextFinder({ pattern, text }: { readonly pattern: string; readonly text: string }): Html {
  return (
    <form method="get" action="/context" role="search">
      <label for="text">Words</label>
      <input id="text" name="text" value={sanitiseLine(text)} />
      <label for="pattern">At (an address with any, * and **)</label>
      <input id="pattern" name="pattern" value={sanitiseLine(pattern)} autocapitalize="none" spellcheck={false} />
      <button type="submit">Find</button>
    </form>
  );
}

/** Latest versions. */
export function VersionList({ versions, at, hasMore }: {
  readonly versions: readonly VersionView[];
  readonly at: Moment;
  readonly hasMore: boolean;
}): Html {
  if (versions.length === 0) return <p class="quiet">Nothing is there.</p>;
  return (
    <>
      <ul class="list">
        {versions.map((version) => (
          <li>
            <a class="title" href={versionHref(version.address)}>
              <Said text={version.address} />
            </a>
            <VersionFacts version={version} at={at} />
          </li>
        ))}
      </ul>
      {hasMore ? <p class="quiet">There is more; narrow the address down.</p> : ""}
    </>
  );
}

/** The words of a snippet that fit stand between U+0002 and U+0003. */
const FITTING_WORDS = new RegExp("(\u0002[^\u0003]*\u0003)");

/** What was found, with the words around it. */
export function FoundList({ found, at }: { readonly found: SearchView; readonly at: Moment }): Html {
  return (
    <>
      {found.is_complete ? "" : (
        <p class="notice">
          Not everything was looked at yet: {found.seen} of {found.total} versions. Look again in a moment.
        </p>
      )}
      {found.items.length === 0 ? <p class="quiet">Nothing was found.</p> : ""}
      <ul class="list">
        {found.items.map((item) => (
          <li>
            <a class="title" href={versionHref(item.address, item.n)}>
              <Said text={item.address} />
            </a>
            <VersionFacts version={item} at={at} />
            {item.snippet === undefined ? "" : (
              <p>
                {item.snippet.split(FITTING_WORDS).map((part) =>
                  part.startsWith("\u0002")
                    ? (
                      <mark>
                        <Said text={part.slice(1, -1)} />
                      </mark>
                    )
                    : <Said text={part} />
                )}
              </p>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

function VersionFacts({ version, at }: { readonly version: VersionView; readonly at: Moment }): Html {
  return (
    <span>
      version {version.n} of {version.total}, <At ms={version.written_at_ms} format={at.format} />, by{" "}
      <Said text={version.author.agent_id ?? `peer …${version.author.peer_id.slice(-8)}`} />
      {version.is_deleted ? ", deleted" : version.size === undefined ? "" : `, ${displaySize(version.size)}`}
      {version.audience === undefined ? "" : (
        <>
          , for <Said text={version.audience.join(", ")} />
        </>
      )}
    </span>
  );
}

function isIn(address: string, folder: string): boolean {
  return parseConcrete(address).path.startsWith(`${folder}/`);
}

/** One version of a thing, between the one before and the one after, with all of them below. */
export function ThingPage({ address, content, problem, history, at, said, canWrite }: {
  /** The thing at its latest. */
  readonly address: string;
  readonly content: ContentAnswer | undefined;
  /** Why there is no content. */
  readonly problem: string | undefined;
  readonly history: HistoryView;
  readonly at: Moment;
  /** What was just done with it. */
  readonly said: string | undefined;
  readonly canWrite: boolean;
}): Html {
  const n = content?.n;
  return (
    <>
      {said === undefined ? "" : <p class="notice" role="status">{said}</p>}
      <p>
        <Said text={content?.address ?? address} />
      </p>
      {n === undefined ? "" : <TimeSteps address={address} n={n} total={history.total} />}
      {problem === undefined ? "" : <p class="problem" role="alert">{sanitiseLine(problem)}</p>}
      {content === undefined ? "" : <Content content={content} />}
      <p>
        <a href={slurpHref("context", address)}>What your role needs to know about it</a>
        {isIn(address, PATCHES_FOLDER)
          ? (
            <>
              {" · "}
              <a href={patchHref(address)}>It as a patch</a>
            </>
          )
          : ""}
      </p>
      {canWrite && (
        <p>
          <a class="button" href={writeHref(address)}>Write or delete…</a>
          <a class="button" href={newPatchHref(address)}>Offer a change…</a>
        </p>
      )}
      <form method="get" action="/context/at">
        <input type="hidden" name="address" value={address} />
        <label for="time">As it was at (UTC)</label>
        <input id="time" name="time" type="datetime-local" required />
        <button type="submit">Go to that time</button>
      </form>
      <h2 id="versions">Versions</h2>
      <form method="get" action="/context/diff">
        <input type="hidden" name="address" value={address} />
        <table>
          <thead>
            <tr>
              <th scope="col">From</th>
              <th scope="col">To</th>
              <th scope="col">Version</th>
            </tr>
          </thead>
          <tbody>
            {history.items.toReversed().map((version) => (
              <tr>
                <td>
                  <PickVersion name="from" version={version} isChosen={version.n === Math.max(1, history.total - 1)} />
                </td>
                <td>
                  <PickVersion name="to" version={version} isChosen={version.n === history.total} />
                </td>
                <td>
                  <a href={versionHref(address, version.n)} aria-current={version.n === n ? "true" : undefined}>
                    {version.n}
                  </a>{" "}
                  <VersionFacts version={version} at={at} />
                  {version.is_concurrent ? ", written without knowing the version before" : ""}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        {history.total > 1 ? <button type="submit">Show what changed</button> : ""}
      </form>
    </>
  );
}

function PickVersion({ name, version, isChosen }: {
  readonly name: "from" | "to";
  readonly version: VersionView;
  readonly isChosen: boolean;
}): Html {
  const label = `${name === "from" ? "From" : "To"} version ${version.n}`;
  return <input type="radio" name={name} value={`*~${version.n}`} checked={isChosen} aria-label={label} />;
}

/** A step in time in each direction. */
function TimeSteps({ address, n, total }: {
  readonly address: string;
  readonly n: number;
  readonly total: number;
}): Html {
  const step = (label: string, to: number) =>
    to < 1 || to > total || to === n ? "" : <a class="button" href={versionHref(address, to)}>{label}</a>;
  return (
    <nav aria-label="Time" class="steps">
      {n > 2 ? step("First", 1) : ""}
      {step("Older", n - 1)}
      {step("Newer", n + 1)}
      {n < total - 1 ? step("Latest", total) : ""}
      {n > 1 ? <a class="button" href={diffHref(address, n - 1, n)}>What changed here</a> : ""}
    </nav>
  );
}

function Content({ content }: { readonly content: ContentAnswer }): Html {
  const text = content.bytes.byteLength > MAX_SHOWN_BYTES ? undefined : textIn(content.bytes);
  return (
    <>
      <p class="quiet">
        Version {content.n} of {content.total}, <Said text={content.mediaType} />,{" "}
        {displaySize(content.bytes.byteLength)}
      </p>
      {text === undefined
        ? <p>This is not text; bzzz-hap ucxl get writes it to a file.</p>
        : <SaidBlock label="Content" text={text} />}
    </>
  );
}
