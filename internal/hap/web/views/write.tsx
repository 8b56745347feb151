import type { RoleView } from "@bzzz/api";
import { type Html, Said } from "@bzzz/web";
import type { Editable } from "../editable.ts";
import type { Filled } from "../take_form.ts";
import { CheckFields, Problems, TextField } from "./field.tsx";
import { revisionOf, StandsNow } from "./stands_now.tsx";
import { newPatchHref, versionHref } from "./hrefs.ts";

/** Writes a version over the one that was read, or says that the thing is gone. */
export function WritePage({ target, roles, forms, filled, deletion }: {
  readonly target: Editable;
  readonly roles: readonly RoleView[];
  readonly forms: { readonly write: string; readonly remove: string };
  /** Of the form that writes. */
  readonly filled: Filled;
  /** Of the form that deletes. */
  readonly deletion: Filled;
}): Html {
  const { address, latest, text } = target;
  const hidden = (form: string) => (
    <>
      <input type="hidden" name="form" value={form} />
      <input type="hidden" name="address" value={address} />
      <input type="hidden" name="revision" value={revisionOf(target)} />
    </>
  );
  return (
    <>
      <Problems filled={filled} />
      <Problems filled={deletion} />
      <p>
        <Said text={address} />:{" "}
        {latest ? <a href={versionHref(address)}>version {latest.n}</a> : "nothing is there"}. What you write is the
        next version, and only over this; earlier ones stay.{" "}
        <a href={newPatchHref(address)}>Offer it as a patch instead</a>
      </p>
      <StandsNow target={target} filled={filled} />
      <form method="post" action="/context/write">
        {hidden(forms.write)}
        <TextField id="content" label="Content" filled={filled} value={text ?? ""} rows={16} />
        <CheckFields
          id="audience"
          label="For these roles, and those above"
          filled={filled}
          help="None: your own role."
          values={latest?.audience ?? []}
          options={audienceOptions(roles, latest?.audience ?? [])}
        />
        <TextField
          id="type"
          label="Media type"
          filled={filled}
          value={latest?.media_type ?? ""}
          help="By the end of the path, unless given."
          maxLength={127}
        />
        <button type="submit">Write it</button>
      </form>
      {latest && (
        <section aria-labelledby="delete-title">
          <h2 id="delete-title">Delete</h2>
          <form method="post" action="/context/delete">
            {hidden(forms.remove)}
            <p>It writes a version that says that it is gone. Earlier versions stay.</p>
            <label class="choice">
              <input type="checkbox" name="sure" value="1" required /> yes, delete what stands there now
            </label>
            <button type="submit">Delete it</button>
          </form>
        </section>
      )}
    </>
  );
}

/** Every role, and what a version is meant for already although no role has that name any more. */
function audienceOptions(
  roles: readonly RoleView[],
  now: readonly string[],
): readonly { readonly value: string; readonly note: string }[] {
  const gone = now.filter((name) => roles.every((role) => role.name !== name));
  return [
    ...roles.map(({ name, level, specialization }) => ({
      value: name,
      note: specialization === undefined ? level : `${level}, ${specialization}`,
    })),
    ...gone.map((name) => ({ value: name, note: "no role of this mesh any more" })),
  ];
}
