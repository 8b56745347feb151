import type { CreatedInviteView, InviteView, RoleKeyView, RoleView } from "@bzzz/api";
import { sanitiseLine } from "@bzzz/cli";
import { type Html, Said, SaidBlock } from "@bzzz/web";
import type { Filled } from "../take_form.ts";
import { Problems, SelectField, TextField } from "./field.tsx";
import { MeshNav } from "./leadership.tsx";
import type { Moment } from "./request.tsx";
import { At } from "./words.tsx";

/** The programs that an invite may be for. */
export const INVITED = [
  { value: "any", label: "either program" },
  { value: "agent", label: "an agent (bzzz-agent)" },
  { value: "hap", label: "a person (bzzz-hap)" },
] as const;

/** Invites and what became of them, with a form for another. */
export function InvitesPage({ invites, at, filled, said, create, revoke, children }: {
  readonly invites: readonly InviteView[];
  readonly at: Moment;
  readonly filled: Filled;
  readonly said: string | undefined;
  /** What one is made with; undefined where somebody may not. */
  readonly create: { readonly form: string; readonly roles: readonly RoleView[] } | undefined;
  /** One token for all forms that revoke one; undefined where somebody may not. */
  readonly revoke: string | undefined;
  /** What stands in place of the form. */
  readonly children?: unknown;
}): Html {
  return (
    <>
      <MeshNav now="/mesh/invites" />
      {said === undefined ? "" : <p class="notice" role="status">{said}</p>}
      <Problems filled={filled} />
      {invites.length === 0 ? <p class="quiet">No invites.</p> : (
        <ul class="list">
          {invites.map((invite) => (
            <li>
              <Said text={invite.role} />
              {invite.agent_id === undefined ? "" : (
                <>
                  , as <Said text={invite.agent_id} />
                </>
              )}
              , {programOf(invite)}: {invite.state}
              {invite.used_by === undefined ? "" : (
                <>
                  {" "}
                  by <Said text={invite.used_by} />
                </>
              )}
              , until <At ms={invite.expires_at_ms} format={at.format} />{" "}
              <span class="quiet">
                <Said text={invite.invite_id} />
              </span>
              {revoke !== undefined && invite.state === "open" && (
                <form method="post" action="/mesh/invites/revoke">
                  <input type="hidden" name="form" value={revoke} />
                  <input type="hidden" name="invite" value={invite.invite_id} />
                  <button type="submit">Revoke it</button>
                </form>
              )}
            </li>
          ))}
        </ul>
      )}
      {create ? <CreateForm form={create.form} roles={create.roles} filled={filled} /> : children as Html}
    </>
  );
}

function CreateForm({ form, roles, filled }: {
  readonly form: string;
  readonly roles: readonly RoleView[];
  readonly filled: Filled;
}): Html {
  const names = roles.map(({ name, level }) => ({ value: name, label: `${sanitiseLine(name)} (${level})` }));
  return (
    <section aria-labelledby="create-title">
      <h2 id="create-title">Invite somebody</h2>
      <p>The token works once. It carries the network key: send it over a safe way.</p>
      <form method="post" action="/mesh/invites" autocomplete="off">
        <input type="hidden" name="form" value={form} />
        <SelectField
          id="role"
          label="Role of the newcomer"
          filled={filled}
          value={names.some(({ value }) => value === "developer") ? "developer" : names[0]?.value ?? ""}
          options={names}
        />
        <SelectField id="program" label="For" filled={filled} value="any" options={INVITED} />
        <TextField id="name" label="Agent id" filled={filled} help="The newcomer chooses, unless given." />
        <TextField id="hours" label="Hours that it works" filled={filled} value="1" inputMode="numeric" />
        <button type="submit">Make a token</button>
      </form>
    </section>
  );
}

/** A token, the only time it is shown. */
export function TokenPage({ created, at }: { readonly created: CreatedInviteView; readonly at: Moment }): Html {
  return (
    <>
      <p class="notice" role="status">
        This token is shown now and never again. It works once, until{" "}
        <At ms={created.expires_at_ms} format={at.format} />, as <Said text={created.role} />.
      </p>
      <SaidBlock label="The token" text={created.token} />
      <p>On the other machine: {joinOf(created)}, which asks for the token.</p>
      <p>
        <a href="/mesh/invites">All invites</a>
      </p>
    </>
  );
}

function joinOf({ binary_type: type }: InviteView): string {
  if (type === undefined) return "bzzz-agent join or bzzz-hap join";
  return type === "hap" ? "bzzz-hap join" : "bzzz-agent join";
}

function programOf({ binary_type: type }: InviteView): string {
  return INVITED.find(({ value }) => value === (type ?? "any"))?.label ?? "either program";
}

/** Roles of the mesh, whose content each reads, and their keys. */
export function RolesPage({ roles, keys }: {
  readonly roles: readonly RoleView[];
  readonly keys: readonly RoleKeyView[];
}): Html {
  return (
    <>
      <MeshNav now="/mesh/roles" />
      <ul class="list">
        {roles.map((role) => (
          <li>
            <strong>
              <Said text={role.name} />
            </strong>
            , {role.level}, {role.members} {role.members === 1 ? "member" : "members"}
            {role.is_builtin ? ", built in" : ""}
            {role.specialization === undefined ? "" : (
              <>
                , for <Said text={role.specialization} max={256} />
              </>
            )}
            <br />
            <span class="quiet">
              reads <Said text={role.reads.join(", ")} />
              {role.capabilities.length === 0 ? "" : (
                <>
                  ; can <Said text={role.capabilities.join(", ")} />
                </>
              )}
            </span>
          </li>
        ))}
      </ul>
      <h2>Keys</h2>
      {keys.length === 0 ? <p class="quiet">No keys yet: the node of an admin makes them.</p> : (
        <ul class="list">
          {keys.map((key) => (
            <li>
              <Said text={key.role} />, key {key.generation}:{" "}
              {key.is_exposed ? <span class="high">to be replaced</span> : key.is_current ? "current" : "old"}, {key
                  .is_held
                ? "here"
                : "not here"}, {key.holders} {key.holders === 1 ? "holder" : "holders"}
              <br />
              <span class="quiet">
                <Said text={key.recipient} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
