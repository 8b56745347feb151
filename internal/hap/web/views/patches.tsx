import { decisionState, describePatch, nameOf, type PatchView, sanitiseLine, votesOf } from "@bzzz/cli";
import type { DiffView } from "@bzzz/ucxi";
import { VOTES } from "@bzzz/wire";
import { type Html, Said, SaidBlock } from "@bzzz/web";
import type { Editable } from "../editable.ts";
import type { Filled } from "../take_form.ts";
import { revisionOf, StandsNow } from "./stands_now.tsx";
import { Changes } from "./diff.tsx";
import { Problems, SelectField, TextField } from "./field.tsx";
import { type Moment, Passphrase } from "./request.tsx";
import { At, Live } from "./words.tsx";
import { decisionHref, patchHref, versionHref } from "./hrefs.ts";

/** Patches and where they stand. */
export function PatchList({ patches, leftOut, hasMore, at }: {
  readonly patches: readonly PatchView[];
  /** Contents among the patches that are none, or cannot be read. */
  readonly leftOut: readonly { readonly address: string; readonly reason: string }[];
  readonly hasMore: boolean;
  readonly at: Moment;
}): Html {
  return (
    <>
      {patches.length === 0 ? <p class="quiet">No patches.</p> : (
        <ul class="list">
          {patches.map((view) => (
            <li>
              <a class="title" href={patchHref(view.address)}>
                <Said text={view.patch.title} />
              </a>
              {view.state}
              {view.isOutdated ? ", but something else stands there by now" : ""}
              {view.decision ? `, ${votesOf(view.decision)}` : ""}: {view.patch.kind} by{" "}
              <Said text={nameOf(view.version.author)} />,{" "}
              <At ms={view.version.written_at_ms} format={at.format} />, changes <Said text={view.patch.target} />
            </li>
          ))}
        </ul>
      )}
      {leftOut.map(({ address, reason }) => (
        <p class="quiet">
          Left out <Said text={address} />: <Said text={reason} max={300} />
        </p>
      ))}
      {hasMore ? <p class="quiet">There are more: patch list --limit shows them.</p> : ""}
    </>
  );
}

/** What the page of a patch has forms for. */
export interface PatchForms {
  /** Undefined: it is not open to votes, or somebody only looks. */
  readonly vote: string | undefined;
  /** Undefined: it is not approved, or somebody only looks. */
  readonly submit: string | undefined;
  /** The person's key is locked: a vote takes its passphrase. */
  readonly isLocked: boolean;
}

/** What a patch is and where it stands, with its votes as they come. */
export function PatchStanding({ view, at }: { readonly view: PatchView; readonly at: Moment }): Html {
  return <SaidBlock label="The patch" text={describePatch(view, at.nowMs).join("\n")} />;
}

/** One patch: where it stands, what it changes, and what can be done about it. */
export function PatchPage({ view, changed, at, forms, filled, said }: {
  readonly view: PatchView;
  /** Undefined where what it was made for cannot be read here. */
  readonly changed: Pick<DiffView, "lines" | "changes"> | string;
  readonly at: Moment;
  readonly forms: PatchForms;
  readonly filled: Filled;
  readonly said: string | undefined;
}): Html {
  const { address, patch, decision, submitted } = view;
  return (
    <>
      {said === undefined ? "" : <p class="notice" role="status">{said}</p>}
      <Problems filled={filled} />
      <Live name="context" href={`${patchHref(address)}&part=1`}>
        <PatchStanding view={view} at={at} />
      </Live>
      <h2>What it changes</h2>
      {typeof changed === "string"
        ? <p class="problem">{sanitiseLine(changed, 1_000)}</p>
        : <Changes changed={changed} />}
      <p>
        <a href={versionHref(submitted ?? patch.base ?? patch.target)}>
          {submitted === undefined ? "What it was made for" : "What came of it"}
        </a>
      </p>
      {decision && (
        <p>
          <a href={decisionHref(decision.version.address)}>All votes ({decisionState(decision)})</a>
        </p>
      )}
      {forms.vote !== undefined && (
        <form method="post" action="/patches/review">
          <input type="hidden" name="form" value={forms.vote} />
          <input type="hidden" name="address" value={address} />
          <fieldset>
            <legend>Your vote on exactly this</legend>
            {VOTES.map((vote) => (
              <label class="choice">
                <input type="radio" name="vote" value={vote} required checked={filled.typed?.get("vote") === vote} />
                {" "}
                {vote}
              </label>
            ))}
          </fieldset>
          <TextField
            id="reason"
            label="Why (sealed for those who may read the patch)"
            filled={filled}
            rows={2}
          />
          <Passphrase isAsked={forms.isLocked} id="vote-passphrase" />
          <button type="submit">Vote</button>
        </form>
      )}
      {forms.submit !== undefined && (
        <form method="post" action="/patches/submit">
          <input type="hidden" name="form" value={forms.submit} />
          <input type="hidden" name="address" value={address} />
          <p>It was approved. Submitting it writes it over the version it was made for, and over nothing else.</p>
          <button type="submit">Submit it</button>
        </form>
      )}
      <p>
        <a href="/patches">All patches</a>
      </p>
    </>
  );
}

/** Offers a change of what stands at an address. */
export function NewPatchPage({ target, kinds, form, filled }: {
  readonly target: Editable;
  readonly kinds: readonly string[];
  readonly form: string;
  readonly filled: Filled;
}): Html {
  const { address, text } = target;
  return (
    <>
      <Problems filled={filled} />
      <p>
        What shall stand at <Said text={address} />
        {target.latest ? "" : ", where nothing is yet"}. It is stored, told in #hmmm and put to the vote, for whoever
        may read what is there now.
      </p>
      <StandsNow target={target} filled={filled} />
      <form method="post" action="/patches/new">
        <input type="hidden" name="form" value={form} />
        <input type="hidden" name="address" value={address} />
        <input type="hidden" name="revision" value={revisionOf(target)} />
        <TextField id="title" label="What it changes, in a few words" filled={filled} isNeeded maxLength={100} />
        <SelectField
          id="kind"
          label="What it is"
          filled={filled}
          value="context"
          options={kinds.map((kind) => ({ value: kind, label: kind }))}
        />
        <TextField id="content" label="The new content" filled={filled} value={text ?? ""} rows={14} />
        <TextField id="summary" label="Why, and how it was tested" filled={filled} rows={3} />
        <TextField
          id="quorum"
          label="Equal votes that close it"
          filled={filled}
          help="The majority, unless a number is given."
          inputMode="numeric"
        />
        <TextField id="hours" label="Hours to vote" filled={filled} help="24, unless given." inputMode="numeric" />
        <button type="submit">Put it to the vote</button>
      </form>
    </>
  );
}
