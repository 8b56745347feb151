import { type Html, Said, SaidBlock } from "@bzzz/web";
import type { Editable } from "../editable.ts";
import type { Filled } from "../take_form.ts";

/** What a form about an address was made over: a revision, or "" for nothing. */
export function revisionOf({ latest }: Editable): string {
  return latest?.revision ?? "";
}

/** Says what the field cannot have; after somebody else wrote meanwhile, what stands there now. */
export function StandsNow({ target, filled }: { readonly target: Editable; readonly filled: Filled }): Html {
  const { text, why } = target;
  const before = filled.typed?.get("revision");
  const hasMoved = before !== undefined && before !== null && before !== revisionOf(target);
  return (
    <>
      {why === undefined ? "" : (
        <p class="notice">
          What stands there is not in the field, because{" "}
          <Said text={why} max={500} />: what you type takes the place of all of it.
        </p>
      )}
      {!hasMoved ? "" : (
        <>
          <p class="notice">
            Somebody wrote there since you began. This is what stands there now; below is what you typed. Sent again, it
            is meant for this one.
          </p>
          {text === undefined || !target.latest
            ? <p>{target.latest ? "It cannot be shown here." : "Nothing: it was deleted."}</p>
            : <SaidBlock label="What stands there now" text={text} />}
        </>
      )}
    </>
  );
}
