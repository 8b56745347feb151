import type { RequestView } from "@bzzz/api";
import { type Html, Said } from "@bzzz/web";
import { ACTION_FIELDS, ARGUMENT_TYPES, shownValue } from "../edit_action.ts";
import type { Filled } from "../take_form.ts";
import { Problems, SelectField, TextField } from "./field.tsx";
import { type Action, Hidden } from "./request.tsx";

/** The action of an ask, to be changed before it is approved. Nothing is sent from here: the next page shows it whole. */
export function EditPage({ request, action, form, filled, added }: {
  readonly request: RequestView;
  readonly action: Action;
  readonly form: string;
  /** As it was sent, when something of it cannot be used, or there is to be one more argument. */
  readonly filled: Filled;
  /** How many fields for added arguments there are. */
  readonly added: number;
}): Html {
  const path = `/asks/${encodeURIComponent(request.request_id)}`;
  return (
    <>
      <Problems filled={filled} />
      <p>
        What is done stays{" "}
        <Said text={action.verb} />: another act is another ask. The next page shows the whole, and only there you
        approve.
      </p>
      <form method="post" action={`${path}/edit`} autocomplete="off">
        <Hidden form={form} request={request} />
        <Text id={ACTION_FIELDS.target} label="Target" value={action.target} filled={filled} />
        {action.args.map(({ name, value }, at) => (
          <fieldset>
            <legend>
              <Said text={name} />
            </legend>
            <Argument at={at} value={value} filled={filled} />
            <label class="choice">
              <input
                type="checkbox"
                name={ACTION_FIELDS.dropped(at)}
                value="1"
                checked={filled.typed?.has(ACTION_FIELDS.dropped(at)) ?? false}
              />{" "}
              leave it out
            </label>
          </fieldset>
        ))}
        {Array.from({ length: added }, (_, at) => <Added at={at} filled={filled} />)}
        <Text id={ACTION_FIELDS.effect} label="Effect, in words" value={action.effect} filled={filled} />
        <button type="submit">Look at it before approving…</button>
        {added > 0 ? <button type="submit" name="act" value="more">A field for one more argument</button> : ""}
        <a class="button" href={path}>Back, nothing is changed</a>
      </form>
    </>
  );
}

function Argument({ at, value, filled }: {
  readonly at: number;
  readonly value: string | number | boolean;
  readonly filled: Filled;
}): Html {
  const id = ACTION_FIELDS.value(at);
  if (typeof value === "string") return <Text id={id} label="Value" value={value} filled={filled} />;
  if (typeof value === "number") {
    return <TextField id={id} label="Value" filled={filled} value={String(value)} isNeeded maxLength={80} />;
  }
  const options = [{ value: "true", label: "yes" }, { value: "false", label: "no" }];
  return <SelectField id={id} label="Value" filled={filled} value={String(value)} options={options} />;
}

function Added({ at, filled }: { readonly at: number; readonly filled: Filled }): Html {
  const [name, type, value] = [
    ACTION_FIELDS.addedName(at),
    ACTION_FIELDS.addedType(at),
    ACTION_FIELDS.addedValue(at),
  ];
  return (
    <fieldset>
      <legend>One more argument</legend>
      <TextField id={name} label="Its name" filled={filled} help="None: nothing is added." maxLength={64} />
      <SelectField id={type} label="Its type" filled={filled} value="text" options={ARGUMENT_TYPES} />
      <TextField id={value} label="Its value" filled={filled} rows={1} />
    </fieldset>
  );
}

function Text({ id, label, value, filled }: {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly filled: Filled;
}): Html {
  const shown = shownValue(filled.typed?.get(id) ?? value);
  return <TextField id={id} label={label} filled={filled} value={shown} rows={Math.min(8, shown.split("\n").length)} />;
}
