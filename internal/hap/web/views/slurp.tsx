import type { DeadLetterView, SlurpAlignmentView, SlurpContextView, SlurpGraphView, SlurpStatusView } from "@bzzz/api";
import { describeDeadLetter, describeSlurpAlignment, describeSlurpStatus, relativeTime } from "@bzzz/cli";
import { type Html, Said, SaidBlock } from "@bzzz/web";
import type { Filled } from "../take_form.ts";
import { Problems, SelectField, TextField } from "./field.tsx";
import { decisionHref, slurpHref, versionHref } from "./hrefs.ts";
import type { Moment } from "./request.tsx";
import { At } from "./words.tsx";

/** What is derived about an address. */
export const SLURP_VIEWS = [
  { view: "context", label: "What your role needs to know" },
  { view: "graph", label: "Decisions around it" },
  { view: "alignment", label: "How it serves the goals" },
] as const;
/** One of `SLURP_VIEWS`. */
export type SlurpViewName = (typeof SLURP_VIEWS)[number]["view"];

/** How deriving stands, and what was given up. */
export function SlurpPage({ status, letters, form, at, filled, said }: {
  readonly status: SlurpStatusView;
  readonly letters: readonly DeadLetterView[];
  /** Of the form that tries all again; undefined where somebody only looks. */
  readonly form: string | undefined;
  readonly at: Moment;
  readonly filled: Filled;
  readonly said: string | undefined;
}): Html {
  return (
    <>
      {said === undefined ? "" : <p class="notice" role="status">{said}</p>}
      <Problems filled={filled} />
      <SaidBlock label="How deriving stands" text={describeSlurpStatus(status, at.nowMs).join("\n")} />
      <h2>Ask about an address</h2>
      <SlurpFinder view="context" filled={{}} />
      <h2>Dead letters</h2>
      {letters.length === 0 ? <p class="quiet">No derivation was given up.</p> : (
        <ul class="list">
          {letters.map((letter) => (
            <li>
              <a class="title" href={`/slurp/letters/${encodeURIComponent(letter.id)}`}>
                <Said text={`${letter.project}:${letter.task}`} />
              </a>
              <Said text={letter.code} />, given up <At ms={letter.failed_at_ms} format={at.format} /> after{" "}
              {letter.attempts} tries
            </li>
          ))}
        </ul>
      )}
      {form !== undefined && letters.length > 0
        ? <Replay form={form} id={undefined} label="Try all of them again" />
        : ""}
    </>
  );
}

/** One derivation that was given up. */
export function LetterPage({ letter, form, at, filled }: {
  readonly letter: DeadLetterView;
  readonly form: string | undefined;
  readonly at: Moment;
  readonly filled: Filled;
}): Html {
  return (
    <>
      <Problems filled={filled} />
      <SaidBlock label="The dead letter" text={describeDeadLetter(letter, at.nowMs).join("\n")} />
      {form === undefined ? "" : <Replay form={form} id={letter.id} label="Try it again" />}
      <p>
        <a href="/slurp">All dead letters</a>
      </p>
    </>
  );
}

function Replay({ form, id, label }: {
  readonly form: string;
  readonly id: string | undefined;
  readonly label: string;
}): Html {
  return (
    <form method="post" action="/slurp/replay">
      <input type="hidden" name="form" value={form} />
      {id === undefined ? "" : <input type="hidden" name="id" value={id} />}
      <p class="quiet">The node that leads tries again, and no faster than it is told to.</p>
      <button type="submit">{label}</button>
    </form>
  );
}

/** Asks what is derived about an address. */
export function SlurpFinder({ view, filled }: { readonly view: SlurpViewName; readonly filled: Filled }): Html {
  return (
    <form method="get" action={`/slurp/${view}`}>
      <TextField id="address" label="UCXL address" filled={filled} isNeeded />
      {view === "context"
        ? <TextField id="depth" label="Levels, at most" filled={filled} help="All, unless given." inputMode="numeric" />
        : ""}
      {view === "graph"
        ? (
          <>
            <TextField id="hops" label="Decisions away, at most" filled={filled} value="2" inputMode="numeric" />
            <SelectField
              id="direction"
              label="Direction"
              filled={filled}
              value="both"
              options={[
                { value: "both", label: "both" },
                { value: "causes", label: "what led to it" },
                { value: "effects", label: "what is affected" },
              ]}
            />
          </>
        )
        : ""}
      <button type="submit">Show it</button>
    </form>
  );
}

