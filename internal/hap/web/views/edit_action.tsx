import type { RequestView } from "@bzzz/api";
import { sanitiseLine } from "@bzzz/cli";
import { type Html, Said } from "@bzzz/web";
import { ACTION_FIELDS, shownValue } from "../edit_action.ts";
import { type Action, Hidden } from "./request.tsx";

/** The action of an ask, to be changed before it is approved. Nothing is sent from here: the next page shows it whole. */
export function EditPage({ request, action, form, typed, problem }: {
  readonly request: RequestView;
  readonly action: Action;
  readonly form: string;
  /** As it was sent, when something of it cannot be used. */
  readonly typed: URLSearchParams | undefined;
  readonly problem: string | undefined;
}): Html {
  const path = `/asks/${encodeURIComponent(request.request_id)}`;
  return (
    <>
      {problem === undefined ? "" : <p class="problem" role="alert">{sanitiseLine(problem)}</p>}
      <p>
        What is done stays{" "}
        <Said text={action.verb} />: another act is another ask. The next page shows the whole, and only there you
        approve.
      </p>
      <form method="post" action={`${path}/edit`} autocomplete="off">
        <Hidden form={form} request={request} />
        <Text id={ACTION_FIELDS.target} label="Target" value={action.target} typed={typed} />
        {action.args.map(({ name, value }, at) => (
          <fieldset>
            <legend>
              <Said text={name} />
            </legend>
            <Argument at={at} value={value} typed={typed} />
            <label class="choice">
              <input
                type="checkbox"
                name={ACTION_FIELDS.dropped(at)}
                value="1"
                checked={typed?.has(ACTION_FIELDS.dropped(at)) ?? false}
              />{" "}
              leave it out
            </label>
          </fieldset>
        ))}
        <Text id={ACTION_FIELDS.effect} label="Effect, in words" value={action.effect} typed={typed} />
        <button type="submit">Look at it before approving…</button>
        <a class="button" href={path}>Back, nothing is changed</a>
      </form>
    </>
  );
}

function Argument({ at, value, typed }: {
  readonly at: number;
  readonly value: string | number | boolean;
  readonly typed: URLSearchParams | undefined;
}): Html {
  const id = ACTION_FIELDS.value(at);
  if (typeof value === "string") return <Text id={id} label="Value" value={value} typed={typed} />;
  const given = typed?.get(id) ?? String(value);
  return (
    <>
      <label for={id}>Value</label>
      {typeof value === "boolean"
        ? (
          <select id={id} name={id}>
            {["true", "false"].map((one) => (
              <option value={one} selected={one === given}>{one === "true" ? "yes" : "no"}</option>
            ))}
          </select>
        )
        : <input id={id} name={id} value={sanitiseLine(given, 80)} inputmode="decimal" maxlength={80} required />}
    </>
  );
}

function Text({ id, label, value, typed }: {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly typed: URLSearchParams | undefined;
}): Html {
  const shown = shownValue(typed?.get(id) ?? value);
  return (
    <>
      <label for={id}>{label}</label>
      {/* a browser drops the first line break of a field */}
      <textarea id={id} name={id} rows={Math.min(8, shown.split("\n").length)}>{`\n${shown}`}</textarea>
    </>
  );
}
