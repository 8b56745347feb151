import type { IdentityView, PersonView, StatusView } from "@bzzz/api";
import { describeIdentity, describeStatus, sanitiseLine } from "@bzzz/cli";
import { type Html, Said, SaidBlock } from "@bzzz/web";
import { type Moment, Passphrase } from "./request.tsx";

/** Whether the person is there, as the buttons say it. */
export const PRESENCES = [
  { person: "here", label: "I am here" },
  { person: "busy", label: "Busy: high stakes alone call me" },
  { person: "away", label: "Away: high stakes alone call me" },
] as const;

/** What the page of the person has forms for; none of them where somebody only looks. */
export interface YouForms {
  readonly presence: string;
  readonly key: string;
  readonly admit: string;
}

/** The person: whether they are there, their key, whom the mesh takes for whom, and their node. */
export function YouPage({ identity, people, status, presence, at, forms, problem, said }: {
  readonly identity: IdentityView;
  readonly people: readonly PersonView[];
  readonly status: StatusView;
  /** Of the person, as others see it. */
  readonly presence: string | undefined;
  readonly at: Moment;
  readonly forms: YouForms | undefined;
  readonly problem: string | undefined;
  readonly said: string | undefined;
}): Html {
  return (
    <>
      {said === undefined ? "" : <p class="notice" role="status">{said}</p>}
      {problem === undefined ? "" : <p class="problem" role="alert">{sanitiseLine(problem, 1_000)}</p>}
      <h2>Are you there?</h2>
      <p>Others see: {sanitiseLine(presence ?? "nothing yet")}</p>
      {forms && (
        <form method="post" action="/you/presence">
          <input type="hidden" name="form" value={forms.presence} />
          {PRESENCES.map(({ person, label }) => <button type="submit" name="person" value={person}>{label}</button>)}
        </form>
      )}
      <h2>Your key</h2>
      <SaidBlock label="Your key" text={describeIdentity(identity, at.format, at.nowMs).join("\n")} />
      {forms && <KeyForm state={identity.state} form={forms.key} />}
      <h2>Whom the mesh takes for whom</h2>
      <PeopleTable people={people} />
      {forms && <AdmitForm form={forms.admit} />}
      <h2>This node</h2>
      <SaidBlock label="This node" text={describeStatus(status, at.nowMs).join("\n")} />
      <p class="quiet">
        The settings are in its configuration: "bzzz-hap config show" lists them, "bzzz-hap setup" changes the usual
        ones.
      </p>
    </>
  );
}

/** Opens a key that is locked, and locks one that is open. */
function KeyForm({ state, form }: { readonly state: IdentityView["state"]; readonly form: string }): Html | "" {
  if (state !== "locked" && state !== "unlocked") return "";
  return (
    <form method="post" action="/you/key" autocomplete="off">
      <input type="hidden" name="form" value={form} />
      <Passphrase isAsked={state === "locked"} id="key-passphrase" />
      {state === "locked"
        ? <button type="submit" name="act" value="unlock">Open it for a while</button>
        : <button type="submit" name="act" value="lock">Lock it</button>}
    </form>
  );
}

function PeopleTable({ people }: { readonly people: readonly PersonView[] }): Html {
  if (people.length === 0) return <p class="quiet">No portals.</p>;
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Portal</th>
          <th scope="col">State</th>
          <th scope="col">Words</th>
        </tr>
      </thead>
      <tbody>
        {people.map((one) => (
          <tr>
            <th scope="row">
              <Said text={one.agent_id} />
            </th>
            <td>
              {one.state === "changed" ? <span class="high">CHANGED: ask them why</span> : one.state}
            </td>
            <td>{sanitiseLine(one.words ?? "")}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function AdmitForm({ form }: { readonly form: string }): Html {
  return (
    <form method="post" action="/you/admit">
      <input type="hidden" name="form" value={form} />
      <p>
        An admin admits a person whose six words they heard, over the telephone, from the person: type what you heard,
        not what stands above.
      </p>
      <label for="portal">Portal</label>
      <input id="portal" name="portal" maxlength={128} required autocapitalize="none" autocomplete="off" />
      <label for="words">The six words that you heard</label>
      <input id="words" name="words" maxlength={200} required autocapitalize="none" autocomplete="off" />
      <button type="submit">Admit this person</button>
    </form>
  );
}