/** What was found about an address, with the ways to the other views of it. */
export function SlurpAnswer({ view, address, filled, children }: {
  readonly view: SlurpViewName;
  readonly address: string | undefined;
  readonly filled: Filled;
  readonly children?: unknown;
}): Html {
  return (
    <>
      <Problems filled={filled} />
      {address === undefined ? "" : (
        <nav aria-label="About this address">
          <ul>
            {SLURP_VIEWS.map((one) => (
              <li>
                <a href={slurpHref(one.view, address)} aria-current={one.view === view ? "page" : undefined}>
                  {one.label}
                </a>
              </li>
            ))}
          </ul>
        </nav>
      )}
      {children as Html}
      <h2>Another question</h2>
      <SlurpFinder view={view} filled={filled} />
    </>
  );
}

/** What a role needs to know; each value leads to its source. */
export function SlurpContext({ view, at }: { readonly view: SlurpContextView; readonly at: Moment }): Html {
  const unread = view.slices.reduce((sum, slice) => sum + slice.unread, 0);
  const oldestMs = Math.min(...view.slices.map(({ derived_at_ms: ms }) => ms));
  return (
    <>
      <p>
        <a href={versionHref(view.address)}>
          <Said text={view.address} />
        </a>, for role <Said text={view.role} />
      </p>
      {view.fields.length === 0 ? <p class="quiet">Nothing is known that this role may read.</p> : (
        <ul class="list">
          {view.fields.map(({ name, value, level, source, by }) => (
            <li>
              <strong>
                <Said text={name.replaceAll("_", " ")} />
              </strong>
              : <Said text={typeof value === "string" ? value : value.join(", ")} max={1_000} />{" "}
              <span class="quiet">
                from{" "}
                <a href={versionHref(source)}>
                  <Said text={level} />
                </a>
                {by === "model" ? ", summed up by a model" : ""}
              </span>
            </li>
          ))}
        </ul>
      )}
      {view.decisions.length === 0 ? "" : (
        <>
          <h2>Decisions</h2>
          <ul class="list">
            {view.decisions.map(({ title, outcome, citation }) => (
              <li>
                <a class="title" href={decisionHref(citation)}>
                  <Said text={title} />
                </a>
                <Said text={outcome} />
              </li>
            ))}
          </ul>
        </>
      )}
      <p class="quiet">
        {view.slices.length === 0 ? "" : `Derived ${relativeTime(oldestMs, at.nowMs)}. `}
        {unread === 0 ? "" : `The leader could not read ${unread} of the sources. `}
        {view.is_complete ? "" : "Not complete: outer levels or old sources were left out."}
      </p>
    </>
  );
}

/** The decisions around an address, and its versions. */
export function SlurpGraph({ view, at }: { readonly view: SlurpGraphView; readonly at: Moment }): Html {
  return (
    <>
      {view.nodes.length === 0 ? <p class="quiet">No decision that this role may read.</p> : (
        <ul class="list">
          {view.nodes.map(({ id, kind, title, hops }) => (
            <li>
              <a class="title" href={kind === "decision" ? decisionHref(id) : versionHref(id)}>
                <Said text={title ?? id} />
              </a>
              {kind}, {hops} away
            </li>
          ))}
        </ul>
      )}
      {view.edges.map(({ from, to, kind }) => (
        <p class="quiet">
          <Said text={from} /> {kind} <Said text={to} />
        </p>
      ))}
      {view.is_complete ? "" : <p class="quiet">Not complete: there are more decisions within these hops.</p>}
      <h2>Versions</h2>
      <ul class="list">
        {view.evolution.map(({ n, citation, written_at_ms: ms, cited_by: citedBy }) => (
          <li>
            <a href={versionHref(citation)}>Version {n}</a>, <At ms={ms} format={at.format} />
            {citedBy.length === 0 ? "" : `, ${citedBy.length} decisions stand on it`}
          </li>
        ))}
      </ul>
    </>
  );
}

/** How well an address serves goals, word by word. */
export function SlurpAlignment({ view }: { readonly view: SlurpAlignmentView }): Html {
  return <SaidBlock label="How it serves the goals" text={describeSlurpAlignment(view).join("\n")} />;
}
